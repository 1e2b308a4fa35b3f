"""What the events of a run tell, read strictly: one that does not have its form tells nothing and proves nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from pydantic import StrictBool, TypeAdapter, ValidationError

from wizard import events
from wizard.check import CheckResult, Outcome
from wizard.events import Event

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answers:
    """The part ``answers`` of ``run.started``; `wizard.report.answers` makes it."""

    hostname: str
    lists: tuple[str, ...]
    others: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Started:
    """``run.started``."""

    command: str
    answers: Answers | None = None


@dataclass(frozen=True, slots=True)
class Staged:
    """``stage.finished``."""

    stage: int
    outcome: Outcome
    seconds: float
    verified: StrictBool
    checks: tuple[CheckResult, ...]
    packages: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Changed:
    """``change.finished``."""

    stage: int
    change: str
    target: str


@dataclass(frozen=True, slots=True)
class Noted:
    """``note``."""

    text: str


@dataclass(frozen=True, slots=True)
class Finished:
    """``run.finished``."""

    exit: int
    verified: StrictBool
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """All that a report is made of."""

    begun: Event | None
    """The run's first event."""
    started: Started | None
    stages: Mapping[int, tuple[str, Staged]]
    """The newest result of each stage, and when it was told."""
    changes: tuple[tuple[Changed, bool], ...]
    """In their order; and whether each was part of a plan that failed."""
    notes: tuple[str, ...]
    ended: tuple[str, Finished] | None
    """When, and how."""


def told(log: Iterable[Event]) -> Told:
    """Read what the events of one run tell, in their order."""
    found = tuple(event for event in log if _dated(event))
    starts = [row for _, row in _rows(found, "run.started", STARTED)]
    ends = _rows(found, "run.finished", FINISHED)
    return Told(
        begun=found[0] if found else None,
        started=starts[0] if starts else None,
        stages={row.stage: (event.at, row) for event, row in _rows(found, "stage.finished", STAGED)},
        changes=tuple(_changes(found)),
        notes=tuple(row.text for _, row in _rows(found, "note", NOTED)),
        ended=(ends[-1][0].at, ends[-1][1]) if ends else None,
    )


def newest(runs: Path) -> Path | None:
    """Choose the newest of all runs that have ended and said how; None if there is none."""
    return next((path for path, _ in _ended(runs)), None)


def newest_whole(runs: Path) -> Path | None:
    """Choose the newest of the runs that have verified all six stages; None if there is none."""
    return next((path for path, ended in _ended(runs) if ended.verified), None)


def _ended(runs: Path) -> Iterator[tuple[Path, Finished]]:
    for path in sorted((path for path in runs.glob("*") if path.is_dir()), reverse=True):
        ended = told(events.read(path)).ended
        if ended is not None:
            yield path, ended[1]


STARTED, STAGED, CHANGED = TypeAdapter(Started), TypeAdapter(Staged), TypeAdapter(Changed)
NOTED, FINISHED = TypeAdapter(Noted), TypeAdapter(Finished)


def _rows(found: Iterable[Event], kind: str, form: TypeAdapter[T]) -> list[tuple[Event, T]]:
    rows = [(event, _row(event, form)) for event in found if event.kind == kind]
    return [(event, row) for event, row in rows if row is not None]


def _row(event: Event, form: TypeAdapter[T]) -> T | None:
    try:
        return form.validate_python(dict(event.data))
    except ValidationError:
        return None


def _changes(found: Iterable[Event]) -> list[tuple[Changed, bool]]:
    """List what was changed; of a plan that fails, all but packages is put back, and packages stay."""
    kept: list[tuple[Changed, bool]] = []
    plan: list[tuple[Changed, bool]] = []
    for event in found:
        if event.kind == "plan.made":
            kept, plan = kept + plan, []
        elif event.kind == "change.failed":
            plan = [(row, row.change != "package") for row, _ in plan]
        elif event.kind == "change.finished" and (row := _row(event, CHANGED)):
            plan.append((row, False))
    return kept + plan


def _dated(event: Event) -> bool:
    try:
        return datetime.fromisoformat(event.at).tzinfo is not None
    except ValueError:
        return False
