"""The trainee's side within the lab: hints, commands, the examiner, and what is said afterwards.

Every face (the screens, the plain lines) calls this; what it does is told to the journal outside.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from wizard import controls
from wizard.desk import Desk, RunView, step
from wizard.errors import WizardError
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

    @classmethod
    def sit_down(cls, place: Path, journal: Journal, desk: Desk, turn: Turn) -> Tutor:
        """Begin with what the session outside has written down.

        Raises:
            OSError: it cannot be read.
        """
        return cls(Briefing.load(place.read_text(encoding="utf-8")), journal, desk, LocalHost(), turn)

    @property
    def seconds(self) -> float:
        """Since it was begun."""
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
        """Name a cause; tells whether it is one."""
        right = choice.fault in self.briefing.faults
        self.journal("named", fault=choice.fault, right=right)
        return right

    def begin(self) -> Path:
        """Start the checks, when it is this server's turn; `judged` is for their end.

        Raises:
            WizardError: they cannot be started.
            OSError: the same.
        """
        first, last = self.briefing.checks
        self._give_back()
        self.held = self.turn.take()
        return self.desk.start("check", first, last)

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
            self._give_back()
        self.journal("checked", run=view.name, passed=verdict.passed, why=list(verdict.why))
        if verdict.passed and not self.briefing.passed:
            self.journal("passed", beside=list(verdict.beside))
            self.briefing = replace(self.briefing, passed=True)
        return verdict

    def _give_back(self) -> None:
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
        if told.exam == "by-hand" and not why:
            site = load(self.desk.path, self.desk.overrides, required=self.desk.required)
            seen = inside.by_hand(self.host, site)
            words = {
                "smtp": _("no message with 'by hand' in its subject has come to alice or bob by SMTP"),
                "lmtp": _("no post with 'by hand' in its subject has come to the list by LMTP"),
            }
            why += [words[name] for name, there in seen.items() if not there]
        beside: tuple[str, ...] = ()
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
