"""Showing text from elsewhere without letting it act on the terminal."""

from __future__ import annotations

SHOWN = 400
"""Characters of a line that somebody reads: some five rows of a terminal."""
KEPT = 2000
"""Characters of a line that is kept as evidence, in JSON too: more than any line that a log daemon does not split."""


def printable(text: str) -> str:
    """Return the text with everything that does not print written as an escape, as in Python source.

    Control characters, line ends, bidirectional overrides and lone surrogates cannot then move the cursor,
    colour or reorder what the admin reads.
    """
    if text.isprintable():  # as nearly all is
        return text
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def shortened(text: str, most: int = KEPT) -> str:
    """Cut a line that is longer than it may be, and say how much is left out."""
    return text if len(text) <= most else f"{text[:most]} … {len(text) - most} more characters"
