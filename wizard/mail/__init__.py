"""Probe mails, the mailboxes they arrive in, and conversations with mail servers."""
