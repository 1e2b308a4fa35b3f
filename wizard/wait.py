"""The one way to wait: until something is seen, or until a limit that says what was not seen.

A change below the watched paths (inotify, through watchfiles) wakes the wait at once; what inotify cannot
tell (a process, a socket) is looked at again every `GLANCE` seconds.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

GLANCE = 0.2
"""Seconds between two looks when no file changed."""
_QUIET, _STEP = 20, 5
"""Milliseconds: changes are gathered for so long at most, and are complete after so long without another."""


class LimitError(Exception):
    """The limit passed and the thing was not seen."""


def until(look: Callable[[], T | None], *, limit: float, paths: Iterable[Path] = ()) -> T:
    """Look until `look` gives something other than None.

    Args:
        look: a cheap look at the world; None says "not yet". It is taken once more at the limit.
        limit: seconds.
        paths: files or directories whose changes are worth another look; those absent are left out.

    Raises:
        LimitError: the limit passed.
        KeyboardInterrupt: a signal came while the main thread waited.
    """
    deadline = time.monotonic() + limit
    for _ in wakings(paths, deadline):
        seen = look()
        if seen is not None:
            return seen
    raise LimitError(f"not seen within {limit:g} s")


def pause(seconds: float) -> None:
    """Let time pass between two looks at something that does not tell when it changes."""
    threading.Event().wait(seconds)


def wakings(paths: Iterable[Path], deadline: float = float("inf")) -> Iterator[None]:
    """Yield at once, at every change below the paths, every `GLANCE`, and a last time at the deadline.

    Args:
        paths: as for `until`.
        deadline: of `time.monotonic`.
    """
    present = [str(path) for path in paths if path.exists()]
    if not present:
        never = threading.Event()
        while True:
            yield
            if time.monotonic() >= deadline:
                return
            never.wait(min(GLANCE, max(deadline - time.monotonic(), 0.0)))
    from watchfiles._rust_notify import RustNotify  # noqa: PLC0415 (no first screen and no --help waits for it)

    # The watch stands before the first look, so that no change falls between the two.
    with RustNotify(
        present,
        debug=False,
        force_polling=False,
        poll_delay_ms=300,
        recursive=False,
        ignore_permission_denied=True,
    ) as watch:
        while True:
            yield
            left = deadline - time.monotonic()
            if left <= 0:
                return
            if watch.watch(_QUIET, _STEP, max(int(min(GLANCE, left) * 1000), 1), None) == "signal":
                raise KeyboardInterrupt
