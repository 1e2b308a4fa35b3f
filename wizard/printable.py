"""Showing text from elsewhere without letting it act on the terminal."""

from __future__ import annotations


def printable(text: str) -> str:
    """Return the text with everything that does not print written as an escape, as in Python source.

    Control characters, line ends, bidirectional overrides and lone surrogates cannot then move the cursor,
    colour or reorder what the admin reads.
    """
    if text.isprintable():  # as nearly all is
        return text
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)
