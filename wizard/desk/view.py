"""A run as it looks so far: made of its events, one after the other. Pure.

An event that is not as expected (of a later version, or of a log that was half written) changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from wizard.events import DAMAGED, Event
from wizard.printable import printable

MESSAGES = 24
"""Messages kept of a stage, the newest."""
NOTES = 200
"""Lines kept of what the run said, the newest."""
TIMES = 120
"""Delivery times kept of a stage, the newest."""


@dataclass(frozen=True, slots=True)
class CheckView:
    """One check of a run."""

    id: str
    title: str
    state: str
    """``running``, or how it ended: ``pass``, ``fail``, ``skip``, ``unknown``."""
    at: str
    """When it was started; UTC, ISO 8601."""
    seconds: float = 0.0
    evidence: tuple[str, ...] = ()
    causes: tuple[Mapping[str, Any], ...] = ()
    """Its diagnoses, the one nearest the entry first."""


@dataclass(frozen=True, slots=True)
class HopView:
    """How far a message is at one of the six hops."""

    state: str
    seconds: float | None = None
    queue_id: str | None = None


@dataclass(frozen=True, slots=True)
class MessageView:
    """One message that the run sent."""

    id: str
    to: str
    at: str
    hops: Mapping[str, HopView] = field(default_factory=dict)
    arrived: Mapping[str, float] = field(default_factory=dict)
    """Seconds from its sending until it was in a mailbox, by address."""
    of: int = 0
    """How many mailboxes it must reach; 0 if it is for nobody's."""


@dataclass(frozen=True, slots=True)
class StageView:
    """One stage in a run."""

    number: int
    checks: tuple[CheckView, ...] = ()
    outcome: str = ""
    """``running``, ``pass``, ``fail``, ``skip`` or ``unknown``."""
    verified: bool = False
    messages: tuple[MessageView, ...] = ()
    times: tuple[float, ...] = ()
    """Seconds that posts took to mailboxes, in the order of their arrival."""

    @property
    def message(self) -> MessageView | None:
        """The one that is on its way, or the last one that was."""
        return self.messages[-1] if self.messages else None

    @property
    def failed(self) -> tuple[CheckView, ...]:
        """The checks that did not pass, or could not be made."""
        return tuple(each for each in self.checks if each.state in {"fail", "unknown"})

    def check(self, name: str) -> CheckView | None:
        """Return one check by its id."""
        return next((each for each in self.checks if each.id == name), None)


@dataclass(frozen=True, slots=True)
class Waiting:
    """What the run is doing that takes a while."""

    text: str
    at: str
    """Since when; UTC, ISO 8601."""
    limit: float | None = None
    """Seconds after which it is given up."""
    done: float | None = None
    """How much of it is done, from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Question:
    """A plan that waits to be approved."""

    stage: int
    number: int
    text: str
    """The plan as a diff."""


@dataclass(frozen=True, slots=True)
class RunView:
    """One run, as far as its events tell."""

    name: str = ""
    command: str = ""
    first: int = 1
    last: int = 6
    at: str = ""
    """When its last event was."""
    number: int = 0
    """Of its last event."""
    stages: Mapping[int, StageView] = field(default_factory=dict)
    current: int = 0
    """The stage that it is at; 0 before the first."""
    waiting: Waiting | None = None
    question: Question | None = None
    notes: tuple[str, ...] = ()
    """What it said, one line each, printable; the newest."""
    noted: int = 0
    """How many of them there were, with those that are no longer kept."""
    damaged: str = ""
    """That its log is, in words."""
    finished: bool = False
    exit: int | None = None
    verified: bool = False
    changed: int = 0
    error: str = ""

    def stage(self, number: int) -> StageView:
        """Return one stage, empty if the run has not come to it."""
        return self.stages.get(number, StageView(number))


def step(view: RunView, event: Event) -> RunView:
    """Return the run as it is after one more event."""
    change = _CHANGES.get(event.kind)
    seen = replace(view, number=event.number, at=event.at)
    if change is None:
        return seen
    try:
        return change(seen, {key: _clean(value) for key, value in event.data.items()}, event.at)
    except (KeyError, TypeError, ValueError, AttributeError):
        return seen


Data = Mapping[str, Any]


def _clean(value: Any) -> Any:
    """Make every text in an event's data printable, line by line: much of it came from elsewhere."""
    if isinstance(value, str):
        return "\n".join(printable(line) for line in value.split("\n"))
    if isinstance(value, list):
        return [_clean(each) for each in value]
    if isinstance(value, dict):
        return {key: _clean(each) for key, each in value.items()}
    return value


def _started(view: RunView, data: Data, _at: str) -> RunView:
    return replace(
        view, name=str(data["run"]), command=str(data["command"]), first=int(data["first"]), last=int(data["last"])
    )


def _stage_started(view: RunView, data: Data, _at: str) -> RunView:
    number = int(data["stage"])
    fresh = StageView(number, outcome="running")
    return _said(
        replace(_with(view, fresh), current=number, waiting=None), f"stage {number} ({data['name']}): checking"
    )


def _plan_made(view: RunView, data: Data, at: str) -> RunView:
    number, count = int(data["stage"]), len(data["changes"])
    text = f"stage {number} ({data['name']}): {count or 'no'} change(s) to make"
    return _said(replace(view, current=number, waiting=Waiting(text, at) if count else None), text)


def _plan_waiting(view: RunView, data: Data, _at: str) -> RunView:
    question = Question(int(data["stage"]), int(data["question"]), str(data["text"]))
    return replace(view, question=question, waiting=None, current=question.stage)


