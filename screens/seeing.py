"""What the screens have in common: what they know of the server and the run, and where somebody is."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from textual.events import Key, Paste
from textual.timer import Timer

from wizard import garbage
from wizard.desk import About, Desk, Ground, Place, RunView, Standing
from wizard.i18n import _
from wizard.outline import LAST, STAGES
from wizard.screens.fitting import Fitting
from wizard.screens.gates import Gates
from wizard.screens.past import Past
from wizard.screens.rail import PANES
from wizard.screens.saying import Saying
from wizard.screens.stage import StageScreen
from wizard.screens.terminal import Terminal
from wizard.screens.threads import Bell, Follower, LogReader, News
from wizard.screens.threads import aside as work_aside
from wizard.screens.turns import Turns

if TYPE_CHECKING:
    from wizard.desk.answers import Form
    from wizard.screens.app import WizardApp
    from wizard.training.tutor import Tutor

T = TypeVar("T")
SECOND = 1.0
"""Between two redraws of the seconds that are left."""
SETTLE = 0.5
"""Seconds after the last change of place before it is written down."""
OWN_COLOURS = "ansi-dark"
"""The theme of the terminal's own 16 colours."""


class Seeing(Fitting):
    """An app that shows a server and its runs; what the keys do is its child's."""

    def __init__(
        self,
        desk: Desk,
        *,
        alone: int = 0,
        watching: Path | None = None,
        tutor: Tutor | None = None,
        terminal: Terminal | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Prepare the screens.

        Args:
            desk: this terminal's side of the engine.
            alone: the one stage that is looked at; 0 for all six.
            watching: a run that is only looked at.
            tutor: the lesson or drill that the screens are for.
            terminal: what the terminal can do.
            now: the clock, for the seconds that are left.
        """
        super().__init__(terminal or Terminal.of(os.environ))
        self.desk = desk
        self.alone = alone
        self.watching = watching
        self.training = None
        if tutor is not None:
            from wizard.screens.training import Training  # noqa: PLC0415 (no other screen waits for it)

            self.training = Training(cast("WizardApp", self), tutor)
        self.view = RunView()
        self.standing: tuple[Standing, ...] = tuple(Standing(each.number, each.name, "looked at") for each in STAGES)
        self.about = About("", tuple(Ground(each.number) for each in STAGES))
        self.trouble: Exception | None = None
        """Why there is nothing to be shown: the answers cannot be read."""
        self.form: Form | None = None
        self.plans: dict[int, str] = {}
        self.plan_errors: dict[int, str] = {}
        self.past = Past()
        self.said = Saying()
        self.closing = False
        self.now = now
        self._place = Place()
        self._follower: Follower | None = None
        self._missed: Follower | None = None
        """Of the run whose end without a word was told."""
        self._news: News | None = None
        self._reader: LogReader | None = None
        self._screens: dict[int, StageScreen] = {}
        self._wants_first = False
        """Whether to go to the first stage that is not verified, as soon as it is known."""
        self._looks = 0
        """How often the server was looked at anew."""
        self._asked = 0
        self._settling: Timer | None = None
        self.stood = False
        """Whether it was seen where the stages stand."""
        self._turns = Turns(self, lambda: self.focused or self.screen, super().on_event)

    # The beginning.

    def on_mount(self) -> None:
        """Come back to where somebody was, and show what goes on."""
        self._place, damaged = self.desk.recall()
        self.tell(damaged)
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
        self._open(self.alone or self._place.stage or int(self.training is not None))
        # Not before the screen is drawn: what is loaded for this would hold that up.
        self.call_after_refresh(self._begin_looking)
        self.set_interval(SECOND, self._tick)

    def _begin_looking(self) -> None:
        if self._news is not None:
            self._news.start()
        self.aside(self.desk.about, self._known)

    def aside(self, work: Callable[[], T], then: Callable[[T | Exception], None]) -> None:
        """Do something that blocks beside the screen; see `threads.aside`."""
        work_aside(self.loop, self.call_later, work, then)

    def on_unmount(self) -> None:
        """Let the threads end."""
        self.redraw.close()

    def _open(self, number: int) -> None:
        """Open a stage's screen; 0: the first that is not verified, as soon as that is known."""
        if number:
            screen = self._of(number)
            screen.pane = self._place.pane if self._place.pane in PANES else screen.pane
            self.push_screen(screen)
            return
        self.push_screen(self._of(1))
        self._wants_first = True

    def _of(self, number: int) -> StageScreen:
        if number not in self._screens:
            self._screens[number] = StageScreen(STAGES[number - 1], "check" if self.watching else "why")
            # What is installed is kept when another screen takes its place.
            self.install_screen(self._screens[number], f"stage-{number}")
        return self._screens[number]

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
            self.view = self._seen(self._follower.view)
            self._asked = 0

    def _seen(self, view: RunView) -> RunView:
        """Give a run as it may be seen here."""
        return view if self.training is None else self.training.tutor.seen(view)

    def _happened(self) -> None:
        """Show what the threads have seen."""
        if self._news is not None and self._news.run is not None and not self.watching:
            self._follow(self._news.run)
        before = self.view
        self._take_view()
        if self.view.current not in {0, before.current}:
            if self.watching:
                self.action_stage(self.view.current)
            elif self._goes_along(before.current):
                self._of(self.view.current).come("check")
                self.action_stage(self.view.current)
        screen = self.here
        if screen is None:
            return
        self._ask_once(screen)
        self._pass_logs(screen)
        screen.show()

    def _goes_along(self, before: int) -> bool:
        """Whether the screen goes with a run from stage to stage: in a drill, whose checks are those of all stages.

        Args:
            before: the stage that the run was at; 0 before the first.
        """
        screen = self.here
        if self.training is None or not self.training.tutor.drill or screen is None or screen.pane != "check":
            return False
        return before in {0, screen.stage.number}

    def _take_view(self) -> None:
        """Take the run as it is now, and look at the server anew where a stage or the run has ended."""
        follower, before = self._follower, self.view
        if follower is None:
            return
        self.view = self._seen(follower.view)
        if self.training is not None:
            self.training.seen(self.view)
        if follower.ended and not self.view.finished and follower is not self._missed:
            self._missed = follower
            if self.training is not None:
                self.training.lost(follower.directory)
            words = self.desk.output(follower.directory) or "it was killed"
            self.tell(_("the run ended without a word: {words}").format(words=words), after=True)
        if self.view.damaged and not before.damaged:
            self.said.say(self.view.damaged, "", after=True)  # not as of this run: it stays when that ends
        if (self.view.finished, _ended(self.view)) != (before.finished, _ended(before)):
            self._look()
        if self.view.finished and not before.finished and self.said.run == self.view.name:
            self.said.go_on()

    def _pass_logs(self, screen: StageScreen) -> None:
        """Keep what was logged, and hand it on if it is looked at."""
        for batch in self._reader.taken() if self._reader is not None else ():
            self.past.add(batch)
        if screen.pane == "logs":
            screen.show_logs(self.past)

    def _ask_once(self, screen: StageScreen) -> None:
        """Bring a plan that waits into view, once; and the checks when it was approved."""
        question = self.view.question
        if question and question.number != self._asked and question.stage == screen.stage.number and self.in_control:
            self._asked = question.number
            self.said.hush()
            screen.action_pane("changes")

    async def _tick(self) -> None:
        """Count the seconds, if something is waited for; nothing is written otherwise."""
        await self._turns.unstick()
        screen = self.here
        if screen is not None and screen.is_current and self.training is not None and self.training.ticks:
            screen.show_top()
        if screen is None or not self.run_is_on:
            return
        covered = self.said.has_lasted
        if covered:
            self.said.go_on()
        if (covered or self.view.waiting) and screen.is_current:
            screen.show_status()

    def _look(self) -> None:
        """Ask anew where the stages stand, and what the server has."""
        self.aside(self.desk.standing, self._stands)
        self.aside(lambda: self.desk.form({}), self._formed)
        self._looks += 1
        self.plans.clear()
        self.plan_errors.clear()
        if self.here is not None:
            self.plan(self.here.stage.number)

    def _known(self, found: About | Exception) -> None:
        """Show what is known of the stages, and look at the server; without answers there is nothing to show."""
        garbage.resume()
        if isinstance(found, Exception):
            self.trouble = found
            self.exit()
            return
        self.about = found
        self.tell(found.damaged, after=True)
        if self.here is not None:
            self.here.show()
        self._look()

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
        asked = self._looks

        def planned(found: str | Exception) -> None:
            if asked != self._looks:  # for answers or a server that are no longer so
                return
            if isinstance(found, Exception):
                self.plan_errors[number] = str(found)
            else:
                self.plans[number] = found
            if self.here is not None:
                self.here.show()

        if self.training is not None and self.training.unplanned:
            return
        if number not in self.plans and not self.run_is_on:
            self.aside(lambda: self.desk.plan(number), planned)

    def tell(self, text: str, *, after: bool = False) -> None:
        """Say something once, on the line above the keys; see `Saying.say`."""
        self.said.say(text, self.view.name if self.run_is_on else "", after=after)
        if self.here is not None:
            self.here.show_status()

    @property
    def gates(self) -> Gates:
        """The gates as they are now."""
        return Gates(self.standing, self.view, self.alone)

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
            screen.show_logs(self.past)
        self.settle()

    def settle(self) -> None:
        """Write the place down a little later."""
        if self._settling is not None:
            self._settling.stop()
        self._settling = self.set_timer(SETTLE, self._remember)

    def _remember(self) -> None:
        """Write the place down beside the screen, if it is another one."""
        if (place := self._here_now()) is not None:
            self._place = place
            self.aside(lambda: self.desk.remember(place), self._failed)

    def _here_now(self) -> Place | None:
        """Tell the place to be written down; None if that is done, or none is."""
        screen = self.here
        if screen is None or self.watching:
            return None
        drafts = dict(self._place.drafts)  # until the form is there, what was typed the last time
        if self.form is not None:
            secret = {each.key for each in self.form.answers if each.secret}
            drafts = {key: text for key, text in self.form.changes.items() if key not in secret}
        theme = self.theme if self.terminal.truecolour else self._place.theme
        place = Place(screen.stage.number, screen.pane, drafts, theme)
        return place if place != self._place else None

    def _failed(self, found: object) -> None:
        if isinstance(found, Exception):
            self.tell(str(found))

    async def on_event(self, event: Any) -> None:
        """Take keys and pastes in their turn, and let what was said go with the next one."""
        if isinstance(event, Key) and not event.is_forwarded and self.said.text:
            self.said.go_on()
            if self.here is not None:
                self.call_later(self.here.show_status)
        if isinstance(event, Key | Paste) and not event.is_forwarded:
            await self._turns.take(event)
        else:
            await super().on_event(event)

    # Where to.

    def action_stage(self, number: int) -> None:
        """Show another stage."""
        if self.alone and number > self.alone:
            self.tell(f"stage {self.alone} and those before it are open; 'mailman-wizard' shows all six")
            return
        screen = self._of(number)
        if self.here is not screen:
            self.switch_screen(screen)
            self.plan(number)
            self.call_after_refresh(screen.show)
            self.settle()


def _ended(view: RunView) -> int:
    """Count the stages of a run whose checks have ended."""
    return sum(1 for stage in view.stages.values() if stage.outcome not in {"", "running"})
