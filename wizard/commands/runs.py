"""``apply``, ``check`` and ``watch``: a run is started or chosen, and its events are read to the end."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wizard import controls
from wizard.commands.call import Call, require_root
from wizard.controls import Request
from wizard.errors import AnswerError, ExitCode, Problem
from wizard.events import DAMAGED, Event
from wizard.outline import LAST
from wizard.probes import accounts
from wizard.site import dumps


def apply(call: Call) -> int:
    """Plan, apply and check.

    Raises:
        AnswerError: plans are to be approved, and nobody is there to ask.
    """
    if not call.options.yes and not sys.stdin.isatty():
        raise AnswerError((Problem("--yes", "not given", "needed where nobody can be asked: no terminal here"),))
    first = call.options.stage or 1
    last = call.options.stage or call.options.through or LAST
    return _start(call, "apply", first, last)


def check(call: Call) -> int:
    """Check alone."""
    return _start(call, "check", call.options.stage or 1, call.options.stage or LAST)


def _start(call: Call, command: Any, first: int, last: int) -> int:
    require_root()
    answers = call.answers()
    if command == "apply":
        answers.require()
    site = answers.site
    accounts.named(site)
    for text in answers.told() if command == "apply" else ():
        call.show.say(text)
    call.state.prepare()
    approved = command == "check" or call.options.yes
    request = Request(command, first, last, approved, dumps(site), unanswered=answers.unanswered)
    return follow(call, controls.start(call.state, request, call.program))


def follow(call: Call, directory: Path, *, ours: bool = True) -> int:
    """Read a run's events to its end, on which the run does not depend.

    If it is `ours`, we answer its questions and pass the keyboard's stop on; else nothing that is done here reaches it.
    """
    last: Event | None = None
    stopping = False
    while last is None or last.kind != "run.finished":
        before = last
        try:
            for event in controls.follow(directory):
                if event.kind != DAMAGED:
                    if last is not None and event.number <= last.number:
                        continue
                    last = event
                call.show.event(event)
                if event.kind == "plan.waiting" and ours:
                    _ask(call, directory, event)
        except KeyboardInterrupt:
            if stopping or not ours:
                raise
            stopping = True
            call.show.say("stopping the run; once more to leave it to itself")
            controls.stop(directory)
            continue
        if last is before or not controls.lives(directory):
            break
    return _finish(call, directory, last)


def _ask(call: Call, directory: Path, event: Event) -> None:
    call.show.diff(str(event.data["text"]))
    change = f"Apply these changes for stage {event.data['stage']}"
    call.show.ask(f"{'Go back by these changes' if event.data['command'] == 'undo' else change}? [y/N] ")
    approve = sys.stdin.readline().strip().lower() in {"y", "yes"}
    controls.answer(directory, int(str(event.data["question"])), approve=approve)


def _finish(call: Call, directory: Path, last: Event | None) -> int:
    if last is None or last.kind != "run.finished":
        output = (directory / controls.OUTPUT).read_text(errors="replace").strip()
        call.show.failed(f"the run ended without a word: {output or 'it was killed'}", run=directory.name)
        return int(ExitCode.DEFECT)
    data: dict[str, Any] = dict(last.data)
    if data["error"]:
        call.show.say(f"mailman-wizard: {data['error']}")
    if data.get("report"):
        call.show.say(f"the report: {data['report']}, and as HTML beside it")
    if call.options.json:
        verified, stages = data["verified"], data["stages"]
        result = {"schema": 1, "run": directory.name, "verified": verified, "stages": stages}
        call.show.json({**result, "changed": data.get("changed", 0), "error": data["error"]})
    else:
        changed = data.get("changed", 0)
        call.show.line(f"{changed} change(s) made" if changed else "nothing was changed")
        call.show.line(*_verdict(data))
    return int(data["exit"])


def _verdict(data: Mapping[str, Any]) -> tuple[str, str]:
    """Say how a run ended, and in which style: all six stages in one run are verified, anything less is not all."""
    if data.get("command") == "undo":
        done = data["exit"] == ExitCode.VERIFIED
        return ("done; 'mailman-wizard status' shows what is to be proven anew", "green") if done else ("not done", "")
    if data["verified"]:
        return "verified: true", "bold green"
    if data["exit"] != ExitCode.VERIFIED:
        return "verified: false", "bold red"
    passed = ", ".join(str(stage["stage"]) for stage in data["stages"])
    return f"passed: stage {passed}; verified is said of all {LAST} in one run", "green"
