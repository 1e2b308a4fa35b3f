"""The full-screen wizard: what the keys do."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar, Literal

from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Button

from wizard.desk import Standing
from wizard.errors import WizardError
from wizard.i18n import _
from wizard.outline import LAST
from wizard.screens.dialogs import Page, Palette, Question
from wizard.screens.panes.answers import SaveAnswers, Typed
from wizard.screens.panes.changes import ChangesPane, Decided
from wizard.screens.rail import PaneChosen, StageChosen
from wizard.screens.seeing import OWN_COLOURS, Seeing
from wizard.screens.stage import StageScreen
from wizard.screens.words import help_for

BELOW = frozenset({"check", "set_up", "next", "decline", "stop_run", "take_over", "shell", "stage"})
"""The actions that show what they do on a stage's screen."""


class WizardApp(Seeing):
    """The wizard on one terminal."""

    CSS_PATH = "wizard.tcss"
    TITLE = "mailman-wizard"
    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1", "help", "Help"),
        Binding("f2", "shell", "Shell"),
        Binding("f8,r", "check", "Check"),
        Binding("f9,p", "set_up", "Set up"),
        Binding("f10,n", "next", "Next"),
        Binding("f12", "decline", "Decline"),
        Binding("ctrl+x", "stop_run", "Stop the run"),
        Binding("t", "take_over", "Take over"),
        Binding("h", "train('hint')", "Hint", show=False),
        Binding("x", "train('commands')", "Commands", show=False),
        Binding("g", "train('name')", "Name the cause", show=False),
        Binding("ctrl+r", "train('reset')", "Reset", show=False),
        Binding("ctrl+l", "redraw", "Redraw", priority=True),
        Binding("q,ctrl+q,ctrl+c", "leave", "Quit"),
        *(Binding(str(number), f"stage({number})", show=False) for number in range(1, LAST + 1)),
    ]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave the keys of the stage's screen alone where a page lies over it: nobody sees there what they do."""
        return not (isinstance(self.screen, Page) and action in BELOW) and super().check_action(action, parameters)

    def on_stage_chosen(self, message: StageChosen) -> None:
        """Show the stage that was clicked on."""
        self.action_stage(message.number)

    def on_pane_chosen(self, message: PaneChosen) -> None:
        """Show the pane that was clicked on."""
        if self.here is not None:
            self.here.action_pane(message.pane)

    def action_command_palette(self) -> None:
        """Open the command palette."""
        if not isinstance(self.screen, Palette):
            self.push_screen(Palette(id="--command-palette"))

    def action_help(self) -> None:
        """Help for the pane that is shown."""
        pane = self.here.pane if self.here else "check"
        own = self.training.help if self.training is not None else ""
        self.push_screen(Page(_("Help"), own + help_for(pane)))

    def action_shell(self) -> None:
        """Give the terminal to a shell until that ends."""
        with self.suspend():
            code = self.desk.shell() if self.training is None else self.training.shell()
        self.refresh(layout=True)
        self._look()
        self.tell(_("the shell ended with {code}; what it changed is looked at anew").format(code=code))

    def action_train(self, what: str) -> None:
        """Do what training has a key for; without it, the key does nothing."""
        if self.training is None:
            return
        if what == "reset" and self.run_is_on:
            self.tell(_("a run is on; Ctrl+X stops it"))
            return
        {
            "hint": self.training.hint,
            "commands": self.training.commands,
            "name": self.training.name,
            "reset": self.training.reset,
        }[what]()
        if self.here is not None:
            self.here.show_status()

    def action_check(self) -> None:
        """Run the checks of the stage."""
        self._begin("check")

    def action_set_up(self) -> None:
        """Approve the plan that waits, or start to set the stage up."""
        screen = self.here
        if screen is not None and self.view.question and screen.query_one(ChangesPane).decide(approve=True):
            return
        self._begin("apply")

    def action_decline(self) -> None:
        """Decline the plan that waits."""
        if self.here is not None and not self.here.query_one(ChangesPane).decide(approve=False):
            self.tell(_("no plan waits for an answer"))

    def on_decided(self, message: Decided) -> None:
        """Pass the answer on to the run."""
        if self._follower is None:
            return
        if not self.in_control:
            self.tell(_("this screen is read-only"))
            return
        directory = self._follower.directory
        question = message.question.number
        self.aside(lambda: self.desk.answer(directory, question, approve=message.approve), self._failed)
        if self.here is not None and message.approve:
            self.here.action_pane("check")

    def _begin(self, command: Literal["apply", "check"]) -> None:
        """Start a run for the stage that is shown, with the answers as they are."""
        screen = self.here
        if screen is None:
            return
        number = screen.stage.number
        if keeps := self._keeps(command, number):
            self.tell(keeps)
            return
        typed = self.form is not None and bool(self.form.changes)
        if not self._saved(screen):
            return
        if self.training is not None and command == "check":
            self.aside(self.training.begin, self._begun)
        else:
            self.aside(lambda: self.desk.start(command, number, number), self._begun)
        screen.action_pane("check")
        self.tell(_("starting …"))
        if typed:
            self.tell(_("what was typed is saved in {path}").format(path=self.desk.path), after=True)

    def _keeps(self, command: str, number: int) -> str:
        """Say what keeps a run from being started; nothing if nothing does."""
        if not self.in_control:
            return _("this screen is read-only")
        if self.run_is_on:
            return _("a run is on; Ctrl+X stops it")
        if self.training is not None and (keeps := self.training.keeps(command)):
            return keeps
        shut = command == "apply" and self.standing[number - 1].state == "shut" and not self.alone
        return self.gates.missing(number - 1) if shut else ""

    def _begun(self, found: Path | Exception) -> None:
        if isinstance(found, Exception):
            self.tell(str(found))
            return
        self.said.go_on()
        if self.training is not None:
            self.training.began(found)
        if self._news is not None:
            self._news.run = found  # it will say so itself a little later
        self._follow(found)
        if self.here is not None:
            self.here.show()

    def _saved(self, screen: StageScreen) -> bool:
        """Save what was typed; tell whether a run may begin with the answers as they are."""
        form = self.form
        if form is None or not form.changes:
            return True
        if form.problems:
            wrong = form.problems[0]
            screen.action_pane("answers")
            self.tell(f"{wrong.key}: {wrong.problem}")
            return False
        try:
            self.desk.save(form)
        except WizardError as error:
            self.tell(str(error))
            return False
        self._look()
        return True

    def on_save_answers(self, _message: SaveAnswers) -> None:
        """Save the answers."""
        screen = self.here
        if screen is None or self.form is None:
            return
        if not self.in_control:
            self.tell(_("this screen is read-only"))
        elif not self.form.changes:
            self.tell(_("nothing was changed"))
        elif self._saved(screen):
            self.tell(_("saved in {path}").format(path=self.desk.path))

    async def on_typed(self, message: Typed) -> None:
        """Check what was typed, and show what it means."""
        if self.form is None or self.here is None:
            return
        self.form = self.form.typed(message.key, message.text)
        await self.here.show_form()
        self.settle()

    def action_next(self) -> None:
        """Go through the gate, if it is open."""
        screen = self.here
        if screen is None:
            return
        number = screen.stage.number
        if self.training is not None:
            self.training.forward()
            return
        if self.alone:
            self.tell("one stage alone is open; 'mailman-wizard' walks through all six")
            return

        def stands(found: tuple[Standing, ...] | Exception) -> None:
            self._stands(found)
            if isinstance(found, Exception):
                return
            if not self.gates.is_open(number):
                self.tell(self.gates.missing(number))
            elif number == LAST:
                self.action_report()
            else:
                self.said.hush()
                self.action_stage(number + 1)

        self.tell("looking whether the gate is open …")
        # On the configuration as it is now, which somebody else may have changed since it was looked at.
        self.aside(self.desk.standing, stands)

    def action_report(self) -> None:
        """Show what was proven."""

        def reported(found: str | Exception) -> None:
            if isinstance(found, Exception):
                self.tell(str(found))
            elif not isinstance(self.screen, Page):  # the key was pressed more than once
                self.said.hush()
                self.push_screen(Page("Report", found))

        self.tell("making the report …")
        self.aside(self.desk.report, reported)

    def action_stop_run(self) -> None:
        """Ask whether the run is to be stopped."""
        follower = self._follower
        if not self.run_is_on or follower is None:
            self.tell(_("no run is on"))
        elif not self.in_control:
            self.tell(_("this screen is read-only"))
        else:
            text = _("Stop the run? It puts back what it was changing.")
            self.asking(text, lambda: self.aside(lambda: self.desk.stop(follower.directory), self._failed))

    def action_take_over(self) -> None:
        """Ask whether this terminal is to have the controls."""
        if self.in_control or self.watching:
            self.tell("this screen has the controls" if self.in_control else "watch is read-only")
            return

        text = "Take the controls? The other terminal becomes read-only."
        self.asking(text, lambda: self.aside(self.desk.take_over, self._failed))

    def asking(self, text: str, do: Callable[[], object]) -> None:
        """Ask, and do it if the answer is yes."""

        def answered(yes: bool | None) -> None:  # noqa: FBT001 (Textual's signature)
            if yes:
                do()

        self.push_screen(Question(text), answered)

    def action_leave(self) -> None:
        """Leave the screen; with a warning while a run is on."""
        if not self.run_is_on or self.watching:
            self._leave()
        else:
            text = "A run is on. It goes on without this screen;\n'mailman-wizard' shows it again. Leave?"
            self.asking(
                text if self.training is None else _("A run is on, and ends with your lab. Leave?"), self._leave
            )

    def _leave(self) -> None:
        self.closing = True
        # Not beside the screen: what is there ends with it.
        if (place := self._here_now()) is not None:
            with suppress(OSError):
                self.desk.remember(place)
        self.exit(0)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Nothing is pressed here that a pane has not taken."""
        event.stop()

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:  # noqa: ARG002 (Textual's signature)
        """List what the command palette offers."""
        for title, words, action in (
            ("Check this stage", "Run its checks; nothing is changed", self.action_check),
            ("Set this stage up", "Plan, ask, apply and check", self.action_set_up),
            ("Next stage", "If the gate is open", self.action_next),
            ("Report", "What was proven, when, with what evidence", self.action_report),
            ("Shell", "A shell, and back with exit", self.action_shell),
            ("Stop the run", "It puts back what it was changing", self.action_stop_run),
            ("Take over", "Have the controls on this terminal", self.action_take_over),
            ("Quit", "A run goes on", self.action_leave),
        ):
            yield SystemCommand(title, words, action)
        for title, theme in (
            ("Dark", "textual-dark"),
            ("Light", "textual-light"),
            ("Terminal's own colours", OWN_COLOURS),
        ):
            yield SystemCommand(f"Theme: {title}", "How the screens look", lambda theme=theme: self._themed(theme))

    def _themed(self, theme: str) -> None:
        self.theme = theme
        self.settle()
