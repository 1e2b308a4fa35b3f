"""Where the six stages stand."""

from __future__ import annotations

from wizard import controls, drift, session
from wizard.checkpoint import Checkpoints
from wizard.drift import Settings
from wizard.host import Host
from wizard.session import Parts, Session
from wizard.site import Site
from wizard.stages import STAGES
from wizard.stages.model import Stage
from wizard.state import State


def status(site: Site, host: Host, state: State) -> dict[str, object]:
    """Tell the state of each stage: verified (when), stale (why, and which settings changed), failed, open, or shut.

    ``verified`` of the whole is true only if every stage is, and all of them in one run. ``interrupted`` names the runs
    that were killed while they changed something.
    """
    known, now = session.load(state.session), session.parts(host, site)
    settings = drift.settings(host) if any(known.stale(stage.number, now) for stage in STAGES) else {}
    rows: list[dict[str, object]] = []
    for stage in STAGES:
        before = all(row["state"] == "verified" for row in rows)
        rows.append(_row(stage, known, now, settings, gate=before))
    runs = {known.stages[stage.number].run for stage in STAGES if stage.number in known.stages}
    whole = all(row["state"] == "verified" for row in rows) and len(runs) == 1
    return {"schema": 1, "verified": whole, "stages": rows, "interrupted": _interrupted(state)}


def _interrupted(state: State) -> list[str]:
    known = Checkpoints(state.checkpoints).all() if state.checkpoints.exists() else ()
    return [each.run for each in known if each.ending is None and not controls.lives(state.runs / each.run)]


def _row(stage: Stage, known: Session, now: Parts, settings: Settings, *, gate: bool) -> dict[str, object]:
    last = known.stages.get(stage.number)
    changed = known.stale(stage.number, now)
    drifted = {name: drift.changed(last.settings, settings, name) for name in changed} if last else {}
    state = "open" if gate else "shut"
    why = None
    if last is not None and last.passed and changed:
        words = (f"{name} ({', '.join(drifted[name])})" if drifted[name] else name for name in changed)
        state, why = "stale", f"changed since it was verified: {', '.join(words)}"
    elif last is not None and last.passed:
        state = "verified"
    elif last is not None:
        state, why = "failed", f"its checks did not pass in run {last.run}"
    at = last.at if last is not None else None
    row: dict[str, object] = {"stage": stage.number, "name": stage.name, "state": state, "at": at, "why": why}
    return {**row, "drift": {name: list(found) for name, found in drifted.items()}}
