"""What lies over a screen: help, a question, a page, and the word that the terminal is too small."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.command import CommandPalette
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

from wizard.i18n import _
from wizard.screens.marks import part
from wizard.screens.terminal import SMALLEST

if TYPE_CHECKING:
    from wizard.screens.app import WizardApp


class Question(ModalScreen[bool]):
    """A question that is answered with y or n; Esc is n."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "Yes"),
        Binding("n,escape", "answer(False)", "No"),
    ]

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def compose(self) -> ComposeResult:
        """Ask."""
        with Vertical(classes="dialog"):
            yield Static(Content(self._text))
            yield Static(
                Content.assemble("\n", part("y", "bold"), f" {_('yes')}    ", part("n", "bold"), f" {_('no, Esc')}")
            )

    def action_answer(self, answer: bool) -> None:  # noqa: FBT001 (an action's argument)
        """Give the answer."""
        self.dismiss(answer)


class Palette(CommandPalette):
    """Textual's command palette; a page up or down before its list is laid out does not end the program."""

    def _action_command_list(self, action: str) -> None:
        with suppress(LookupError):
            super()._action_command_list(action)


class Page(Screen[None]):
    """A page of words over the whole screen: help, a code, the report."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,f1", "leave", "Back"),
        Binding("c", "copy", "Copy"),
    ]

    def __init__(self, title: str, markdown: str) -> None:
        super().__init__()
        self._title = title
        self._markdown = markdown

    def compose(self) -> ComposeResult:
        """Show it."""
        from textual.widgets import Markdown  # noqa: PLC0415 (no first screen waits for it)

        yield Static(Content.assemble(part(f" {self._title}", "bold"), part("   Esc back · c copy", "dim")), id="top")
        with VerticalScroll(id="page"):
            yield Markdown(self._markdown, open_links=False)

    def on_mount(self) -> None:
        """Let the arrow keys move the page."""
        self.query_one("#page").focus()

    def action_leave(self) -> None:
        """Go back."""
        self.dismiss()

    def action_copy(self) -> None:
        """Copy the whole page."""
        self.app.copy_to_clipboard(self._markdown)
        self.notify("copied")


class TooSmall(ModalScreen[None]):
    """Says that there is not room enough; goes away by itself."""

    def compose(self) -> ComposeResult:
        """Say it."""
        columns, rows = SMALLEST
        yield Static(
            f"This terminal is too small.\nThe wizard needs {columns} columns and {rows} rows.\n"
            "What runs goes on. Make it larger,\nor press q to leave the screen.",
            classes="dialog",
        )

    BINDINGS: ClassVar[list[BindingType]] = [Binding("q,ctrl+q", "app.exit", "Leave", priority=True)]

    def on_screen_resume(self) -> None:
        """Go away where there has been room since something was laid over this."""
        cast("WizardApp", self.app).fit(self.app.size)
