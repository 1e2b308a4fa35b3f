"""What was changed on this machine, when, and what became of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from wizard import events
from wizard.checkpoint import Checkpoint, Checkpoints, undone
from wizard.plan import Change, Packages
from wizard.report.told import told
from wizard.state import State

STATES = {"made": "applied", "put back": "put back", "left": "put back in part", None: "interrupted"}


def history(state: State) -> list[dict[str, Any]]:
    """List the checkpoints, the newest first.

    Returns:
        One object each: ``checkpoint`` (its name), ``number``, ``at``, ``stage``, ``kind`` (apply or undo), ``state``
        (applied, undone, put back, put back in part, interrupted), ``verified`` (whether the stage passed after it in
        its run), and what it changed: ``files``, ``services``, ``maps``, ``mailman``, ``packages``,
        ``brought`` (what came with those).
    """
    known = Checkpoints(state.checkpoints).all()
    return [_row(each, known, state) for each in reversed(known)]


def _row(each: Checkpoint, known: Sequence[Checkpoint], state: State) -> dict[str, Any]:
    return {
        "checkpoint": each.name,
        "number": each.number,
        "at": each.at,
        "stage": each.stage,
        "kind": each.kind,
        "run": each.run,
        "state": "undone" if undone(each, known) else STATES[each.ending],
        "verified": each.kind == "apply" and each.ending == "made" and _verified(each, state),
        "undoes": [int(name.partition("-")[0]) for name in each.undoes],
        "files": list(_targets(each, "file", "directory", "access")),
        "services": [f"{change.action} {change.target}" for change in each.done if change.kind == "service"],
        "maps": list(_targets(each, "map")),
        "mailman": list(_targets(each, "mailman")),
        "packages": [*each.packages, *(f"{name} (removed)" for name in _removed(each))],
        "brought": list(each.brought),
        "left": list(each.left),
    }


def _targets(each: Checkpoint, *kinds: str) -> Iterator[str]:
    found: tuple[Change, ...] = each.done
    yield from (change.target for change in found if change.kind in kinds)


def _removed(each: Checkpoint) -> Iterator[str]:
    yield from (name for change in each.done if isinstance(change, Packages) for name in change.names)


def _verified(each: Checkpoint, state: State) -> bool:
    stages = told(events.read(state.runs / each.run)).stages
    return each.stage in stages and stages[each.stage][1].verified
