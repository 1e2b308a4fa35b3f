"""Pasted text, as a terminal marks it (bracketed paste): it is text, whatever it looks like.

Textual's own parser takes an escape character in it for the start of a key.
"""

from __future__ import annotations

START, END = "\x1b[200~", "\x1b[201~"


class Pastes:
    """Passes on what a terminal sends; of what is pasted, what prints, and a blank for everything else."""

    def __init__(self) -> None:
        self._inside = False
        self._before = ""
        """Of what was passed on, the end: a mark may come in two pieces."""
        self._held = ""
        """Of what is pasted, the end that may be the beginning of the mark."""

    def __call__(self, text: str) -> str:
        """Take what came, and return what is to be passed on of it."""
        done = ""
        while text:
            piece, text = self._pasted(text) if self._inside else self._typed(text)
            done += piece
        return done

    def _typed(self, text: str) -> tuple[str, str]:
        seen = self._before + text
        at = seen.find(START)
        if at < 0:
            self._before = seen[1 - len(START) :]
            return text, ""
        end = at + len(START) - len(self._before)
        self._inside, self._before = True, ""
        return text[:end], text[end:]

    def _pasted(self, text: str) -> tuple[str, str]:
        seen, self._held = self._held + text, ""
        at = seen.find(END)
        if at < 0:
            keep = next((size for size in range(len(END) - 1, 0, -1) if seen.endswith(END[:size])), 0)
            whole = len(seen) - keep
            self._held = seen[whole:]
            return _shown(seen[:whole]), ""
        self._inside = False
        return _shown(seen[:at]) + END, seen[at + len(END) :]


def _shown(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)
