"""Whether a lesson or a drill is passed: by live checks, and by what must not have been harmed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from wizard.desk import CheckView, RunView
from wizard.i18n import _

Seen = Mapping[str, Sequence[str]]
"""What there is on the server, as `wizard.training.inside.look` tells it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is said of the trainee's work."""

    passed: bool
    why: tuple[str, ...] = ()
    """What is missing; nothing if it is passed."""
    beside: tuple[str, ...] = ()
    """Settings that are otherwise than before and have nothing to do with the fault: told, not judged."""


def proven(view: RunView, first: int, last: int) -> tuple[str, ...]:
    """Say which of some stages a run of checks has not proven."""
    if not view.finished:
        return (_("the checks did not come to their end"),)
    missing = []
    for number in range(first, last + 1):
        stage = view.stage(number)
        if stage.verified:
            continue
        bad = next((each for each in stage.checks if each.state != "pass"), None)
        none = _("stage {number} was not checked").format(number=number)
        missing.append(f"{_('stage {number}').format(number=number)}: {_said(bad)}" if bad else none)
        break  # what comes after it stands on it
    return tuple(missing)


def _said(check: CheckView) -> str:
    states = {"fail": _("failed"), "skip": _("skipped"), "unknown": _("not seen")}
    return f"{_(check.title)}: {states.get(check.state, check.state)}"


def harmed(before: Seen, after: Seen) -> tuple[str, ...]:
    """Name what was there before and is gone."""
    from wizard.probes import inventory  # noqa: PLC0415 (no first screen waits for it)

    old, new = ({what: frozenset(names) for what, names in seen.items()} for seen in (before, after))
    return inventory.of_others(old, new)


def beside(before: Mapping[str, str], broken: Mapping[str, str], after: Mapping[str, str]) -> tuple[str, ...]:
    """Name the settings that the fault had not touched and that are otherwise now.

    Args:
        before: of the working server.
        broken: with the fault.
        after: now.
    """
    names = sorted(before.keys() | after.keys())
    return tuple(name for name in names if before.get(name) == broken.get(name) and before.get(name) != after.get(name))
