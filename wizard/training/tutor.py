"""The trainee's side within the lab: hints, commands, the examiner, and what is said afterwards.

Every face (the screens, the plain lines) calls this; what it does is told to the journal outside.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from wizard import controls
from wizard.desk import Desk, RunView, step
from wizard.errors import WizardError
from wizard.events import Event
from wizard.host import Host
from wizard.i18n import _
from wizard.localhost import LocalHost
from wizard.training import judge
from wizard.training.briefing import Briefing, Choice
from wizard.training.judge import Verdict
from wizard.training.progress import Journal
from wizard.training.turn import Turn


@dataclass
class Tutor:
    """One lesson or drill that is on. What it does may block."""

    briefing: Briefing
    journal: Journal
    desk: Desk
    host: Host
    turn: Turn
    held: int | None = None
    """The turn, while it is ours."""
    found: frozenset[str] = frozenset()
    """Faults of a drill that were named."""
    told: bool = False
    """Whether it was said what it was, with which a drill ends without being passed."""
    whole: Verdict | None = None
    """What the last checks of a drill found, if its server is whole: then all that may be missing are names."""
    took: float | None = None
    """Seconds until it was passed here."""

    @classmethod
    def sit_down(cls, place: Path, journal: Journal, desk: Desk, turn: Turn) -> Tutor:
        """Begin with what the session outside has written down.

        Raises:
            OSError: it cannot be read.
        """
        return cls(Briefing.load(place.read_text(encoding="utf-8")), journal, desk, LocalHost(), turn)

    @property
    def seconds(self) -> float:
        """Since it was begun, until it was passed."""
        if self.took is not None:
            return self.took
        return max((datetime.now(UTC) - datetime.fromisoformat(self.briefing.begun)).total_seconds(), 0.0)

    @property
    def title(self) -> str:
        """What it is called."""
        told = self.briefing
        return (
            _("Drill, level {level}, seed {seed}").format(level=told.level, seed=told.seed)
            if self.drill
            else told.title
        )

    @property
    def drill(self) -> bool:
        """Whether it is one."""
        return self.briefing.exam == "drill"

    @property
    def open(self) -> bool:
        """Whether what is broken is no secret: of a drill that is over, and of every lesson."""
        return not self.drill or self.told or self.briefing.passed

    @property
    def task(self) -> str:
        """What is to be done, as Markdown."""
        return self.briefing.task or _(
            "This server worked, and something was broken. Find out what it is, name the cause, and mend it in any way "
            "that works. What was there before (accounts, letters, lists, members) must be there afterwards."
        )

    @property
    def hints(self) -> tuple[str, ...]:
        """Those that were given."""
        return self.briefing.hints[: self.briefing.hinted]

    @property
    def steps(self) -> tuple[tuple[str, str], ...]:
        """The commands that were shown."""
        return self.briefing.steps[: self.briefing.shown]

    def hint(self) -> str:
        """Give the next hint; empty if there is none."""
        told = self.briefing
        if told.hinted >= len(told.hints):
            return ""
        self.journal("hint", step=told.hinted + 1)
        self.briefing = replace(told, hinted=told.hinted + 1)
        return told.hints[told.hinted]

    def show(self) -> tuple[str, str] | None:
        """Show the next command and what it does; None if there is none."""
        told = self.briefing
        if told.shown >= len(told.steps):
            return None
        self.journal("shown", step=told.shown + 1)
        self.briefing = replace(told, shown=told.shown + 1)
        return told.steps[told.shown]

    def name(self, choice: Choice) -> bool:
        """Name a cause; tells whether it is one. `completed` is for what comes of it."""
        right = choice.fault in self.briefing.faults
        self.journal("named", fault=choice.fault, right=right)
        if right:
            self.found |= {choice.fault}
        return right

    def answer(self, *, right: bool) -> str:
        """Say what comes of naming a cause."""
        if not right:
            return _("no, that is not it")
        if frozenset(self.briefing.faults) - self.found:
            return _("right, and there is another one")
        return _("right") if self.open or self.whole is not None else _("right: now mend it")

    def completed(self) -> Verdict | None:
        """Pass a drill whose last cause was named after its server was found whole; None if that is not so."""
        if self.whole is None or self.briefing.passed or self._unnamed:
            return None
        self._pass(self.whole)
        return self.whole

    def give_up(self) -> str:
        """Be told what it was, as `afterwards` says it."""
        if not self.open:
            self.told = True
            self.journal("given-up")
        return self.afterwards()

    def begin(self, waits: Callable[[], object]) -> Path:
        """Start the checks, when it is this server's turn; `judged` is for their end.

        Args:
            waits: called if it is another's turn.

        Raises:
            WizardError: they cannot be started.
            OSError: the same.
        """
        first, last = self.briefing.checks
        self.give_back()
        self.held = self.turn.take(wait=False)
        if self.held is None:
            waits()
            self.held = self.turn.take()
        try:
            return self.desk.start("check", first, last)
        except BaseException:
            self.give_back()
            raise

    def view(self, directory: Path) -> RunView:
        """Follow a run to its end, and return what came of it."""
        view = RunView()
        for event in controls.follow(directory):
            view = step(view, event)
        return view

    def judged(self, view: RunView) -> Verdict:
        """Judge what a run of checks has found, and tell the journal."""
        try:
            verdict = self._verdict(view)
        finally:
            self.give_back()
        self.whole = verdict if self.drill and verdict.passed else None
        if verdict.passed and (unnamed := self._unnamed):
            verdict = replace(verdict, passed=False, why=(unnamed,))
        self.journal("checked", run=view.name, passed=verdict.passed, why=list(verdict.why))
        if verdict.passed and not self.briefing.passed:
            self._pass(verdict)
        return verdict

    def _pass(self, verdict: Verdict) -> None:
        self.took = self.seconds
        self.journal("passed", beside=list(verdict.beside))
        self.briefing = replace(self.briefing, passed=True)

    @property
    def _unnamed(self) -> str:
        """Say what is missing of the causes' names; empty if nothing is."""
        if not self.drill or self.briefing.passed:
            return ""
        if self.told:
            return _("the server works again, but you were told what it was; a reset begins the drill again")
        left = len(frozenset(self.briefing.faults) - self.found)
        if left and self.found:
            return _("the server works again; name the other cause, too")
        return _("the server works again; now name the cause") if left else ""

    def seen(self, view: RunView) -> RunView:
        """Give a run as it may be seen: in a drill that goes on, it is not the examiner who names the cause."""
        if self.open:
            return view
        stages = {
            number: replace(stage, checks=tuple(replace(each, causes=()) for each in stage.checks))
            for number, stage in view.stages.items()
        }
        return replace(view, stages=stages)

    def heard(self, event: Event) -> Event:
        """Give an event of a run, as `seen` does."""
        if self.open or event.kind != "check.finished":
            return event
        return replace(event, data={**event.data, "diagnosis": None, "also": []})

    def give_back(self) -> None:
        """Let it be the next one's turn."""
        held, self.held = self.held, None
        if held is not None:
            os.close(held)

    def _verdict(self, view: RunView) -> Verdict:
        from wizard.site import load  # noqa: PLC0415 (no first screen waits for it)
        from wizard.training import inside  # noqa: PLC0415 (nor for this)

        told = self.briefing
        first, last = told.checks
        # A run of fewer stages, or one that somebody else has started, proves less than what is asked for.
        why = [*judge.proven(view, first, last)]
        site = load(self.desk.path, self.desk.overrides, required=self.desk.required)
        if told.exam == "by-hand" and not why:
            seen = inside.by_hand(self.host, site)
            words = {
                "smtp": _("no message with 'by hand' in its subject has come to alice or bob by SMTP"),
                "lmtp": _("no post with 'by hand' in its subject has come to the list by LMTP"),
            }
            why += [words[name] for name, there in seen.items() if not there]
        beside: tuple[str, ...] = ()
        if told.exam == "drill" and site != inside.SITE:
            why.append(_("the answers are others than at the start; the drill is judged by those"))
        if told.exam == "drill" and not why:
            try:
                why += judge.harmed(told.there, inside.look(self.host))
            except WizardError as error:
                why.append(str(error))
            beside = judge.beside(told.settings, told.broken, inside.settings(self.host))
        return Verdict(not why, tuple(why), beside)

    def afterwards(self) -> str:
        """Say what it was, how it showed, and the shortest way to mend it, as Markdown."""
        parts = []
        for each in self.briefing.true:
            mend = "\n".join(
                f"    {line}" for command, does in each.mend for line in (f"# {does}", *command.split("\n"))
            )
            parts.append(
                f"## {_('What it was')}\n\n{each.cause}\n\n## {_('How it showed, and the shortest way to find it')}\n\n"
                f"{each.showed}\n\n## {_('The shortest way to mend it')}\n\n{mend}"
            )
        return "\n\n".join(parts)


def clock(seconds: float) -> str:
    """Write a time as minutes and seconds."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"
