"""One at a time: a server's start and its checks want the whole machine, and ten at once would all come too late."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from wizard.i18n import _


def waiting() -> str:
    """Say what is waited for when it is another's turn."""
    return _("waiting for a turn: another server starts or is checked …")


@dataclass
class Turn:
    """A lock that all sessions of a machine share; whoever holds it gives it back with its last descriptor."""

    path: Path
    """The file, also through a descriptor that was handed into a lab (``/proc/self/fd/N``, proc(5))."""

    def take(self, *, wait: bool = True) -> int | None:
        """Take it; returns a descriptor that holds it, or None where another has it and nobody is to wait.

        Raises:
            OSError: the file cannot be opened.
        """
        fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            os.close(fd)
            return None
        except BaseException:
            os.close(fd)
            raise
        return fd

    @contextmanager
    def handed(self) -> Iterator[int]:
        """Give a descriptor of the file that a program inherits, and that holds nothing by itself.

        Raises:
            OSError: the file cannot be opened.
        """
        fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        os.set_inheritable(fd, True)  # noqa: FBT003 (its only argument)
        try:
            yield fd
        finally:
            os.close(fd)
