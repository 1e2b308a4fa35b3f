"""Jinja2 templates, one for each managed file or message."""
