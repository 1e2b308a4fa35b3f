"""The one way to wait: until something is seen, or until a limit that says what was not seen.

A change below the watched paths (inotify, through watchfiles) wakes the wait at once; what inotify cannot
tell (a process, a socket) is looked at again every `GLANCE` seconds.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from watchfiles import watch

T = TypeVar("T")

GLANCE = 0.2
"""Seconds between two looks when no file changed."""


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
    """
    deadline = time.monotonic() + limit
    seen = look()
    if seen is not None:
        return seen
    present = tuple(path for path in paths if path.exists())
    for _ in _wakings(present, deadline):
        seen = look()
        if seen is not None:
            return seen
    seen = look()
    if seen is None:
        raise LimitError(f"not seen within {limit:g} s")
    return seen


def _wakings(paths: tuple[Path, ...], deadline: float) -> Iterable[None]:
    """Yield at every change and every `GLANCE`, until the deadline."""
    if not paths:
        never = threading.Event()
        while time.monotonic() < deadline:
            never.wait(min(GLANCE, max(deadline - time.monotonic(), 0.0)))
            yield
        return
    changes = watch(
        *paths,
        watch_filter=None,
        debounce=20,
        step=5,
        rust_timeout=int(GLANCE * 1000),
        yield_on_timeout=True,
        recursive=False,
        raise_interrupt=True,
    )
    for _ in changes:
        yield
        if time.monotonic() >= deadline:
            return
