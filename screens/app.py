"""The full-screen wizard: what the screens share, and what the keys do."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, Literal, TypeVar

from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.events import Resize
from textual.geometry import Size
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Button

from wizard.desk import Desk, Form, LogBatch, Place, RunView, Standing
from wizard.errors import WizardError
from wizard.screens.dialogs import Page, Question, TooSmall
from wizard.screens.driver import Driver
from wizard.screens.panes.answers import SaveAnswers, Typed
from wizard.screens.panes.changes import ChangesPane, Decided
from wizard.screens.rail import PANES, PaneChosen, StageChosen
from wizard.screens.stage import StageScreen
from wizard.screens.terminal import SMALLEST, Terminal
from wizard.screens.threads import Bell, Follower, LogReader, News, aside
from wizard.screens.words import help_for
from wizard.stages import STAGES

T = TypeVar("T")
SECOND = 1.0
"""Between two redraws of the seconds that are left."""
SETTLE = 0.5
"""Seconds after the last change of place before it is written down."""
RESIZED = 0.2
"""Seconds after the last change of size before everything is drawn anew."""
LOG_KEPT = 25
"""Batches of log lines kept for a screen that is opened later."""
LAST = len(STAGES)
OWN_COLOURS = "ansi-dark"
"""The theme of the terminal's own 16 colours."""


