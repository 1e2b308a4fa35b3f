"""``--plain``: the same six stages as questions and answers in plain lines, for screen readers and scripts."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

from wizard.commands import runs
from wizard.commands.call import Call
from wizard.desk import Desk, Standing
from wizard.desk.answers import Answer, Form
from wizard.errors import AnswerError, ExitCode, RefusedError, WizardError
from wizard.outline import LAST
from wizard.stages import STAGES
from wizard.templates import page

MENU = "w why, a answers, s changes, p set up, c check, l logs, r report, n next, 1-6, q quit"
LOGGED = 20
"""Lines of the logs that are shown at once."""


OTHERS = tuple(str(each.number) for each in STAGES)


class EndedError(Exception):
    """Nobody answers any more."""


def walk(call: Call, alone: int) -> int:
    """Go through the stages, or through one alone, until somebody quits.

    Returns:
        0 if the stage that was left is verified, else 1.

    Raises:
        RefusedError: another terminal has the controls.
    """
    desk = call.desk()
    _control(call, desk)
    number = alone or next((each.number for each in desk.standing() if each.state != "verified"), LAST)
    _head(call, desk, number)
    try:
        while (going := _once(call, desk, number, alone)) is not None:
            if going != number:
                number = going
                _head(call, desk, number)
    except EndedError:
        call.show.say("")
    return int(ExitCode.VERIFIED if _at(desk, number).state == "verified" else ExitCode.NOT_VERIFIED)


def _control(call: Call, desk: Desk) -> None:
    """Take the controls over, if another terminal has them and that is wanted.

    Raises:
        RefusedError: it is not wanted, or nobody answers.
    """
    if desk.in_control:
        return
    try:
        if asked(call, "another terminal has the controls; take them over? [y/N] ").lower() in {"y", "yes"}:
            desk.take_over()
            return
    except EndedError:
        call.show.say("")
    except OSError as error:
        raise RefusedError(f"the controls cannot be taken over: {error}") from error
    raise RefusedError("another terminal has the controls; 'mailman-wizard watch' shows what goes on")


def _once(call: Call, desk: Desk, number: int, alone: int) -> int | None:
    """Ask once what to do and do it; returns the stage to go on with, or None to quit."""
    verified = _at(desk, number).state == "verified"
    usual = ("n" if number < LAST and not alone else "q") if verified else "p"
    word = asked(call, f"stage {number}: {MENU} [{usual}]: ") or usual
    if word == "q":
        return None
    if word == "n":
        return _next(call, desk, number, alone)
    if word in OTHERS[: alone or LAST]:
        return int(word)
    do = _ACTIONS.get(word)
    if do is None:
        call.show.say(f"{word!r} is none of: {MENU}")
        return number
    try:
        do(call, desk, number)
    except WizardError as error:
        call.show.say(f"mailman-wizard: {error}")
    return number


def _head(call: Call, desk: Desk, number: int) -> None:
    stage, at = STAGES[number - 1], _at(desk, number)
    why = f": {at.why}" if at.why else ""
    call.show.line("")
    call.show.line(f"stage {number} of {LAST}, {stage.name} ({at.state}{why})", "bold")
    call.show.line(stage.purpose)


def _next(call: Call, desk: Desk, number: int, alone: int) -> int | None:
    shut = next((each for each in desk.standing()[:number] if each.state != "verified"), None)
    if alone:
        call.show.say("one stage alone is open; 'mailman-wizard --plain' goes through all six")
    elif shut is not None:
        why = f" ({shut.why})" if shut.why else ""
        call.show.say(f"the gate is shut: stage {shut.number} ({shut.name}) is {shut.words}{why}")
    elif number < LAST:
        return number + 1
    else:
        call.show.line("all six stages are verified", "bold green")
        _report(call, desk, number)
        return None
    return number


def _why(call: Call, _desk: Desk, number: int) -> None:
    for line in page(f"why/{STAGES[number - 1].name}.md").rstrip("\n").split("\n"):
        call.show.line(line)


def _answers(call: Call, desk: Desk, number: int) -> None:
    """Ask every answer of the stage; Enter keeps what is there, and what is wrong is asked again."""
    form = desk.form({})
    for each in form.of_stage(number):
        call.show.line(f"{each.field.title} ({each.key}): {each.field.help}")
        call.show.line(f"  may be: {each.field.may_be}; the server has: {each.present or 'not known'}")
        form = _answered(call, form, each)
    if not form.changes:
        call.show.say("nothing was changed")
    elif form.problems:
        raise AnswerError(form.wrong)
    else:
        desk.save(form)
        call.show.say(f"saved in {desk.path}")


def _answered(call: Call, form: Form, answer: Answer) -> Form:
    while True:
        text = asked(call, f"  {answer.key} [{answer.shown}]: ")
        if not text:
            return form
        typed = form.typed(answer.key, text)
        found = typed.answer(answer.key)
        if found is None or not found.problem:
            return typed
        call.show.say(f"  {found.problem}")


def _changes(call: Call, desk: Desk, number: int) -> None:
    text = desk.plan(number)
    if text:
        call.show.diff(text)
    else:
        call.show.line("nothing to change")


def _set_up(call: Call, desk: Desk, number: int) -> None:
    runs.follow(call, desk.start("apply", number, number))


def _check(call: Call, desk: Desk, number: int) -> None:
    runs.follow(call, desk.start("check", number, number))


def _log(call: Call, desk: Desk, _number: int) -> None:
    for line in desk.tail().newest(LOGGED):
        call.show.line(line.text)


def _report(call: Call, desk: Desk, _number: int) -> None:
    for line in desk.report().rstrip("\n").split("\n"):
        call.show.line(line)


_ACTIONS: Mapping[str, Callable[[Call, Desk, int], None]] = {
    "w": _why,
    "a": _answers,
    "s": _changes,
    "p": _set_up,
    "c": _check,
    "l": _log,
    "r": _report,
}


def _at(desk: Desk, number: int) -> Standing:
    return desk.standing()[number - 1]


def asked(call: Call, question: str) -> str:
    """Ask for one line.

    Raises:
        EndedError: there is none any more.
    """
    call.show.ask(question)
    line = sys.stdin.readline()
    if not line:
        raise EndedError
    return line.strip()
