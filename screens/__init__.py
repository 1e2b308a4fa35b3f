"""The Textual screens: they show events and start runs, and never touch the machine themselves."""
