"""Mailman's side: its configuration file, its REST interface, its start."""
