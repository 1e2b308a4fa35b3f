"""A bare Textual program, to measure the wizard's screens against: a list, six inputs, a header and a footer."""

from __future__ import annotations

from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Footer, Header, Input, OptionList

INPUTS = 6
LAST = "an input, number 6"


class Bare(App[None]):
    """Nothing but widgets as they come."""

    CSS = "OptionList { height: 1fr; }"
    AUTO_FOCUS = "Input"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("f10", "quit", "Leave")]

    def compose(self) -> ComposeResult:
        yield Header()
        yield OptionList("one", "two", "three")
        for number in range(1, INPUTS + 1):
            yield Input(placeholder=f"an input, number {number}", compact=True)
        yield Footer()


if __name__ == "__main__":
    Bare().run()
