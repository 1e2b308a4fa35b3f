"""The verdict of a report: verified, or what is missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from wizard.check import Outcome
from wizard.report.model import Standing, Verdict
from wizard.report.told import Finished, Staged, Told
from wizard.session import Parts, Session
from wizard.stages.model import Stage


def verdict(said: Told, stages: Sequence[Stage], amiss: Iterable[str]) -> Verdict:
    """Judge a run.

    Args:
        said: what it told.
        stages: all that there are.
        amiss: what has become of its proofs since; see `amiss`.
    """
    failures, absent = _failures(said, stages), _absent(said, stages)
    if said.ended is None:
        untold = "the run has not told how it ended: it goes on, or it was killed"
        return Verdict(Standing.UNFINISHED, (untold, *failures, *absent))
    finished = said.ended[1]
    failures = (*_error(finished), *failures)
    if finished.exit != 0 or failures:
        return Verdict(Standing.FAILED, (*failures, *absent) or ("the run has not told why it failed",))
    if absent or not finished.verified:
        return Verdict(Standing.PARTIAL, absent or ("the run does not call itself verified",))
    since = tuple(amiss)
    return Verdict(Standing.STALE, since) if since else Verdict(Standing.VERIFIED)


def amiss(run: str, stages: Iterable[Stage], known: Session, now: Parts) -> tuple[str, ...]:
    """Say what keeps the proofs of a run from standing on the configuration as it is now; nothing if they do.

    Args:
        run: the run's name.
        stages: those that are to stand.
        known: what is remembered of all runs.
        now: the parts of the configuration as they are.
    """
    of_run = [each for each in known.stages.values() if each.run == run]
    kept = frozenset(name for each in of_run for name in set(each.parts) - set(known.stale(each.stage, now)))
    return _grouped({stage.number: _reason(run, stage, known, now, kept) for stage in stages})


def _reason(run: str, stage: Stage, known: Session, now: Parts, kept: frozenset[str]) -> str | None:
    """Say it of one stage; `kept` are the parts that are as they were in that run, by what others of its proofs say."""
    last = known.stages.get(stage.number)
    if last is None:
        return "not remembered as checked"
    if last.run != run:
        if last.passed and kept.issuperset(stage.depends):
            return None
        return f"checked again since, in run {last.run}, and {'passed' if last.passed else 'did not pass'}"
    if not last.passed:
        return "remembered as not passed"
    changed = known.stale(stage.number, now)
    return f"stale, changed since: {', '.join(changed)}" if changed else None


def _failures(said: Told, stages: Iterable[Stage]) -> tuple[str, ...]:
    """Say what did not pass in the stages that were checked."""
    rows = ((stage, said.stages[stage.number][1]) for stage in stages if stage.number in said.stages)
    return tuple(line for stage, row in rows for line in _failed(stage, row))


def _absent(said: Told, stages: Iterable[Stage]) -> tuple[str, ...]:
    """Name the stages that were not checked."""
    return _grouped({stage.number: "not checked in this run" for stage in stages if stage.number not in said.stages})


def _failed(stage: Stage, row: Staged) -> list[str]:
    titles = {check.id: check.title for check in stage.checks}
    lines = [
        f"stage {stage.number} ({stage.name}), {titles.get(check.id, check.id)}: {str(check.outcome).upper()}"
        + (f", {check.diagnosis.code}: {check.diagnosis.title}" if check.diagnosis else "")
        for check in row.checks
        if check.outcome is not Outcome.PASS
    ]
    if lines or (row.verified and row.outcome is Outcome.PASS and row.checks):
        return lines
    return [f"stage {stage.number} ({stage.name}): not verified, though no check of it failed; see the notes"]


def _error(finished: Finished) -> tuple[str, ...]:
    return tuple(line for line in (finished.error or "").splitlines() if line.strip())


def _grouped(reasons: Mapping[int, str | None]) -> tuple[str, ...]:
    """Say each reason once, with all the stages that it holds for."""
    groups: dict[str, list[str]] = {}
    for number, reason in reasons.items():
        if reason is not None:
            groups.setdefault(reason, []).append(str(number))
    return tuple(
        f"stage {numbers[0]}: {reason}" if len(numbers) == 1 else f"stages {', '.join(numbers)}: {reason}"
        for reason, numbers in groups.items()
    )
