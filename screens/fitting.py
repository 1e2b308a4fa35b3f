"""An app that fits its terminal: in its colours, in its size, and drawn anew where that has changed."""

from __future__ import annotations

from textual.app import App
from textual.events import Resize
from textual.geometry import Size
from textual.timer import Timer

from wizard.screens.dialogs import TooSmall
from wizard.screens.driver import Driver
from wizard.screens.stage import StageScreen
from wizard.screens.terminal import SMALLEST, Terminal

RESIZED = 0.2
"""Seconds after the last change of size before everything is drawn anew."""


class Fitting(App[int]):
    """The lowest layer of the wizard's app; it knows of the stages' screens that they are there."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        Driver.terminal = terminal
        # What Textual does by itself where no colour is wanted is to send greys.
        super().__init__(driver_class=Driver, ansi_color=None if terminal.colours else True)
        self._resized: Timer | None = None
        self._drawn_for: Size | None = None

    @property
    def here(self) -> StageScreen | None:
        """The stage's screen that is on top, or below what lies over it."""
        return next((each for each in reversed(self.screen_stack) if isinstance(each, StageScreen)), None)

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
