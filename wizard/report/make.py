"""Making a report of what a run has told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from wizard import events, session
from wizard.check import CheckResult
from wizard.events import Event
from wizard.host import Host
from wizard.localhost import LocalHost
from wizard.report.model import ChangeReport, CheckReport, Report, Server, StageReport
from wizard.report.told import Told, told
from wizard.report.verdict import amiss, verdict
from wizard.site import Site
from wizard.stages import STAGES
from wizard.stages.model import Stage
from wizard.state import State


def of(
    directory: Path,
    site: Site,
    state: State,
    *,
    host: Host | None = None,
    stages: Sequence[Stage] = STAGES,
    ending: Event | None = None,
) -> Report:
    """Make the report of a run, its verdict about the server as it is now.

    Args:
        directory: the run's own.
        site: the answers as they are now, by which a proof may have become stale.
        state: where what was proven is remembered.
        host: the machine; this one if not given.
        stages: all that there are.
        ending: the event ``run.finished`` of a run that is about to tell it, its secrets taken out.

    Raises:
        OSError: the log or the configuration cannot be read.
    """
    machine = host or LocalHost()
    log = [*events.read(directory), *([ending] if ending else ())]
    now = session.parts(machine, site)
    since = amiss(directory.name, stages, session.load(state.session), now)
    return make(directory.name, log, stages, since, made=machine.now().isoformat(timespec="seconds"))


def make(run: str, log: Iterable[Event], stages: Sequence[Stage], since: Iterable[str], *, made: str) -> Report:
    """Make a report.

    Args:
        run: the run's name.
        log: its events, in their order.
        stages: all that there are; one without a result in the log is reported as not checked.
        since: why its proofs do not stand any more; see `wizard.report.verdict.amiss`.
        made: when the report is made: UTC, ISO 8601.
    """
    said = told(log)
    return Report(
        run=run,
        command=said.started.command if said.started else "",
        began=said.begun.at if said.begun else None,
        ended=said.ended[0] if said.ended else None,
        made=made,
        verdict=verdict(said, stages, since),
        server=_server(said),
        stages=tuple(_stage(stage, said) for stage in stages),
        changes=_changes(said),
        notes=said.notes,
    )


def _server(said: Told) -> Server:
    answers = said.started.answers if said.started else None
    packages = {name: version for _, row in said.stages.values() for name, version in row.packages.items()}
    return Server(
        hostname=answers.hostname if answers else "",
        lists=answers.lists if answers else (),
        answers=tuple(answers.others.items()) if answers else (),
        packages=tuple(packages.items()),
    )


def _stage(stage: Stage, said: Told) -> StageReport:
    if stage.number not in said.stages:
        return StageReport(stage.number, stage.name, stage.purpose, None, verified=False, at=None, seconds=0, checks=())
    at, row = said.stages[stage.number]
    return StageReport(
        number=stage.number,
        name=stage.name,
        purpose=stage.purpose,
        outcome=row.outcome,
        verified=row.verified,
        at=at,
        seconds=row.seconds,
        checks=tuple(_check(stage, check) for check in row.checks),
    )


def _check(stage: Stage, row: CheckResult) -> CheckReport:
    known = next((check for check in stage.checks if check.id == row.id), None)
    return CheckReport(
        id=row.id,
        title=known.title if known else row.id,
        proves=known.proves if known else "",
        outcome=row.outcome,
        seconds=row.seconds,
        evidence=row.evidence,
        diagnoses=(*([row.diagnosis] if row.diagnosis else ()), *row.also),
    )


def _changes(said: Told) -> tuple[ChangeReport, ...]:
    counts = Counter((row.stage, row.change, row.target, failed) for row, failed in said.changes)
    return tuple(ChangeReport(*what[:3], times=times, failed=what[3]) for what, times in counts.items())
