"""The controls of runs: to start, follow, answer and stop one. What a run itself does is in `wizard.run`.

A run's directory holds its request, its events and a lock that its process holds as long as it lives.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
import signal
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, TypeAlias

from wizard import atomic, events, wait
from wizard.events import Event
from wizard.localhost import LocalHost
from wizard.state import State

REQUEST, OUTPUT, ALIVE, CRASH = "request.json", "output", "alive", "crash.txt"
Command: TypeAlias = Literal["apply", "check", "undo"]
STAMP = "%Y%m%dT%H%M%SZ"
_STAMP = re.compile(r"\d{8}T\d{6}Z")
PROGRAM = (sys.executable, "-m", "wizard.run")


@dataclass(frozen=True, slots=True)
class Request:
    """What a run is to do."""

    command: Command
    first: int
    last: int
    approved: bool
    """Whether every plan may be applied without asking."""
    site: str
    """The answers, as site.toml."""
    checkpoint: str = ""
    """The one to go back to before; the newest if it is empty."""
    overwrite: tuple[str, ...] = ()
    """Paths that somebody else has changed since, and whose newer contents may be lost."""
    packages: bool = False
    """Whether packages that were installed since are to be removed."""
    unanswered: tuple[str, ...] = ()
    """Keys of the answers that nobody gave and that lists may say, which were there before."""


def start(state: State, request: Request, program: Sequence[str] = PROGRAM) -> Path:
    """Start a run and return its directory at once; its events tell the rest.

    Args:
        state: where its directory is made.
        request: what it is to do.
        program: what calls `main` with the directory.

    Raises:
        OSError: it could not be started.
    """
    directory = state.runs / _name(state.runs, LocalHost().now())
    directory.mkdir(mode=0o700)
    atomic.replace(directory / REQUEST, json.dumps(asdict(request)).encode(), mode=0o600, uid=0, gid=0)
    lock = os.open(directory / ALIVE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        pid = LocalHost().spawn([*program, str(directory)], output=directory / OUTPUT, keep=lock)
        os.pwrite(lock, f"{pid}\n".encode(), 0)
    finally:
        os.close(lock)
    return directory


def _name(runs: Path, now: datetime) -> str:
    """Name a run after the time, and after all that were there before: their order is that of their names.

    A clock that was set back, or two runs within a second, would have the newest stand before an older one.
    """
    newest = max((match[0] for path in runs.iterdir() if (match := _STAMP.match(path.name))), default="")
    at = f"{now:{STAMP}}"
    if at <= newest:
        at = f"{datetime.strptime(newest, STAMP).replace(tzinfo=UTC) + timedelta(seconds=1):{STAMP}}"
    return f"{at}-{secrets.token_hex(3)}"


def lives(directory: Path) -> bool:
    """Tell whether a run's process is there: it holds a lock that the kernel gives back at its end."""
    try:
        with (directory / ALIVE).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False


def foremost(runs: Iterable[Path]) -> Path | None:
    """Choose the run that goes on, or else the newest; None if there is none."""
    ordered = sorted(runs)
    return next(reversed([path for path in ordered if lives(path)] or ordered), None)


def stop(directory: Path) -> None:
    """Ask a run to stop; it puts back what it was changing and clears its probes away."""
    if lives(directory):
        with suppress(ProcessLookupError, ValueError):
            os.kill(int((directory / ALIVE).read_text()), signal.SIGTERM)


def answer(directory: Path, number: int, *, approve: bool) -> None:
    """Answer a plan that waits for approval; `number` is the ``question`` of its ``plan.waiting`` event."""
    atomic.replace(directory / f"answer-{number}", b"yes" if approve else b"no", mode=0o600, uid=0, gid=0)


def follow(directory: Path) -> Iterator[Event]:
    """Give the events of a run as they come, to its end or to the end of its process."""
    added = events.Reader(directory)
    for _ in wait.wakings((directory,)):
        ended = not lives(directory)
        for event in added():
            yield event
            if event.kind == "run.finished":
                return
        if ended:
            return
