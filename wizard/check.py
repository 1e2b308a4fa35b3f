"""Checks: live proofs, and the one runner that decides what their ending means.

A check looks at the real thing and either returns its evidence (PASS), raises `CheckFailed` (FAIL), or raises
`UnseenError` (UNKNOWN). The runner alone decides on time-outs, on errors, on missing evidence and on checks
whose needs did not pass; none of those is ever a PASS.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Generic, TypeVar

from wizard.diagnosis import Diagnosis, entry
from wizard.errors import UnseenError, WizardError
from wizard.events import Emit
from wizard.printable import shortened
from wizard.wait import LimitError

S_contra = TypeVar("S_contra", contravariant=True)
S = TypeVar("S")


class Outcome(StrEnum):
    """How a check ended; only PASS opens the gate."""

    PASS = "pass"  # noqa: S105 (an outcome)
    FAIL = "fail"
    SKIP = "skip"
    UNKNOWN = "unknown"


class CheckFailedError(Exception):
    """The thing was seen, and it is not as it must be."""

    def __init__(self, *evidence: str, diagnosis: Diagnosis | None = None) -> None:
        super().__init__("; ".join(evidence))
        self.evidence = evidence
        self.diagnosis = diagnosis


Evidence = Sequence[str]


@dataclass(frozen=True, slots=True)
class Check(Generic[S_contra]):
    """One live proof."""

    id: str
    """Stable: the stage's name, a dot, and what is proven."""
    title: str
    proves: str
    """What a PASS shows, in a sentence or two."""
    see: tuple[str, ...]
    """Commands to see the same by hand; ``{name}`` stands for the site's values (`Site.words`)."""
    look: Callable[[S_contra], Evidence]
    needs: tuple[str, ...] = ()
    """Checks of the same stage without whose PASS this one cannot be made."""
    limit: float = 60
    """Seconds after which it is given up as UNKNOWN."""
    whole: bool = False
    """Whether it is brought to its end also when the run is told to stop: half of it would leave a service down."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """How one check ended."""

    id: str
    outcome: Outcome
    seconds: float
    evidence: tuple[str, ...]
    diagnosis: Diagnosis | None = None
    also: tuple[Diagnosis, ...] = ()
    """Further causes that were found, on the message's way after the first."""

    def data(self) -> dict[str, object]:
        """Return it as the command line's JSON has it."""
        return {
            "id": self.id,
            "outcome": str(self.outcome),
            "seconds": round(self.seconds, 3),
            "evidence": [shortened(line) for line in self.evidence],
            "diagnosis": self.diagnosis.data() if self.diagnosis else None,
            "also": [each.data() for each in self.also],
        }


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found out about a failure."""

    causes: tuple[Diagnosis, ...] = ()
    """Those for which there is evidence, the one nearest the message's entry first."""
    lines: tuple[str, ...] = ()
    """The newest lines of the logs concerned, where no cause is known."""


Doctor = Callable[[S, Diagnosis | None, float], Findings]
"""Finds the causes of a failure, given what the check itself knows and the seconds that it may take."""
EXTRA = 2.0
"""Seconds that finding the cause may take beyond the failed check's own limit."""


def nobody(_scene: object, known: Diagnosis | None, _limit: float) -> Findings:
    """Know nothing beyond what the check itself has said; a `Doctor`."""
    return Findings((known,) if known else ())


def run_checks(
    checks: Iterable[Check[S]],
    scene: S,
    emit: Emit,
    *,
    stage: int,
    words: dict[str, str],
    doctor: Doctor[S] = nobody,
) -> tuple[CheckResult, ...]:
    """Run the checks of a stage in order.

    Args:
        checks: what to prove.
        scene: what the checks look at.
        emit: told of every check's start and end.
        stage: its number, for the events and for the codes of diagnoses.
        words: the site's values for the commands shown with a failure.
        doctor: asked for the causes when a check has not passed.
    """
    results: dict[str, CheckResult] = {}
    for check in checks:
        emit("check.started", stage=stage, id=check.id, title=check.title)
        result = _run(check, scene, results)
        if result.outcome in {Outcome.FAIL, Outcome.UNKNOWN}:
            found = doctor(scene, result.diagnosis, max(check.limit - result.seconds, 0.0) + EXTRA)
            result = replace(result, diagnosis=next(iter(found.causes), None), also=found.causes[1:])
            if result.diagnosis is None:
                result = replace(result, diagnosis=unknown_cause(check, result, stage, words, found.lines))
        results[check.id] = result
        emit("check.finished", stage=stage, title=check.title, **result.data())
    return tuple(results.values())


def unknown_cause(
    check: Check[S], result: CheckResult, stage: int, words: dict[str, str], lines: tuple[str, ...] = ()
) -> Diagnosis:
    """Say that a check did not pass and that its cause is not known; `lines` are the newest of the logs concerned."""
    text = entry(f"MW{stage}00")
    return Diagnosis(
        code=text.code,
        title=text.title,
        cause=f"{check.title}: {result.evidence[0] if result.evidence else 'no evidence'}",
        fix=text.fix,
        see=tuple(command.format_map(words) for command in check.see),
        evidence=lines,
    )


def _run(check: Check[S], scene: S, before: dict[str, CheckResult]) -> CheckResult:
    for need in check.needs:
        if before[need].outcome is not Outcome.PASS:
            reason = f"not tried: it needs {need}, which ended with {before[need].outcome}"
            return CheckResult(check.id, Outcome.SKIP, 0.0, (reason,))
    start = time.monotonic()
    ended: list[CheckResult] = []
    # A thread, because a check that hangs must not take the run with it; every command and every wait inside
    # has a limit of its own, so the thread ends too.
    done = threading.Event()

    def look() -> None:
        ended.append(_look(check, scene))
        done.set()

    try:
        threading.Thread(target=look, daemon=True, name=check.id).start()
        done.wait(check.limit)
    except KeyboardInterrupt:
        if check.whole:
            done.wait(check.limit)
        raise
    seconds = time.monotonic() - start
    if not ended:
        return CheckResult(check.id, Outcome.UNKNOWN, seconds, (f"not finished within {check.limit:g} seconds",))
    return replace(ended[0], seconds=seconds)


def _look(check: Check[S], scene: S) -> CheckResult:
    try:
        evidence = tuple(check.look(scene))
    except CheckFailedError as failed:
        return CheckResult(check.id, Outcome.FAIL, 0.0, failed.evidence, failed.diagnosis)
    except UnseenError as unseen:
        return CheckResult(check.id, Outcome.UNKNOWN, 0.0, (str(unseen),))
    except (WizardError, LimitError, OSError) as error:
        return CheckResult(check.id, Outcome.UNKNOWN, 0.0, (f"could not be seen: {error}",))
    except BaseException as error:  # noqa: BLE001 (a defect in one check must not end the run, nor pass for a proof)
        return CheckResult(check.id, Outcome.UNKNOWN, 0.0, (f"defect in the check: {type(error).__name__}: {error}",))
    if not evidence:
        return CheckResult(check.id, Outcome.UNKNOWN, 0.0, ("the check gave no evidence, so it proves nothing",))
    return CheckResult(check.id, Outcome.PASS, 0.0, evidence)
