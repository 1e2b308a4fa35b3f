"""Logs: Postfix's, Mailman's and the run's own, following, filtered, searched, the present message marked."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from wizard.desk import LogBatch
from wizard.screens.lines import MARK, Line, Lines
from wizard.screens.marks import part

SOURCES = ("", "postfix", "mailman", "run")


class LogsPane(Vertical):
    """One window on all three logs."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "source", "Which log"),
        Binding("e", "end", "Follow"),
    ]

    def __init__(self) -> None:
        super().__init__(id="logs")
        self._source = ""
        self._notes = 0
        self._left_out = 0
        self._found = ""

    def compose(self) -> ComposeResult:
        """Make room for the lines, and for what is looked for."""
        yield Static(id="logs-head")
        yield Lines(follow=True, id="log")
        yield Input(placeholder="search, then Enter; Esc closes; n and N: next, previous", compact=True, id="search")

    def on_mount(self) -> None:
        """Look for nothing yet."""
        self.query_one("#search").display = False
        self._describe()

    def add(self, batch: LogBatch) -> None:
        """Add lines of the mail logs, as `Tail` gives them."""
        self._left_out += batch.left_out
        self.query_one("#log", Lines).add(Line(f" {each.text}", _style(each.text), each.source) for each in batch.lines)
        if batch.left_out:
            self._describe()

    def mark(self, words: frozenset[str]) -> None:
        """Mark the lines of the present message: those with its message-id or one of its queue ids."""
        self.query_one("#log", Lines).mark(words)

    def say(self, notes: tuple[str, ...]) -> None:
        """Add lines of the run."""
        self.query_one("#log", Lines).add(Line(f" run: {text}", "place", "run") for text in notes)

    def open_search(self) -> None:
        """Ask what to look for."""
        search = self.query_one("#search", Input)
        search.display = True
        search.focus()

    def close_search(self) -> bool:
        """Look for nothing any more; tell whether something was looked for."""
        search = self.query_one("#search", Input)
        if not search.display:
            return False
        search.display = False
        self._found = ""
        self.query_one("#log", Lines).search("")
        self.query_one("#log", Lines).focus()
        self._describe()
        return True

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Look for it."""
        event.stop()
        lines = self.query_one("#log", Lines)
        count = lines.search(event.value)
        self._found = f"{count} line(s) have {event.value!r}" if event.value else ""
        self._describe()
        lines.focus()

    def action_source(self) -> None:
        """Show the next one of the logs alone, or all."""
        self._source = SOURCES[(SOURCES.index(self._source) + 1) % len(SOURCES)]
        self.query_one("#log", Lines).only(self._source)
        self._describe()

    def action_end(self) -> None:
        """Go to the end, and follow."""
        self.query_one("#log", Lines).scroll_end(animate=False, force=True)

    def _describe(self) -> None:
        which = self._source or "Postfix, Mailman and the run"
        parts = [part(f"shown: {which} (s)", "bold")]
        if self._found:
            parts.append(part(f"  {self._found}", "warn"))
        parts.append(part("  e follows", "dim"))
        if self._left_out:
            parts.append(part(f"  {self._left_out} lines too fast to show", "warn"))
        parts.append(part(f"  {MARK} the present message", "dim"))
        self.query_one("#logs-head", Static).update(Content.assemble(*parts), layout=False)


def _style(text: str) -> str:
    low = text.lower()
    if any(word in low for word in ("fatal", "panic", "error", "shunting", "traceback")):
        return "bad"
    return "warn" if "warning" in low or "deferred" in low or "bounced" in low else "plain"
