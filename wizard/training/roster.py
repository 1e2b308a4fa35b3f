"""The trainer's view: the sessions that are on, on this machine."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from wizard import controls
from wizard.training import progress
from wizard.training.progress import HERE


@dataclass(frozen=True, slots=True)
class Row:
    """One session that is on."""

    home: Path
    trainee: str
    course: str
    name: str
    """The lesson or drill; empty while its server is made."""
    since: str
    """ISO 8601, UTC; empty before it has begun."""
    last_check: str
    """passed or not passed; empty if there was none."""
    checked: str
    """ISO 8601, UTC; when it ended."""
    passed: int
    """Lessons and drills that are passed."""
    lab: int | None
    """The first process of its lab; None before there is one."""

    def data(self) -> dict[str, object]:
        """Return it for JSON."""
        return {
            "trainee": self.trainee,
            "course": self.course,
            "lesson": self.name,
            "since": self.since,
            "last_check": self.last_check,
            "checked": self.checked,
            "passed": self.passed,
            "lab": self.lab,
        }


def sessions(root: Path) -> tuple[Row, ...]:
    """List the sessions that are on, by trainee.

    Args:
        root: the directory of all training.
    """
    homes = sorted(path for path in root.glob("*/*") if path.is_dir() and controls.lives(path))
    return tuple(map(_row, homes))


def _row(home: Path) -> Row:
    found, _said = progress.load(home)
    here = found.here
    return Row(
        home=home,
        trainee=home.parent.name,
        course=home.name,
        name=found.current,
        since=here.begun if here else "",
        last_check=found.last_check,
        checked=found.checked,
        passed=sum(bool(each.passed) for each in found.done.values()),
        lab=_lab(home),
    )


def _lab(home: Path) -> int | None:
    try:
        return int(json.loads((home / HERE).read_bytes())["lab"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
