"""What a trainee has done so far in a course: made of the journal's events alone, and kept beside it.

The journal is appended to, line by line, by whatever of a session is running; a killed session loses nothing of it.
"""

from __future__ import annotations

import getpass
import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from wizard import atomic, events
from wizard.errors import AnswerError, Problem
from wizard.events import Event
from wizard.printable import printable
from wizard.training import HINTS, NAME

TRAINEE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}")
FILE, LESSON, DRILL = "progress.json", "lesson", "drill"
HERE = "session.json"
"""Says where the session is that is on."""


@dataclass(frozen=True, slots=True)
class Done:
    """One lesson or drill."""

    name: str
    kind: str = LESSON
    """lesson or drill."""
    begun: str = ""
    """ISO 8601, UTC; when it was last begun from its start."""
    passed: str = ""
    """When; empty if it is not."""
    hints: int = 0
    shown: int = 0
    """Commands that were shown."""
    checks: int = 0
    resets: int = 0
    faults: tuple[str, ...] = ()
    level: int = 0
    seed: str = ""
    named: bool | None = None
    """Whether a cause was named rightly; None if none was named."""
    wrong: int = 0
    """How often a cause was named that it was not."""
    told: bool = False
    """Whether the trainee gave up, and was told what it was."""
    seconds: float = 0.0
    """From the beginning until it was passed."""


@dataclass(frozen=True, slots=True)
class Progress:
    """All of one trainee's, in one course."""

    folded: int = 0
    """How many events of the journal it is made of."""
    current: str = ""
    """The lesson or drill that is on; empty if none is."""
    last_check: str = ""
    """How the last check of what is on ended: passed or not passed; empty if there was none."""
    checked: str = ""
    """When that was; ISO 8601, UTC."""
    done: Mapping[str, Done] = field(default_factory=dict)
    """By name, in the order in which they were begun first."""

    @property
    def here(self) -> Done | None:
        """What is on."""
        return self.done.get(self.current)

    def passed(self, name: str) -> bool:
        """Tell whether a lesson was passed."""
        return name in self.done and bool(self.done[name].passed)


def step(progress: Progress, event: Event) -> Progress:
    """Go on by one event; one that is not understood counts and changes nothing."""
    after = replace(progress, folded=progress.folded + 1)
    try:
        return _stepped(after, event.kind, dict(event.data), event.at)
    except (KeyError, ValueError, TypeError):
        return after


def _stepped(now: Progress, kind: str, data: dict[str, Any], at: str) -> Progress:
    if kind == "begun":
        name = _name(now, data)
        before = now.done.get(name, Done(name))
        faults = tuple(map(str, data.get("faults", ())))
        begun = Done(
            name,
            str(data["what"]),
            at,
            before.passed,
            resets=before.resets + int(bool(data.get("reset"))),
            **_kept(before, data),
            faults=faults,
            level=int(data.get("level", 0)),
            seed=str(data.get("seed", "")),
        )
        return replace(now, current=name, last_check="", checked="", done={**now.done, name: begun})
    here = now.here
    if here is None:
        return now
    changed = {
        "hint": lambda: replace(here, hints=min(here.hints + 1, HINTS)),
        "shown": lambda: replace(here, shown=max(here.shown, int(data["step"]))),
        "named": lambda: _named(here, right=bool(data["right"])),
        "given-up": lambda: replace(here, told=True),
        "checked": lambda: replace(here, checks=here.checks + 1),
        "passed": lambda: replace(here, passed=at, seconds=_between(here.begun, at)),
    }.get(kind)
    now = replace(now, done={**now.done, here.name: changed()}) if changed else now
    if kind == "checked":
        return replace(now, last_check="passed" if data["passed"] else "not passed", checked=at)
    return now


def _name(now: Progress, data: dict[str, Any]) -> str:
    """Tell what it is called: a lesson by its folder, a drill by its number, because each is another."""
    name = str(data["name"])
    if data["what"] != DRILL:
        return name
    before = [each.name for each in now.done.values() if each.kind == DRILL]
    return before[-1] if before and data.get("reset") else f"{name}-{len(before) + 1}"


