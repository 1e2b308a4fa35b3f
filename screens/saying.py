"""What is said once, on the line above the keys: one thing at a time, in the order in which it came."""

from __future__ import annotations

import time
from collections import deque

LASTS = 5.0
"""Seconds for which what was said covers what a run is doing."""


class Saying:
    """Gone with the next key, or soon where a run has more to say."""

    def __init__(self) -> None:
        self.text = ""
        """What is said now; empty if nothing is."""
        self.run = ""
        """The run that was on when it was said; empty if none was."""
        self._at = 0.0
        self._waiting: deque[str] = deque()

    def say(self, text: str, run: str, *, after: bool = False) -> None:
        """Say the first line of a text.

        Args:
            text: if it is empty, nothing is said.
            run: the one that is on, if one is.
            after: whether what is said now stays until the next key, and this comes after it.
        """
        if not text:
            return
        line = text.splitlines()[0]
        if after and self.text:
            self._waiting.append(line)
        else:
            self.text, self.run, self._at = line, run, time.monotonic()

    def go_on(self) -> None:
        """Let it go, and say what waits."""
        self.text, self._at = self._waiting.popleft() if self._waiting else "", time.monotonic()

    def hush(self) -> None:
        """Let it go."""
        self.text = ""

    @property
    def has_lasted(self) -> bool:
        """Whether it has covered for long enough what a run is doing."""
        return bool(self.text) and time.monotonic() - self._at > LASTS
