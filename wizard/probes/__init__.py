"""Probes: temporary accounts and lists, the mail between them, and leaving nothing of it behind."""
