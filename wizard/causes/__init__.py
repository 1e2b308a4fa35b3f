"""Causes: why a check has not passed, each told only on evidence that its neighbours do not have.

`CAUSES` is in the order of a message's way, so that of two causes the one nearest the entry comes first.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import groupby
from typing import TypeVar

from wizard.causes import lists, mailman, postfix, shunt, startup, tables, texts
from wizard.causes.ground import Ground
from wizard.causes.model import Cause, Found
from wizard.check import Findings
from wizard.diagnosis import Diagnosis, diagnose
from wizard.errors import UnseenError, WizardError
from wizard.facts.mailman_log import LogLine
from wizard.mail.confirmation import without_tokens
from wizard.scene import Scene
from wizard.wait import LimitError

__all__ = ["CAUSES", "Cause", "Found", "Ground", "found", "standing", "told"]

CAUSES: tuple[Cause, ...] = (
    *postfix.CAUSES,
    *startup.CAUSES,
    *tables.CAUSES,
    *mailman.CONFIGURATION,
    *lists.WAY,
    *texts.CAUSES,
    *shunt.CAUSES,
    *mailman.WORK,
    *lists.LISTS,
    *lists.OUT,
    *postfix.MAILBOX,
)
NEWEST = 3
"""Lines given of each log where no cause is known, and as many that tell of something wrong before them."""
L = TypeVar("L")
_ORDER = {cause.code: number for number, cause in enumerate(CAUSES)}


def told(scene: Scene, known: Diagnosis | None, limit: float) -> Findings:
    """Tell every cause for which there is evidence, the one nearest the message's entry first.

    Args:
        scene: of the check that has not passed; causes of later stages are not looked for, because nothing is set up
            for them yet.
        known: what the check itself has seen.
        limit: seconds; what has not been found by then is not told.
    """
    diagnoses = _within(limit, found(Ground(scene), CAUSES))
    if known is not None and known.code not in {each.code for each in diagnoses}:
        diagnoses.append(known)
    ordered = sorted(diagnoses, key=lambda each: _ORDER.get(each.code, len(_ORDER)))
    return Findings(tuple(ordered), () if ordered else _newest(scene))


def _within(limit: float, looking: Iterator[Diagnosis]) -> list[Diagnosis]:
    """Look in a thread, because somebody who is asked may hang; each has a limit of its own, so the thread ends too."""
    seen: list[Diagnosis] = []

    def look() -> None:
        for each in looking:
            seen.append(each)  # noqa: PERF402 (what has been found at the limit is in it)

    thread = threading.Thread(target=look, daemon=True, name="causes")
    thread.start()
    thread.join(limit)
    return list(seen)


def _newest(scene: Scene) -> tuple[str, ...]:
    """Give the newest lines, and the newest warnings, of Postfix's log and of each of Mailman's since the run began."""
    lines: list[str] = []
    with suppress(WizardError, UnseenError, OSError):
        logged = scene.logs.postfix()
        lines += [f"{line.program}: {line.text}" for line in _ending(logged, lambda line: bool(line.level))]
    with suppress(WizardError, UnseenError, OSError):
        # REST's record of requests has no process: they are the wizard's own.
        told = sorted((line for line in scene.logs.mailman() if line.pid is not None), key=_file)
        for _, group in groupby(told, key=_file):
            ending = _ending(tuple(group), lambda line: line.failure)
            lines += [f"{line.file}: {' … '.join((line.text, *line.rest[-1:]))}" for line in ending]
    return tuple(without_tokens(line) for line in lines)


def _ending(lines: Sequence[L], bad: Callable[[L], bool]) -> list[L]:
    """Choose the newest of a log's lines and the newest bad ones, in their order."""
    rest = lines[:-NEWEST]
    return [line for line in rest if bad(line)][-NEWEST:] + list(lines[-NEWEST:])


def _file(line: LogLine) -> str:
    return line.file


def standing(scene: Scene, limit: float) -> tuple[Diagnosis, ...]:
    """Tell the causes that the machine shows by itself, for somebody who waits in vain; `limit` as for `told`."""
    return tuple(_within(limit, found(Ground(scene), (cause for cause in CAUSES if cause.stands))))


def found(ground: Ground, causes: Iterable[Cause]) -> Iterator[Diagnosis]:
    """Look for causes; one that cannot be looked for is not found."""
    for cause in causes:
        if cause.stage > ground.scene.stage:
            continue
        try:
            seen = cause.find(ground)
        except (WizardError, UnseenError, LimitError, OSError, KeyError, ValueError):
            continue
        except Exception as error:  # noqa: BLE001 (a defect in one cause must not hide the others, nor be hidden)
            ground.scene.emit(
                "note", text=f"a defect while {cause.code} was looked for: {type(error).__name__}: {error}"
            )
            continue
        if seen is not None:
            told = diagnose(cause.code, ground.scene.words, evidence=seen.evidence, **seen.values)
            yield told if seen.fixable is None else replace(told, fixable=seen.fixable)
