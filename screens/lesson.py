"""What training adds to the screens: the lesson's page, the words for the keys, and naming a cause."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static

from wizard.i18n import _
from wizard.training.tutor import Tutor


def page(tutor: Tutor) -> str:
    """Return the page of a lesson or a drill as Markdown: its text, the task, the hints and commands so far."""
    told = tutor.briefing
    number = f"{told.number}. " if told.number else ""
    parts = [f"# {number}{tutor.title}", told.text, f"## {_('Your task')}", tutor.task]
    for at, hint in enumerate(tutor.hints, start=1):
        parts += [f"## {_('Hint')} {at}/{len(told.hints)}", hint]
    return "\n\n".join([*parts, *_commands(tutor)]) + "\n"


def task(tutor: Tutor) -> str:
    """Return what somebody in the shell may want to look at, as Markdown: the task, and the commands so far."""
    symptom = [tutor.briefing.text] if tutor.drill else []
    return "\n\n".join([*symptom, f"## {_('Your task')}", tutor.task, *_commands(tutor)])


def _commands(tutor: Tutor) -> list[str]:
    parts = [f"## {_('Commands')}"] if tutor.steps else []
    for command, does in tutor.steps:
        parts += [does, "\n".join(f"    {line}" for line in command.strip("\n").split("\n"))]
    return parts


def keys(tutor: Tutor, *, running: bool) -> list[tuple[str, str, bool]]:
    """Give the keys of a lesson or a drill, what each does, and whether it works now."""
    told = tutor.briefing
    found = [("F1", _("help"), True), ("F2", _("shell"), True), ("F8", _("check"), not running)]
    if tutor.drill:
        found += [("g", _("name the cause"), True), ("x", _("what it was"), True)]
    else:
        found += [("h", _("hint"), told.hinted < len(told.hints)), ("x", _("commands"), told.shown < len(told.steps))]
    found.append(("^R", _("reset"), not running))
    if told.more:
        found.append(("F10", _("next"), told.passed))
    return found


def help_words() -> str:
    """Return the help for training as Markdown."""
    return f"# {_('Training')}\n\n" + _(
        "Why (F3) has the lesson and your task. F2 is a shell in your lab, F8 asks the examiner. h gives the next "
        "hint, x shows the next command, Ctrl+R begins again from the start, F10 goes on when the lesson is passed. "
        "In a drill, g names the cause and x tells what it was. q leaves, and a lesson goes on the next time."
    )


class Causes(ModalScreen[int]):
    """Causes of which one is to be named; gives its place, or -1."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Back")]

    def __init__(self, causes: tuple[str, ...]) -> None:
        super().__init__()
        self._causes = causes

    def compose(self) -> ComposeResult:
        """Ask."""
        with Vertical(classes="dialog"):
            yield Static(_("which is it?"), markup=False)
            yield OptionList(*self._causes, id="causes", compact=True, markup=False)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Name it."""
        self.dismiss(event.option_index)

    def action_leave(self) -> None:
        """Name none."""
        self.dismiss(-1)
