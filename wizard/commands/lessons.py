"""``train --plain``: a lesson or a drill in plain lines; and SMTP or LMTP by hand."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from wizard.commands import runs
from wizard.commands.call import Call
from wizard.commands.plain import EndedError, asked
from wizard.desk import RunView
from wizard.errors import AnswerError, ExitCode, Problem, RefusedError, WizardError
from wizard.events import Event
from wizard.i18n import _
from wizard.present import Presenter
from wizard.training.briefing import Ask
from wizard.training.judge import Verdict
from wizard.training.talk import Talk
from wizard.training.turn import waiting
from wizard.training.tutor import Tutor, clock


def walk(call: Call, tutor: Tutor) -> int:
    """Give one lesson or drill, until it is left; returns what is asked of the session."""
    _head(call, tutor)
    try:
        while True:
            word = asked(call, f"{_prompt(tutor)}: ")
            if word in _ASKS and (wanted := _asked_for(call, tutor, word)) is not None:
                return int(wanted)
            if word not in _ASKS:
                _do(call, tutor, word)
    except EndedError:
        call.show.say("")
    return int(Ask.LEAVE)


_ASKS = ("q", "r", "n")


def _asked_for(call: Call, tutor: Tutor, word: str) -> Ask | None:
    if word == "n" and not tutor.briefing.more:
        call.show.say(_("there is no lesson after this one"))
        return None
    if word == "n" and not tutor.briefing.passed:
        call.show.say(_("this lesson is not passed yet; 'mailman-wizard train LESSON' begins any other"))
        return None
    return {"q": Ask.LEAVE, "r": Ask.RESET, "n": Ask.NEXT}[word]


def _do(call: Call, tutor: Tutor, word: str) -> None:
    do = _ACTIONS.get(word)
    if do is None:
        call.show.say(_menu(tutor))
        return
    try:
        do(call, tutor)
    except (WizardError, OSError) as error:
        call.show.say(f"mailman-wizard: {error}")


def _prompt(tutor: Tutor) -> str:
    if tutor.drill:
        return f"{_('drill')} {clock(tutor.seconds)}"
    return _("lesson {number}").format(number=tutor.briefing.number)


def _menu(tutor: Tutor) -> str:
    if tutor.drill:
        return _("t symptom, s shell, k check, a name the cause, x what it was, r reset, q quit")
    return _("t text, h hint, c show a command, s shell, k check, r reset, n next, q quit")


def _head(call: Call, tutor: Tutor) -> None:
    _text(call, tutor)
    call.show.line(_menu(tutor), "dim")


def _text(call: Call, tutor: Tutor) -> None:
    told = tutor.briefing
    call.show.line(f"{f'{told.number}. ' if told.number else ''}{tutor.title}", "bold")
    for text in (told.text, f"{_('Your task')}:\n{tutor.task}"):
        call.show.line("")
        _lines(call, text)
    for number, hint in enumerate(tutor.hints, start=1):
        call.show.line(f"{_('hint')} {number}: {hint}")


def _hint(call: Call, tutor: Tutor) -> None:
    text = tutor.hint()
    if text:
        call.show.line(f"{_('hint')} {tutor.briefing.hinted}/{len(tutor.briefing.hints)}: {text}")
    else:
        call.show.line(_("there are no more hints"))


def _command(call: Call, tutor: Tutor) -> None:
    shown = tutor.show()
    if shown is None:
        call.show.line(_("there are no more commands"))
        return
    command, does = shown
    call.show.line(f"{tutor.briefing.shown}/{len(tutor.briefing.steps)}: {does}", "bold")
    for line in command.strip("\n").split("\n"):
        call.show.line(f"    {line}")


def _shell(call: Call, tutor: Tutor) -> None:
    call.show.say(_("exit brings you back"))
    code = tutor.desk.shell()
    call.show.say(_("the shell ended with {code}").format(code=code))


def _check(call: Call, tutor: Tutor) -> None:
    directory = tutor.begin(lambda: call.show.say(waiting()))
    runs.follow(replace(call, show=_Examiner.of(call.show, tutor)), directory)
    tell(call, tutor, tutor.view(directory))


@dataclass(frozen=True, slots=True)
class _Examiner(Presenter):
    """Shows the events of a run as far as the trainee may see them."""

    tutor: Tutor

    @classmethod
    def of(cls, show: Presenter, tutor: Tutor) -> _Examiner:
        return cls(show.out, show.err, show.quiet, tutor)

    def event(self, event: Event) -> None:
        """Show one."""
        Presenter.event(self, self.tutor.heard(event))


def tell(call: Call, tutor: Tutor, view: RunView) -> None:
    """Judge a run of checks, and say what is said of it."""
    verdict = tutor.judged(view)
    for why in verdict.why:
        call.show.line(f"{_('not yet')}: {why}", "yellow")
    if verdict.passed:
        _passed(call, tutor, verdict)


def _passed(call: Call, tutor: Tutor, verdict: Verdict) -> None:
    call.show.line(f"{_('passed')} ({clock(tutor.seconds)})", "bold green")
    for name in verdict.beside:
        call.show.line(f"{_('you have also changed')}: {name}")
    if tutor.drill:
        _lines(call, tutor.afterwards())


def _lines(call: Call, text: str) -> None:
    for line in text.split("\n"):
        call.show.line(line)


def _give_up(call: Call, tutor: Tutor) -> None:
    if not tutor.drill:
        call.show.say(_menu(tutor))
        return
    _lines(call, tutor.give_up())


def _name(call: Call, tutor: Tutor) -> None:
    if not tutor.drill:
        call.show.say(_menu(tutor))
        return
    for number, each in enumerate(tutor.briefing.choices, start=1):
        call.show.line(f"{number}  {each.cause}")
    word = asked(call, f"{_('which is it?')} ")
    if not word.isascii() or not word.isdigit() or not 1 <= int(word) <= len(tutor.briefing.choices):
        call.show.say(_("none was named"))
        return
    right = tutor.name(tutor.briefing.choices[int(word) - 1])
    verdict = tutor.completed()
    if verdict is not None:
        _passed(call, tutor, verdict)
    else:
        call.show.line(tutor.answer(right=right), "green" if right else "yellow")


_ACTIONS: Mapping[str, Callable[[Call, Tutor], None]] = {
    "t": _text,
    "h": _hint,
    "c": _command,
    "s": _shell,
    "k": _check,
    "a": _name,
    "x": _give_up,
}


def speak(call: Call, host: str, port: int, *, lmtp: bool) -> int:
    """Hold one conversation, each line explained.

    Raises:
        RefusedError: nobody answers there, or the connection broke.
    """
    try:
        talk, heard = Talk.open(host, port, lmtp=lmtp)
    except OSError as error:
        raise RefusedError(f"{host}:{port}: {error.strerror or error}") from error
    try:
        for each in heard:
            call.show.line(str(each))
        while not talk.ended:
            call.show.ask("> ")
            line = sys.stdin.readline()
            if not line:
                return int(ExitCode.NOT_VERIFIED)
            for each in talk.say(line.rstrip("\r\n")):
                call.show.line(str(each))
    except OSError as error:
        raise RefusedError(f"{host}:{port}: {error.strerror or error}") from error
    except ValueError as error:
        raise AnswerError((Problem("line", "typed", str(error)),)) from None
    finally:
        talk.close()
    return int(ExitCode.VERIFIED)
