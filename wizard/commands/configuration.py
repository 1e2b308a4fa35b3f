"""``plan`` and ``status``: what would change, and where the six stages stand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from wizard import planning, session
from wizard import status as standing
from wizard.commands.call import Call, require_root
from wizard.errors import ExitCode, RefusedError
from wizard.localhost import LocalHost
from wizard.present import counted
from wizard.redact import Redactor
from wizard.site import Site
from wizard.stages import STAGES
from wizard.stages.model import Stage


def plan(call: Call) -> int:
    """Show what would change."""
    require_root()
    answers, redactor = call.answers(), Redactor()
    answers.require()
    site = answers.site
    wanted = [stage for stage in STAGES if call.options.stage in {None, stage.number}]
    known = session.load(call.state.session)
    plans = [planning.make(stage, site, LocalHost(), redactor, known) for stage in wanted]
    if call.options.json:
        call.show.json({"schema": 1, "changes": redactor.data([row for plan in plans for row in plan.data()])})
    else:
        for stage, plan in zip(wanted, plans, strict=True):
            call.show.line(f"stage {stage.number} ({stage.name}): {counted(len(plan.changes))}", "bold")
            call.show.diff(redactor.text(plan.text()))
    for text in answers.told():
        call.show.say(text)
    for text in _refusals(wanted, site):
        call.show.say(f"'apply' refuses this: {text}")
    return int(ExitCode.VERIFIED)


def _refusals(wanted: Iterable[Stage], site: Site) -> Iterator[str]:
    """Say why a plan would not be applied."""
    for stage in wanted:
        try:
            stage.require(site, LocalHost())
        except RefusedError as error:
            yield str(error)


def status(call: Call) -> int:
    """Show the state of each stage."""
    require_root()
    site = call.site
    found = standing.status(site, LocalHost(), call.state)
    if call.options.json:
        call.show.json(found)
        return int(ExitCode.VERIFIED)
    rows: Any = found["stages"]
    for row in rows:
        when = f" ({row['at']})" if row["at"] else ""
        why = f": {row['why']}" if row["why"] else ""
        call.show.line(f"{row['stage']} {row['name']:13} {row['state']}{when}{why}")
    interrupted: Any = found["interrupted"]
    for run in interrupted:
        text = f"run {run} was killed while it changed something: the next apply, check or undo puts that back first"
        call.show.line(text, "yellow")
    return int(ExitCode.VERIFIED)
