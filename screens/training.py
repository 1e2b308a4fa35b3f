"""The keys of training: hints, commands, the examiner's word, and what is asked of the session."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from wizard.desk import RunView
from wizard.i18n import _
from wizard.screens import lesson
from wizard.screens.dialogs import Page
from wizard.screens.lesson import Causes
from wizard.screens.prose import prose
from wizard.training.briefing import Ask
from wizard.training.judge import Verdict
from wizard.training.turn import waiting
from wizard.training.tutor import Tutor, clock

if TYPE_CHECKING:
    from wizard.screens.app import WizardApp


class Training:
    """The side of the app that a lesson or a drill needs."""

    def __init__(self, app: WizardApp, tutor: Tutor) -> None:
        self._app = app
        self.tutor = tutor
        self._judged = ""
        """The newest run that was judged."""
        self._begun: Path | None = None
        """The run of checks that is to be judged at its end."""
        self.begins = False
        """Whether checks are to begin, as soon as it is their turn."""

    @property
    def where(self) -> str:
        """Whose training it is, and of what."""
        told = self.tutor.briefing
        if self.tutor.drill:
            return f"{told.trainee}  {clock(self.tutor.seconds)}  {self.tutor.title}"
        return f"{told.trainee}  {_('lesson {number}').format(number=told.number)}: {self.tutor.title}"

    @property
    def ticks(self) -> bool:
        """Whether there is a clock that goes on."""
        return self.tutor.drill and not self.tutor.briefing.passed

    @property
    def keys(self) -> list[tuple[str, str, bool]]:
        """The keys, what each does, and whether it works now."""
        running = self._app.run_is_on
        stop = [("^X", _("stop"), self._app.in_control)] if running else []
        return [*lesson.keys(self.tutor, running=running), *stop, ("q", _("quit"), True)]

    @property
    def help(self) -> str:
        """The help for them as Markdown."""
        return f"{lesson.help_words()}\n\n"

    @property
    def advice(self) -> str:
        """What is to be done next."""
        if self.tutor.briefing.passed:
            return _("passed; F10 goes on") if self.tutor.briefing.more else _("passed; q leaves")
        if self.tutor.drill:
            return _("find the cause: F2 is a shell, F7 the logs; g names it, F8 checks it all")
        if self._app.here is not None and self._app.here.pane == "why":
            return _("your task ends this page (PgDn): do it in the shell (F2); F8 asks the examiner")
        return _("F3 has your task: do it in the shell (F2), then F8 asks the examiner")

    @property
    def unplanned(self) -> str:
        """Say why there are no plans and nothing is set up here; empty if that is not so."""
        return (
            "" if self.tutor.open else _("in a drill nothing is planned: find the cause, and mend it in the shell (F2)")
        )

    def keeps(self, command: str) -> str:
        """Say what keeps a run from being started; nothing if nothing does."""
        if self.begins:
            return waiting()
        return self.unplanned if command == "apply" else ""

    def page(self, stage: int) -> str:
        """Return the page of a drill, which is about all stages, or of the lesson of this very stage; else empty."""
        return lesson.page(self.tutor) if self.tutor.drill or self.tutor.briefing.stage == stage else ""

    def shell(self) -> int:
        """Give the trainee a shell, with what they may want to copy above its prompt; returns its exit code."""
        console = Console()
        for line in prose(f"{lesson.task(self.tutor)}\n\n{_('exit brings you back')}\n"):
            console.print(line.text, markup=False, highlight=False)
        return self._app.desk.shell()

    def hint(self) -> None:
        """Give the next hint."""
        if self.tutor.drill:
            self._app.tell(_("a drill has no hints; trace, the logs and F8 tell what is so"))
        elif self.tutor.hint():
            self._show()
        else:
            self._app.tell(_("there are no more hints"))

    def commands(self) -> None:
        """Show the next command; of a drill, what it was."""
        if self.tutor.drill:
            if self.tutor.open:
                self._given_up()
            else:
                self._app.asking(
                    _("Give up, and be told what it was? Then it does not count as passed."), self._given_up
                )
        elif self.tutor.show() is not None:
            self._show()
        else:
            self._app.tell(_("there are no more commands"))

    def name(self) -> None:
        """Name the cause."""
        choices = self.tutor.briefing.choices

        def named(found: int | None) -> None:
            if found is not None and 0 <= found < len(choices):
                right = self.tutor.name(choices[found])
                self._app.tell(self.tutor.answer(right=right))
                if (verdict := self.tutor.completed()) is not None:
                    self._said(verdict)

        if choices:
            self._app.push_screen(Causes(tuple(each.cause for each in choices)), named)

    def reset(self) -> None:
        """Ask the session for the lesson's start."""
        self._app.asking(
            _("Begin again from the start? What was done in the lab is lost."), lambda: self._leave(Ask.RESET)
        )

    def forward(self) -> None:
        """Ask the session for the next lesson."""
        if not self.tutor.briefing.more:
            self._app.tell(_("there is no lesson after this one"))
        elif not self.tutor.briefing.passed:
            self._app.tell(_("this lesson is not passed yet; 'mailman-wizard train LESSON' begins any other"))
        else:
            self._leave(Ask.NEXT)

    def begin(self) -> Path:
        """Start the checks, as `Tutor.begin` does; it blocks, and is called beside the screen."""
        self.begins = True
        try:
            return self.tutor.begin(lambda: self._app.loop.call_soon_threadsafe(self._app.tell, waiting()))
        finally:
            self.begins = False

    def began(self, directory: Path) -> None:
        """Judge a run of checks when it ends."""
        self._begun = directory

    def lost(self, directory: Path) -> None:
        """Wait for a run of checks no longer: it ended without a word."""
        if directory == self._begun:
            self.tutor.give_back()

    def seen(self, view: RunView) -> None:
        """Judge the run of checks, once, if it has ended."""
        if not view.finished or self._begun is None or self._begun.name != view.name or view.name == self._judged:
            return
        self._judged = view.name
        self._app.aside(lambda: self.tutor.judged(view), self._said)

    def _said(self, found: Verdict | Exception) -> None:
        if isinstance(found, Exception):
            self._app.tell(str(found))
            return
        if not found.passed:
            self._app.tell(f"{_('not yet')}: {found.why[0]}", after=True)
            return
        words = f"{_('passed')} ({clock(self.tutor.seconds)})"
        self._app.tell(f"{words}; {_('F10 goes on')}" if self.tutor.briefing.more else words)
        if self.tutor.drill:
            self._page(found)
            self._app.redraw()

    def _page(self, verdict: Verdict) -> None:
        beside = "\n".join(f"- {name}" for name in verdict.beside)
        also = f"\n\n## {_('you have also changed')}\n\n{beside}" if beside else ""
        self._app.push_screen(Page(_("passed"), self.tutor.afterwards() + also))

    def _given_up(self) -> None:
        self._app.push_screen(Page(_("What it was"), self.tutor.give_up()))
        self._app.redraw()

    def _leave(self, wanted: Ask) -> None:
        self._app.closing = True
        self._app.exit(int(wanted))

    def _show(self) -> None:
        screen = self._app.here
        if screen is not None:
            screen.action_pane("why")
            screen.show_lesson(self.page(screen.stage.number))
