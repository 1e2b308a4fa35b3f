"""Seeing that something is waited for in vain, before the limit is reached."""

from __future__ import annotations

import time

from wizard import causes
from wizard.check import EXTRA
from wizard.diagnosis import Diagnosis
from wizard.scene import Scene

FIRST = 1.0
"""Seconds that everything gets before anybody asks: most mail is there by then."""
EVERY = 1.5
"""Seconds between two looks for a cause."""


class InVainError(Exception):
    """What is waited for cannot come; says why."""

    def __init__(self, diagnosis: Diagnosis, seconds: float) -> None:
        super().__init__(diagnosis.title)
        self.diagnosis = diagnosis
        self.seconds = seconds
        """Since the waiting began."""


class Vain:
    """Called again and again by somebody who waits; a cause that is seen twice in a row ends the waiting."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._start = time.monotonic()
        self._next = self._start + FIRST
        self._seen = ""

    def __call__(self) -> None:
        """Look how far the messages are, and for a cause, if it is time to.

        Raises:
            InVainError: the same one was there the last time.
        """
        self._scene.passages.look()
        if time.monotonic() < self._next:
            return
        left = self._scene.limit - (time.monotonic() - self._start)
        found = causes.standing(self._scene, max(left, 0.0) + EXTRA)
        code = found[0].code if found else ""
        if found and code == self._seen:
            raise InVainError(found[0], time.monotonic() - self._start)
        self._seen = code
        self._next = time.monotonic() + EVERY