def _named(here: Done, *, right: bool) -> Done:
    return replace(here, named=right or bool(here.named), wrong=here.wrong + int(not right))


def _kept(before: Done, data: dict[str, Any]) -> dict[str, Any]:
    """Keep what it has cost so far; of a drill that is begun again, only whether it was told what it was."""
    if data["what"] != LESSON:
        return {"told": before.told}
    return {"hints": before.hints, "shown": before.shown, "checks": before.checks, "seconds": before.seconds}


def _between(begin: str, end: str) -> float:
    return max((datetime.fromisoformat(end) - datetime.fromisoformat(begin)).total_seconds(), 0.0)


def fold(found: Iterable[Event], begin: Progress | None = None) -> Progress:
    """Make the progress of events."""
    progress = begin or Progress()
    for each in found:
        progress = step(progress, each)
    return progress


def load(home: Path) -> tuple[Progress, str]:
    """Return the progress of a trainee, and what to say of a damaged file: it is set aside, and made anew.

    Raises:
        OSError: it cannot be read.
    """
    said = ""
    path = home / FILE
    try:
        known = _read(json.loads(path.read_bytes()))
    except FileNotFoundError:
        known = Progress()
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        aside = path.with_suffix(".corrupt")
        path.replace(aside)
        known, said = Progress(), f"{path.name} is damaged: set aside as {aside.name}, and made anew of the journal"
    found = [each for each in events.read(home) if each.kind != events.DAMAGED]
    return fold(found[known.folded :], known) if known.folded <= len(found) else fold(found), said


def save(home: Path, progress: Progress) -> None:
    """Keep it.

    Raises:
        OSError: it cannot be written.
    """
    content = json.dumps({"schema": 1, **asdict(progress)}, indent=1).encode()
    atomic.replace(home / FILE, content, mode=0o600, uid=os.geteuid(), gid=os.getegid())


def _read(data: Mapping[str, Any]) -> Progress:
    done = {str(name): Done(**{**each, "faults": tuple(each["faults"])}) for name, each in data["done"].items()}
    return Progress(int(data["folded"]), str(data["current"]), str(data["last_check"]), str(data["checked"]), done)


def trainee(named: str | None) -> str:
    """Return the trainee's name: the one given, or who called sudo, or this user.

    Raises:
        AnswerError: it cannot be the name of a directory.
    """
    found = named or os.environ.get("SUDO_USER") or getpass.getuser()
    if not TRAINEE.fullmatch(found):
        may_be = "letters, digits, '_', '.' and '-', at most 32"
        raise AnswerError((Problem("--trainee", repr(printable(found))[:60], may_be),))
    return found


def home(root: Path, who: str, course: str) -> Path:
    """Tell where a trainee's course is kept, and make it, for root alone.

    Args:
        root: the directory of all training.
        who: as `trainee` returns it.
        course: its name.

    Raises:
        OSError: it cannot be made.
    """
    assert TRAINEE.fullmatch(who)
    assert re.fullmatch(NAME, course)
    for directory in (root, root / who, root / who / course):
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    return root / who / course


class Journal:
    """The writing end of a journal, also through a descriptor that was handed into a lab."""

    def __init__(self, fd: int) -> None:
        self.fd = fd

    @classmethod
    def open(cls, directory: Path) -> Journal:
        """Open a trainee's.

        Raises:
            OSError: it cannot be.
        """
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        return cls(os.open(directory / events.FILE, flags, 0o600))

    def __call__(self, kind: str, /, **data: object) -> None:
        """Append one event; of the names that every event has, none is for its data.

        Raises:
            OSError: it cannot be written.
        """
        assert not events.RESERVED & data.keys()
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        os.write(self.fd, Event(0, at, kind, data).line().encode() + b"\n")

    def close(self) -> None:
        """Close it; what was written stays."""
        os.close(self.fd)
