"""Seeing that something is waited for in vain, before the limit is reached."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from wizard import causes
from wizard.check import EXTRA
from wizard.diagnosis import Diagnosis
from wizard.mail.message import ProbeMessage
from wizard.scene import Scene

FIRST = 1.0
"""Seconds that everything gets before anybody asks: most mail is there by then."""
EVERY = 1.5
"""Seconds between two looks for a cause."""
Messages = Callable[[], Iterable[ProbeMessage]]


class InVainError(Exception):
    """What is waited for cannot come; says why."""

    def __init__(self, why: str, seconds: float, diagnosis: Diagnosis | None = None) -> None:
        super().__init__(why)
        self.diagnosis = diagnosis
        """The cause, where that is known and not only how a message ended."""
        self.seconds = seconds
        """Since the waiting began."""


class Vain:
    """Called again and again by somebody who waits; a message's end, or a cause seen twice in a row, ends it."""

    def __init__(self, scene: Scene, messages: Messages = tuple) -> None:
        """Wait for something in a scene.

        Args:
            scene: where.
            messages: gives those without which it cannot come.
        """
        self._scene = scene
        self._messages = messages
        self._start = time.monotonic()
        self._next = self._start + FIRST
        self._seen = ""

    def __call__(self) -> None:
        """Look how far the messages are, and for a cause, if it is time to.

        Raises:
            InVainError: one of the messages has ended, or the same cause was there the last time.
        """
        self._scene.passages.look()
        for ended in filter(None, map(self._scene.passages.ended, self._messages())):
            raise InVainError(ended, time.monotonic() - self._start)
        if time.monotonic() < self._next:
            return
        left = self._scene.limit - (time.monotonic() - self._start)
        found = causes.standing(self._scene, max(left, 0.0) + EXTRA)
        code = found[0].code if found else ""
        if found and code == self._seen:
            raise InVainError(found[0].title, time.monotonic() - self._start, found[0])
        self._seen = code
        self._next = time.monotonic() + EVERY
