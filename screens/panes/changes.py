"""Changes: what the stage would change, as a coloured diff, approved before it is applied."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Button, Static

from wizard.desk import Question
from wizard.i18n import _
from wizard.screens.lines import Line, Lines
from wizard.screens.marks import part

STYLES = {"+": "added", "-": "removed", "@": "place", "!": "warn", "#": "dim", "=": "head"}


class Decided(Message):
    """Somebody approved or declined a plan."""

    def __init__(self, question: Question, *, approve: bool) -> None:
        super().__init__()
        self.question = question
        self.approve = approve


class ChangesPane(Vertical):
    """The plan, and the question whether it may be applied."""

    def __init__(self) -> None:
        super().__init__(id="changes")
        self._question: Question | None = None

    def compose(self) -> ComposeResult:
        """Make room for the words, the diff and the question."""
        yield Static(id="plan-head")
        yield Lines(id="diff", words=True)
        with Horizontal(id="decision"):
            yield Button(_("Apply these changes (F9)"), id="approve", variant="success", compact=True)
            yield Button(_("Decline (F12)"), id="decline", variant="error", compact=True)

    def on_mount(self) -> None:
        """Ask nothing yet."""
        self.query_one("#decision").display = False

    def show(self, text: str, said: str, question: Question | None, *, read_only: bool) -> None:
        """Show a plan.

        Args:
            text: as a diff; empty if nothing would be changed.
            said: what it is, in words.
            question: the run's, if one waits for an answer.
            read_only: whether the answer is another terminal's.
        """
        self._question = question
        head = _("A run waits for your word: shall these changes be made?") if question else said
        self.query_one("#plan-head", Static).update(
            Content.assemble(part(head, "warn" if question else "dim")), layout=False
        )
        self.query_one("#diff", Lines).replace(coloured(question.text if question else text))
        self.query_one("#decision").display = question is not None and not read_only

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Decide with the mouse, or with Enter on a button."""
        event.stop()
        self.decide(approve=event.button.id == "approve")

    def decide(self, *, approve: bool) -> bool:
        """Answer the question, if there is one; tell whether there was."""
        if self._question is None:
            return False
        self.post_message(Decided(self._question, approve=approve))
        return True


def coloured(text: str) -> list[Line]:
    """Make lines of a plan's text."""
    return [Line(line, STYLES.get(line[:1], "plain")) for line in text.rstrip("\n").split("\n")] if text else []
