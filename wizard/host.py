"""The machine: everything that touches the system goes through here.

One way to run a command, one to read a file, one to list processes and sockets. `wizard.localhost` has the
real one; tests hand in a host that puts faults in between.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from wizard.errors import CommandError


@dataclass(frozen=True, slots=True)
class Completed:
    """A command that has ended."""

    argv: tuple[str, ...]
    code: int
    """Exit code; negative: the signal that ended it; `TIMED_OUT` when the limit did."""
    stdout: str
    stderr: str
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether it exited 0."""
        return self.code == 0

    @property
    def said(self) -> str:
        """The last line it printed, standard error first; for messages. Of a Python traceback, the error itself."""
        for text in (self.stderr, self.stdout):
            lines = text.strip().splitlines()
            if lines:
                return _telling(lines).strip()
        return "nothing"

    def require(self) -> Completed:
        """Return itself.

        Raises:
            CommandError: it did not exit 0.
        """
        if self.ok:
            return self
        how = "took longer than its limit" if self.code == TIMED_OUT else f"ended with {self.code}"
        raise CommandError(f"{self.argv[0]} {how}: {self.said}")


def _telling(lines: Sequence[str]) -> str:
    """Choose the last line, but where that is of a traceback, the one below its frames: others explain it."""
    if TRACEBACK not in lines:
        return lines[-1]
    begin = len(lines) - lines[::-1].index(TRACEBACK)
    return next((line for line in lines[begin:] if line and not line[0].isspace()), lines[-1])


TRACEBACK = "Traceback (most recent call last):"
"""How Python begins one."""
TIMED_OUT = 124
"""The exit code given to a command that was ended at its time limit, as timeout(1) gives it."""
NOT_FOUND = 127
"""The exit code given to a command that does not exist, as a shell gives it."""


@dataclass(frozen=True, slots=True)
class Process:
    """One running process."""

    pid: int
    parent: int
    name: str
    argv: tuple[str, ...]
    user: str
    state: str
    """As psutil names it: running, sleeping, stopped, zombie …"""
    cpu_seconds: float
    started: float
    """Seconds since the epoch."""
    wakings: int = 0
    """Voluntary context switches so far: a process that works, or looks for work, has more and more."""


@dataclass(frozen=True, slots=True)
class Listener:
    """One listening TCP socket."""

    address: str
    port: int
    pid: int | None
    """Its owner; None where the kernel does not say."""


@dataclass(frozen=True, slots=True)
class FileState:
    """What a path is, its links followed."""

    kind: str
    """file, directory or other."""
    mode: int
    owner: str
    """Its name, or its number if it has none; `Host.write` takes both."""
    group: str
    uid: int
    gid: int
    size: int
    mtime: float
    """When it was written, in seconds since the epoch."""
    names: int = 1
    """How many there are of it (hard links); of a directory it says nothing."""

    def younger(self, than: float, now: float) -> bool:
        """Tell whether it was written after a moment and not after `now`, both in seconds since the epoch.

        A time of the future is what a clock that was set back leaves; it tells nothing.
        """
        return than < self.mtime <= now


class Host(Protocol):
    """What the engine may do to a machine."""

    def run(
        self,
        argv: Sequence[str],
        *,
        stdin: str | None = None,
        limit: float = 60,
        user: str | None = None,
        env: Mapping[str, str] | None = None,
    ) -> Completed:
        """Run a command to its end, without a shell and without a terminal.

        Args:
            argv: program and arguments.
            stdin: text for its standard input; None is an empty input.
            limit: seconds after which its process group is killed.
            user: run as this user with their groups; None is the present one.
            env: variables beyond PATH, HOME and LC_ALL.

        Returns:
            The ended command; also for one that failed, timed out or does not exist.
        """
        ...

    def read(self, path: Path) -> bytes:
        """Read a whole file.

        Raises:
            OSError: as open(2) and read(2).
        """
        ...

    def state(self, path: Path) -> FileState | None:
        """Tell what is at a path, or None if nothing is."""
        ...

    def names(self, directory: Path) -> tuple[str, ...]:
        """List the names in a directory in order; none if it is not there."""
        ...

    def write(self, path: Path, content: bytes, *, mode: int, owner: str, group: str) -> None:
        """Replace a file as a whole (see `wizard.atomic`).

        Raises:
            OSError: nothing was changed.
            KeyError: no such user or group.
        """
        ...

    def remove(self, path: Path) -> None:
        """Remove a file, if it is there.

        Raises:
            OSError: as unlink(2).
        """
        ...

    def processes(self) -> tuple[Process, ...]:
        """List the processes of this machine."""
        ...

    def listeners(self) -> tuple[Listener, ...]:
        """List the listening TCP sockets of this machine."""
        ...

    def now(self) -> datetime:
        """Tell the time, in UTC."""
        ...
