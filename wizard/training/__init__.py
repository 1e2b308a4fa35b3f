"""Training: lessons and drills on a private copy of this machine, with the real Postfix and Mailman."""

HINTS = 3
"""Of each lesson, from a question to the answer."""
NAME = r"[a-z0-9][a-z0-9-]{0,39}"
"""What a course and a lesson can be called; it is also the name of a directory."""
LANGUAGE = r"[a-z]{2,3}"
"""How a language is called."""
