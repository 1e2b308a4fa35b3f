"""Directories for what is staged, root's alone; one that a kill has left is known by the lock that nobody holds."""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = "mailman-wizard-"
PLACE = Path("/tmp")  # noqa: S108 (each is made with a name that nobody can know, and only if nothing has it)
"""Where they are; asking `tempfile` for a place would write a file there to try it."""


@contextmanager
def directory() -> Iterator[Path]:
    """Make one (0700) for as long as the context lasts.

    Raises:
        OSError: there is no room for it.
    """
    made, fd = _made()
    try:
        yield made
    finally:
        try:
            shutil.rmtree(made)  # before the lock goes: nobody else is to find it without one
        finally:
            os.close(fd)


def _made() -> tuple[Path, int]:
    """Make a directory and lock it; one that `tidy` has taken before it was locked is made again."""
    while True:
        made = Path(tempfile.mkdtemp(prefix=PREFIX, dir=PLACE))
        with suppress(FileNotFoundError):
            fd = os.open(made, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            fcntl.flock(fd, fcntl.LOCK_EX)
            if os.fstat(fd).st_nlink:
                return made, fd
            os.close(fd)


def tidy() -> None:
    """Remove those that a kill has left; what is not root's own directory is nobody's business here."""
    for path in PLACE.glob(f"{PREFIX}*"):
        try:
            fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            found = os.fstat(fd)
            if found.st_uid == os.geteuid() and not stat.S_IMODE(found.st_mode) & 0o027:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path)
        except BlockingIOError:
            continue
        finally:
            os.close(fd)