def _change_started(view: RunView, data: Data, at: str) -> RunView:
    text = f"{data['change']}: {data['target']}"
    return _said(replace(view, question=None, waiting=Waiting(text, at)), text)


def _change_progress(view: RunView, data: Data, at: str) -> RunView:
    if "percent" in data:
        text, done = str(data["text"]), int(data["percent"]) / 100
    else:
        text = f"{data['target']} starts: {data['done']} of {data['of']} runners"
        done = int(data["done"]) / max(int(data["of"]), 1)
    since = view.waiting.at if view.waiting else at
    return replace(view, waiting=Waiting(text, since, done=done))


def _change_finished(view: RunView, _data: Data, _at: str) -> RunView:
    return replace(view, waiting=None)


def _change_failed(view: RunView, data: Data, _at: str) -> RunView:
    return _said(replace(view, waiting=None), f"failed: {data['error']}")


def _change_log(view: RunView, data: Data, _at: str) -> RunView:
    for line in data["lines"]:
        view = _said(view, f"{data['target']}: {line}")
    return view


def _check_started(view: RunView, data: Data, at: str) -> RunView:
    stage = view.stage(int(data["stage"]))
    check = CheckView(str(data["id"]), str(data["title"]), "running", at)
    others = tuple(each for each in stage.checks if each.id != check.id)
    return replace(_with(view, replace(stage, checks=(*others, check))), waiting=Waiting(check.title, at))


def _check_progress(view: RunView, data: Data, at: str) -> RunView:
    limit = data.get("limit")
    return replace(view, waiting=Waiting(str(data["text"]), at, float(limit) if limit else None))


def _check_finished(view: RunView, data: Data, at: str) -> RunView:
    stage = view.stage(int(data["stage"]))
    before = stage.check(str(data["id"]))
    check = CheckView(
        id=str(data["id"]),
        title=str(data["title"]),
        state=str(data["outcome"]),
        at=before.at if before else at,
        seconds=float(data["seconds"]),
        evidence=tuple(str(line) for line in data["evidence"]),
        causes=tuple(each for each in (data["diagnosis"], *data["also"]) if each),
    )
    checks = tuple(check if each.id == check.id else each for each in stage.checks)
    stage = replace(stage, checks=checks if before else (*checks, check))
    return _said(replace(_with(view, stage), waiting=None), f"{check.state.upper()}: {check.title}")


def _stage_finished(view: RunView, data: Data, _at: str) -> RunView:
    number = int(data["stage"])
    verified = data["verified"] is True
    stage = replace(view.stage(number), outcome=str(data["outcome"]), verified=verified)
    said = f"stage {number} ({data['name']}): {'verified' if verified else 'NOT verified'}"
    return _said(replace(_with(view, stage), waiting=None), said)


def _sent(view: RunView, data: Data, at: str) -> RunView:
    stage = view.stage(view.current)
    message = MessageView(str(data["message_id"]), str(data["to"]), at)
    return _with(view, replace(stage, messages=(*stage.messages, message)[-MESSAGES:]))


def _hop(view: RunView, data: Data, _at: str) -> RunView:
    seconds = data["seconds"]
    hop = HopView(str(data["state"]), None if seconds is None else float(seconds), data["queue_id"])
    name = str(data["hop"])
    return _message(view, data, lambda one: replace(one, hops={**one.hops, name: hop}))


def _arrived(view: RunView, data: Data, at: str) -> RunView:
    address, of = str(data["address"]), int(data["of"])
    stage = view.stage(view.current)
    sent = next((one.at for one in stage.messages if one.id == data["message_id"]), at)
    took = max((datetime.fromisoformat(at) - datetime.fromisoformat(sent)).total_seconds(), 0.0)
    view = _with(view, replace(stage, times=(*stage.times, took)[-TIMES:]))
    return _message(view, data, lambda one: replace(one, arrived={**one.arrived, address: took}, of=of))


def _message(view: RunView, data: Data, change: Callable[[MessageView], MessageView]) -> RunView:
    stage = view.stage(view.current)
    messages = tuple(change(one) if one.id == data["message_id"] else one for one in stage.messages)
    return _with(view, replace(stage, messages=messages))


def _damaged(view: RunView, data: Data, _at: str) -> RunView:
    return _said(replace(view, damaged=str(data["text"])), str(data["text"]))


def _note(view: RunView, data: Data, _at: str) -> RunView:
    return _said(view, str(data["text"]))


def _finished(view: RunView, data: Data, _at: str) -> RunView:
    return replace(
        view,
        finished=True,
        waiting=None,
        question=None,
        exit=int(data["exit"]),
        verified=data["verified"] is True,
        changed=int(data.get("changed", 0)),
        error=str(data["error"] or ""),
    )


def _with(view: RunView, stage: StageView) -> RunView:
    return replace(view, stages={**view.stages, stage.number: stage})


def _said(view: RunView, text: str) -> RunView:
    lines = text.split("\n")
    return replace(view, notes=(*view.notes, *lines)[-NOTES:], noted=view.noted + len(lines))


_CHANGES: Mapping[str, Callable[[RunView, Data, str], RunView]] = {
    "run.started": _started,
    "stage.started": _stage_started,
    "plan.made": _plan_made,
    "plan.waiting": _plan_waiting,
    "change.started": _change_started,
    "change.progress": _change_progress,
    "change.finished": _change_finished,
    "change.failed": _change_failed,
    "change.log": _change_log,
    "check.started": _check_started,
    "check.progress": _check_progress,
    "check.finished": _check_finished,
    "stage.finished": _stage_finished,
    "probe.sent": _sent,
    "probe.hop": _hop,
    "probe.arrived": _arrived,
    "note": _note,
    DAMAGED: _damaged,
    "run.finished": _finished,
}