class WizardApp(App[int]):
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
        Binding("ctrl+l", "redraw", "Redraw", priority=True),
        Binding("q,ctrl+q,ctrl+c", "leave", "Quit"),
        *(Binding(str(number), f"stage({number})", show=False) for number in range(1, LAST + 1)),
    ]

    def __init__(
        self,
        desk: Desk,
        *,
        alone: int = 0,
        watching: Path | None = None,
        terminal: Terminal | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Prepare the screens.

        Args:
            desk: this terminal's side of the engine.
            alone: the one stage that is looked at; 0 for all six.
            watching: a run that is only looked at.
            terminal: what the terminal can do.
            now: the clock, for the seconds that are left.
        """
        self.terminal = terminal or Terminal.of(os.environ)
        Driver.terminal = self.terminal
        # What Textual does by itself where no colour is wanted is to send greys.
        super().__init__(driver_class=Driver, ansi_color=None if self.terminal.colours else True)
        self.desk = desk
        self.alone = alone
        self.watching = watching
        self.view = RunView()
        self.standing: tuple[Standing, ...] = tuple(Standing(each.number, each.name, "open") for each in STAGES)
        self.form: Form | None = None
        self.plans: dict[int, str] = {}
        self.plan_errors: dict[int, str] = {}
        self.logs: deque[LogBatch] = deque(maxlen=LOG_KEPT)
        self.said = ""
        """What is to be said once; gone with the next key."""
        self.closing = False
        self.now = now
        self._place = Place()
        self._follower: Follower | None = None
        self._missed: Follower | None = None
        """Of the run whose end without a word was told."""
        self._news: News | None = None
        self._reader: LogReader | None = None
        self._screens: dict[int, StageScreen] = {}
        self._noted = 0
        self._asked = 0
        self._settling: Timer | None = None
        self._resized: Timer | None = None
        self._drawn_for: Size | None = None
        self.stood = False
        """Whether it was seen where the stages stand."""

    # The beginning.

    def on_mount(self) -> None:
        """Come back to where somebody was, and show what goes on."""
        self._place, trouble = self.desk.recall()
        self.said = trouble
        if not self.terminal.truecolour:
            self.theme = OWN_COLOURS
        elif self._place.theme in self.available_themes:
            self.theme = self._place.theme
        self.loop = asyncio.get_running_loop()
        self.redraw = Bell(self.loop, self.call_later, self._happened)
        self._news = None if self.watching else News(self.desk, self.redraw)
        if self.watching:
            self._follow(self.watching)
        else:
            foremost = self.desk.foremost()
            if foremost is not None and (self.desk.lives(foremost) or self._place.stage):
                self._follow(foremost)
        if self.watching:
            self._place = Place(1, "check")
        self._open(self.alone or self._place.stage or 0)
        self._look()
        self.set_interval(SECOND, self._tick)

    def _aside(self, work: Callable[[], T], then: Callable[[T | Exception], None]) -> None:
        """Do something that blocks beside the screen; see `aside`."""
        aside(self.loop, self.call_later, work, then)

    def on_unmount(self) -> None:
        """Let the threads end."""
        self.redraw.close()

    def _open(self, number: int) -> None:
        """Open a stage's screen; 0: the first that is not verified, as soon as that is known."""
        if number:
            screen = self._of(number)
            screen.pane = self._place.pane if self._place.pane in PANES and not self._screens_seen else screen.pane
            self._screens_seen = True
            self.push_screen(screen)
            return
        self._of(1)
        self.push_screen(self._of(1))
        self._wants_first = True

    _screens_seen = False
    _wants_first = False

    def _of(self, number: int) -> StageScreen:
        if number not in self._screens:
            self._screens[number] = StageScreen(STAGES[number - 1], "check" if self.watching else "why")
            # What is installed is kept when another screen takes its place.
            self.install_screen(self._screens[number], f"stage-{number}")
        return self._screens[number]

    @property
    def here(self) -> StageScreen | None:
        """The stage's screen that is on top, or below what lies over it."""
        return next((each for each in reversed(self.screen_stack) if isinstance(each, StageScreen)), None)

    # What goes on.

    @property
    def in_control(self) -> bool:
        """Whether this terminal may change anything."""
        return self._news is not None and self._news.in_control

    @property
    def run_is_on(self) -> bool:
        """Whether a run is on."""
        return self._follower is not None and not self._follower.ended and not self.view.finished

    @property
    def running_stage(self) -> int:
        """The stage that a run is at; 0 if none is."""
        return self.view.current if self.run_is_on else 0

    def _follow(self, directory: Path) -> None:
        if self._follower is None or self._follower.directory != directory:
            self._follower = Follower(self.desk, directory, self.redraw)
            self.view = self._follower.view
            self._noted = self._asked = 0

    def _happened(self) -> None:
        """Show what the threads have seen."""
        if self._news is not None and self._news.run is not None and not self.watching:
            self._follow(self._news.run)
        before = self.view
        self._take_view()
        if self.watching and self.view.current not in {0, before.current}:
            self.action_stage(self.view.current)
        screen = self.here
        if screen is None:
            return
        self._ask_once(screen)
        self._pass_logs(screen)
        screen.show()

    def _take_view(self) -> None:
        """Take the run as it is now, and look at the server anew where a stage or the run has ended."""
        follower, before = self._follower, self.view
        if follower is None:
            return
        self.view = follower.view
        if follower.ended and not self.view.finished and follower is not self._missed:
            self._missed = follower
            self.said = "the run ended without a word: " + (self.desk.output(follower.directory) or "it was killed")
        if (self.view.finished, _ended(self.view)) != (before.finished, _ended(before)):
            self._look()

    def _pass_logs(self, screen: StageScreen) -> None:
        """Hand on what was logged, if it is looked at."""
        for batch in self._reader.taken() if self._reader is not None else ():
            self.logs.append(batch)
            if screen.pane == "logs":
                screen.add_logs(batch)
        if screen.pane == "logs" and len(self.view.notes) > self._noted:
            screen.say(self.view.notes[self._noted :])
        self._noted = len(self.view.notes)

    def _ask_once(self, screen: StageScreen) -> None:
        """Bring a plan that waits into view, once; and the checks when it was approved."""
        question = self.view.question
        if question and question.number != self._asked and question.stage == screen.stage.number and self.in_control:
            self._asked = question.number
            screen.action_pane("changes")

    def _tick(self) -> None:
        """Count the seconds, if something is waited for; nothing is written otherwise."""
        screen = self.here
        if screen is not None and self.run_is_on and self.view.waiting and screen.is_current:
            screen.show_status()

    def _look(self) -> None:
        """Ask anew where the stages stand, and what the server has."""
        self._aside(self.desk.standing, self._stands)
        self._aside(lambda: self.desk.form({}), self._formed)
        self.plans.clear()
        self.plan_errors.clear()
        if self.here is not None:
            self.plan(self.here.stage.number)

    def _stands(self, found: tuple[Standing, ...] | Exception) -> None:
        if isinstance(found, Exception):
            self.tell(str(found))
            return
        self.standing = found
        self.stood = True
        if self._wants_first:
            self._wants_first = False
            first = next((each.number for each in found if each.state != "verified"), LAST)
            self.action_stage(first)
        if self.here is not None:
            self.here.show()

    def _formed(self, found: Form | Exception) -> None:
        if isinstance(found, Exception):
            self.tell(str(found))
            return
        # What is typed now, not what was when this was asked: both may have changed meanwhile.
        for key, text in (self.form.changes if self.form else self._place.drafts).items():
            found = found.typed(key, text)
        self.form = found
        if self.here is not None:
            self.call_later(self.here.show_form)

    def plan(self, number: int) -> None:
        """Ask what a stage would change now."""

        def planned(found: str | Exception) -> None:
            if isinstance(found, Exception):
                self.plan_errors[number] = str(found)
            else:
                self.plans[number] = found
            if self.here is not None:
                self.here.show()

        if number not in self.plans and not self.run_is_on:
            self._aside(lambda: self.desk.plan(number), planned)

    def tell(self, text: str) -> None:
        """Say something once, on the line above the keys."""
        self.said = text.splitlines()[0] if text else ""
        if self.here is not None:
            self.here.show_status()

    def advice(self, number: int) -> str:
        """Say what is to be done next at a stage."""
        each = next(row for row in self.standing if row.number == number)
        if self.alone:
            return "F8 runs the checks, F9 puts the stage in order"
        if each.state == "verified":
            return "verified; F10 shows the report" if number == LAST else "verified; F10 goes on to the next stage"
        if each.state == "shut":
            before = next(row for row in self.standing if row.state != "verified")
            return (
                f"shut: stage {before.number} ({before.name}) is {before.state}; F10 opens when all before are verified"
            )
        return "F9 sets this stage up and checks it; F8 checks alone"

    def may_go_on(self, number: int) -> bool:
        """Whether the gate behind a stage is open: it and all before it are verified."""
        return not self.alone and all(each.state == "verified" for each in self.standing[:number])

    def missing(self, number: int) -> str:
        """Say what keeps the gate behind a stage shut."""
        shut = next((each for each in self.standing[:number] if each.state != "verified"), None)
        if shut is None:
            return ""
        failed = [each.title for each in self.view.stage(shut.number).checks if each.state in {"fail", "unknown"}]
        because = f": {'; '.join(failed[:2])}" if failed else f" ({shut.why})" if shut.why else ""
        return f"the gate is shut: stage {shut.number} ({shut.name}) is {shut.state}{because}"

    # The place.

    def came_to(self, screen: StageScreen) -> None:
        """Remember where somebody is, and bring what the pane needs."""
        if screen.pane == "changes":
            self.plan(screen.stage.number)
        if screen.pane == "answers":
            self.call_later(screen.show_form)
        if screen.pane == "logs":
            if self._reader is None:
                self._reader = LogReader(self.desk, self.redraw)
            if not screen.logged:
                for batch in self.logs:
                    screen.add_logs(batch)
                screen.say(self.view.notes)
            screen.logged = True
        self.settle()

    def settle(self) -> None:
        """Write the place down a little later."""
        if self._settling is not None:
            self._settling.stop()
        self._settling = self.set_timer(SETTLE, self._remember)

    def _remember(self) -> None:
        screen = self.here
        if screen is None or self.watching:
            return
        secret = {each.key for each in self.form.answers if each.secret} if self.form else set()
        drafts = {key: text for key, text in (self.form.changes if self.form else {}).items() if key not in secret}
        theme = self.theme if self.terminal.truecolour else self._place.theme
        place = Place(screen.stage.number, screen.pane, drafts, theme)
        if place != self._place:
            self._place = place
            self._aside(lambda: self.desk.remember(place), self._failed)

    def _failed(self, found: object) -> None:
        if isinstance(found, Exception):
            self.tell(str(found))

    def fit(self, size: Size) -> None:
        """Cover the screen where there is no room for it, and uncover it again."""
        if self.here is None:  # the first screen is not up yet, and asks for this itself
            return
        small = size.width < SMALLEST[0] or size.height < SMALLEST[1]
        if small and not any(isinstance(each, TooSmall) for each in self.screen_stack):
            self.push_screen(TooSmall())
        elif not small and isinstance(self.screen, TooSmall):
            self.pop_screen()

    def on_resize(self, event: Resize) -> None:
        """Do so whatever lies over the stage's screen, which hears of no size then."""
        self.fit(event.size)
        before, self._drawn_for = self._drawn_for, event.size
        if before in {None, event.size}:
            return
        # What was drawn meanwhile was drawn for the size before.
        self._forget()
        if self._resized is not None:
            self._resized.stop()
        self._resized = self.set_timer(RESIZED, self.action_redraw)

    def _forget(self) -> None:
        if isinstance(self._driver, Driver):
            self._driver.forget()

    async def on_event(self, event: Any) -> None:
        """Let what was said go with the next key."""
        if self.said and type(event).__name__ == "Key":
            self.said = ""
        await super().on_event(event)

    # What the keys do.

    def action_stage(self, number: int) -> None:
        """Show another stage."""
        if self.alone and number != self.alone:
            self.tell("one stage alone is open; 'mailman-wizard' shows all six")
            return
        screen = self._of(number)
        if self.here is not screen:
            self.switch_screen(screen)
            self.plan(number)
            self.call_after_refresh(screen.show)
            self.settle()

    def on_stage_chosen(self, message: StageChosen) -> None:
        """Show the stage that was clicked on."""
        self.action_stage(message.number)

    def on_pane_chosen(self, message: PaneChosen) -> None:
        """Show the pane that was clicked on."""
        if self.here is not None:
            self.here.action_pane(message.pane)

    def action_help(self) -> None:
        """Help for the pane that is shown."""
        pane = self.here.pane if self.here else "check"
        self.push_screen(Page("Help", help_for(pane)))

    def action_shell(self) -> None:
        """Give the terminal to a shell until that ends."""
        with self.suspend():
            code = self.desk.shell()
        self.refresh(layout=True)
        self._look()
        self.tell(f"the shell ended with {code}; what it changed is looked at anew")

    def action_redraw(self) -> None:
        """Draw everything anew, if there still is something."""
        if not self.screen_stack:
            return
        self.screen.refresh(layout=True, recompose=False)
        self._driver_clear()

    def _driver_clear(self) -> None:
        if self._driver is not None:
            self._driver.write("\x1b[2J\x1b[H")
        self.refresh(repaint=True, layout=True)

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
            self.tell("no plan waits for an answer")

    def on_decided(self, message: Decided) -> None:
        """Pass the answer on to the run."""
        if self._follower is None:
            return
        if not self.in_control:
            self.tell("this screen is read-only")
            return
        directory = self._follower.directory
        question = message.question.number
        self._aside(lambda: self.desk.answer(directory, question, approve=message.approve), self._failed)
        if self.here is not None and message.approve:
            self.here.action_pane("check")

    def _begin(self, command: Literal["apply", "check"]) -> None:
        """Start a run for the stage that is shown, with the answers as they are."""
        screen = self.here
        if screen is None:
            return
        number = screen.stage.number
        each = self.standing[number - 1]
        if not self.in_control:
            self.tell("this screen is read-only")
        elif self.run_is_on:
            self.tell("a run is on; Ctrl+X stops it")
        elif command == "apply" and each.state == "shut" and not self.alone:
            self.tell(self.missing(number - 1))
        elif self._saved(screen):
            self._aside(lambda: self.desk.start(command, number, number), self._begun)
            screen.action_pane("check")
            self.tell("starting …")

    def _begun(self, found: Path | Exception) -> None:
        if isinstance(found, Exception):
            self.tell(str(found))
            return
        self.said = ""
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
            self.tell("this screen is read-only")
        elif not self.form.changes:
            self.tell("nothing was changed")
        elif self._saved(screen):
            self.tell(f"saved in {self.desk.path}")

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
        if self.alone:
            self.tell("one stage alone is open; 'mailman-wizard' walks through all six")
        elif not self.may_go_on(number):
            self.tell(self.missing(number))
        elif number == LAST:
            self.action_report()
        else:
            self.action_stage(number + 1)

    def action_report(self) -> None:
        """Show what was proven."""

        def reported(found: str | Exception) -> None:
            if isinstance(found, Exception):
                self.tell(str(found))
            else:
                self.push_screen(Page("Report", found))

        self._aside(self.desk.report, reported)

    def action_stop_run(self) -> None:
        """Ask whether the run is to be stopped."""
        follower = self._follower
        if not self.run_is_on or follower is None:
            self.tell("no run is on")
        elif not self.in_control:
            self.tell("this screen is read-only")
        else:
            text = "Stop the run? It puts back what it was changing."
            self._asking(text, lambda: self._aside(lambda: self.desk.stop(follower.directory), self._failed))

    def action_take_over(self) -> None:
        """Ask whether this terminal is to have the controls."""
        if self.in_control or self.watching:
            self.tell("this screen has the controls" if self.in_control else "watch is read-only")
            return

        self._asking("Take the controls? The other terminal becomes read-only.", self.desk.take_over)

    def _asking(self, text: str, do: Callable[[], object]) -> None:
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
            self._asking(text, self._leave)

    def _leave(self) -> None:
        self._remember()
        self.closing = True
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


def _ended(view: RunView) -> int:
    """Count the stages of a run whose checks have ended."""
    return sum(1 for stage in view.stages.values() if stage.outcome not in {"", "running"})
