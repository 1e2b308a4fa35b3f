"""What looks at the engine beside the screen: each in a thread that dies with the screen.

A thread only puts what it saw into a slot and asks for one redraw; however fast things happen, the screen is drawn
`EVERY` seconds at most, and a screen that cannot be drawn (a stalled link) holds nothing up.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias, TypeVar

from wizard.desk import Desk, LogBatch, RunView, step

EVERY = 0.1
"""Seconds between two redraws at least."""
KEPT = 20
"""Batches of log lines that wait to be drawn at most; older ones are left out."""
T = TypeVar("T")
Later: TypeAlias = Callable[..., object]


class Bell:
    """Asks for a redraw from any thread, once for as much as has happened."""

    def __init__(self, loop: asyncio.AbstractEventLoop, later: Later, redraw: Callable[[], None]) -> None:
        self._loop = loop
        self._later = later
        self._redraw = redraw
        self._rung = threading.Event()
        self._gone = threading.Event()

    def close(self) -> None:
        """Let the threads end."""
        self._gone.set()

    @property
    def gone(self) -> bool:
        """Whether nobody looks any more."""
        return self._gone.is_set()

    def __call__(self) -> None:
        """Ask for it."""
        if not self._rung.is_set():
            self._rung.set()
            try:
                self._loop.call_soon_threadsafe(self._loop.call_later, EVERY, self._answer)
            except RuntimeError:  # the screen is gone
                return

    def _answer(self) -> None:
        self._rung.clear()
        self._later(self._redraw)


class Follower:
    """Reads the events of one run to its end."""

    def __init__(self, desk: Desk, directory: Path, bell: Bell) -> None:
        self.directory = directory
        self.view = RunView(name=directory.name)
        self.ended = False
        """Whether nothing comes any more: it is finished, or its process is gone."""
        self._desk = desk
        self._bell = bell
        threading.Thread(target=self._read, daemon=True, name="run").start()

    def _read(self) -> None:
        for event in self._desk.follow(self.directory):
            if self._bell.gone:
                return
            self.view = step(self.view, event)
            self._bell()
        self.ended = True
        self._bell()


class News:
    """Looks who has the controls, and which run is the one to show."""

    def __init__(self, desk: Desk, bell: Bell) -> None:
        self.in_control = desk.in_control
        self.run: Path | None = None
        self._desk = desk
        self._bell = bell

    def start(self) -> None:
        """Look from now on."""
        threading.Thread(target=self._look, daemon=True, name="news").start()

    def _look(self) -> None:
        for in_control, directory in self._desk.news(lambda: self._bell.gone):
            self.in_control, self.run = in_control, directory
            self._bell()


class LogReader:
    """Reads the mail logs; what is not drawn in time is left out, and counted."""

    def __init__(self, desk: Desk, bell: Bell) -> None:
        self._batches: deque[LogBatch] = deque()
        self._bell = bell
        self._desk = desk
        threading.Thread(target=self._read, daemon=True, name="logs").start()

    def taken(self) -> list[LogBatch]:
        """Take what came since the last time."""
        found = []
        while self._batches:
            found.append(self._batches.popleft())
        return found

    def _read(self) -> None:
        for batch in self._desk.tail().follow(lambda: self._bell.gone):
            missed = 0
            while len(self._batches) > KEPT:
                old = self._batches.popleft()
                missed += len(old.lines) + old.left_out
            self._batches.append(replace(batch, left_out=batch.left_out + missed))
            self._bell()


def aside(
    loop: asyncio.AbstractEventLoop, later: Later, work: Callable[[], T], then: Callable[[T | Exception], None]
) -> None:
    """Do something that blocks in a thread, and hand on what came of it, or the error.

    Args:
        loop: the screen's.
        later: puts a call in line with the screen's other work; Textual's ``call_later``.
        work: what blocks.
        then: takes what came of it.
    """

    def run() -> None:
        result: T | Exception
        try:
            result = work()
        except Exception as error:  # noqa: BLE001 (whatever it is, it is shown)
            result = error
        try:
            loop.call_soon_threadsafe(later, then, result)
        except RuntimeError:  # the screen is gone
            return

    threading.Thread(target=run, daemon=True, name="aside").start()
