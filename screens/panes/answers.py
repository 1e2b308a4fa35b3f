"""Answers: the form, each field checked as it is typed, with the reason in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.events import Click, DescendantFocus, Paste
from textual.message import Message
from textual.widgets import Input, Label, Static

from wizard.screens.marks import part

if TYPE_CHECKING:
    from wizard.desk.answers import Answer, Form


class Typed(Message):
    """Somebody typed an answer."""

    def __init__(self, key: str, text: str) -> None:
        super().__init__()
        self.key = key
        self.text = text


class SaveAnswers(Message):
    """Somebody wants the answers saved."""


class TextField(Input):
    """One line of text."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.text, compact=True, password=False, select_on_focus=False, id=field_id(answer.key))
        self.key = answer.key
        self.cursor_blink = False
        self._secret = answer.secret
        self._hide()

    def on_focus(self) -> None:
        """Show a secret to whoever edits it."""
        self.password = False

    def on_blur(self) -> None:
        """Hide it from everybody else."""
        self._hide()

    def _hide(self) -> None:
        """Hide what may have a password in it."""
        self.password = self._secret and "@" in self.value

    def on_paste(self, event: Paste) -> None:
        """Take what is pasted as one line: line ends and control characters become blanks."""
        event.stop()
        event.prevent_default()
        text = " ".join("".join(char if char.isprintable() else " " for char in event.text).split())
        self.insert_text_at_cursor(text)


class ChoiceField(Static, can_focus=True):
    """One of a few words, chosen with the arrow keys or the blank."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,space", "move(1)", "Next choice"),
        Binding("left", "move(-1)", "Previous choice", show=False),
    ]

    def __init__(self, answer: Answer) -> None:
        super().__init__(id=field_id(answer.key))
        self.key = answer.key
        self._choices = tuple(dict.fromkeys((*answer.field.choices, answer.saved)))
        self.value = answer.text

    def on_mount(self) -> None:
        """Show the choice."""
        self.show()

    def show(self) -> None:
        """Write the choices, the present one between brackets."""
        words = [f"[{each}]" if each == self.value else f" {each} " for each in self._choices]
        parts = [
            part(word, "bold" if each == self.value else "dim") for each, word in zip(self._choices, words, strict=True)
        ]
        self.update(Content.assemble(*parts), layout=False)

    def action_move(self, step: int) -> None:
        """Choose the next one, or the one before."""
        if self.screen.query_one(AnswersPane).read_only:
            return
        here = self._choices.index(self.value) if self.value in self._choices else -1
        self.value = self._choices[(here + step) % len(self._choices)]
        self.show()
        self.post_message(Typed(self.key, self.value))

    def on_click(self, event: Click) -> None:
        """Choose the word that was clicked on."""
        at = 0
        for each in self._choices:
            if at <= event.x < at + len(each) + 2 and each != self.value:
                self.action_move(self._choices.index(each) - self._choices.index(self.value))
                return
            at += len(each) + 2


class AnswersPane(Vertical):
    """The answers that a stage asks."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+s", "save", "Save answers")]

    def __init__(self, number: int) -> None:
        super().__init__(id="answers")
        self._number = number
        self._form: Form | None = None
        self._marks: dict[str, Static] = {}
        self.read_only = False

    def compose(self) -> ComposeResult:
        """Make room for the fields, and for words about the one that is being typed."""
        yield VerticalScroll(id="fields", can_focus=False)
        yield Static(id="about")

    async def show(self, form: Form, *, read_only: bool) -> None:
        """Show the answers; fields are made once, and their texts set only where they differ."""
        first = self._form is None
        self._form = form
        self.read_only = read_only
        answers = form.of_stage(self._number)
        if first or set(self._marks) != {each.key for each in answers}:
            await self._make(answers)
            if not self.is_attached:  # the screen was left meanwhile
                return
        for each in answers:
            self._show(each)
        self._describe()

    async def _make(self, answers: tuple[Answer, ...]) -> None:
        fields = self.query_one("#fields", VerticalScroll)
        await fields.remove_children()
        self._marks = {each.key: Static("", classes="mark") for each in answers}
        rows = [
            Horizontal(
                Label(Content(_label(each)), classes="name"),
                ChoiceField(each) if each.field.choices else TextField(each),
                self._marks[each.key],
                classes="field",
            )
            for each in answers
        ]
        await fields.mount_all(rows)

    def _show(self, answer: Answer) -> None:
        field = self.query_one(f"#{field_id(answer.key)}")
        if isinstance(field, TextField):
            field.disabled = self.read_only
            # What is in the field that somebody types in may be ahead of what was made of it.
            if field.value != answer.text and (self.read_only or not field.has_focus):
                with field.prevent(Input.Changed):
                    field.value = answer.text
        elif isinstance(field, ChoiceField) and field.value != answer.text:
            field.value = answer.text
            field.show()
        sign = part("✘", "bad") if answer.problem else part("*", "warn") if answer.text != answer.saved else part(" ")
        content, target = Content.assemble(sign), self._marks[answer.key]
        if target.content != content:
            target.update(content, layout=False)

    def _describe(self) -> None:
        """Say of the field in focus what is wrong or may be, what the server has, and what it is for.

        In this order: where there is no room for all of it, it is the end that is not seen.
        """
        about = self.query_one("#about", Static)
        answers = self._form.of_stage(self._number) if self._form else ()
        answer = next((each for each in answers if each.key == self._focused), answers[0] if answers else None)
        if answer is None:
            about.update("", layout=False)
            return
        wrong = (
            [part(f"✘ {answer.problem}", "bad")] if answer.problem else [part(f"may be: {answer.field.may_be}", "dim")]
        )
        about.update(
            Content.assemble(
                part(f"{answer.key}  ", "bold"),
                *wrong,
                "\n",
                part(
                    f"server: {answer.present or _unknown(answer.key)} · default: {answer.field.default or 'none'}",
                    "dim",
                ),
                part(f" · saved: {answer.shown}" if answer.text != answer.saved else "", "warn"),
                "\n",
                part(answer.field.help),
            ),
            layout=False,
        )

    @property
    def _focused(self) -> str:
        focused = self.screen.focused
        return focused.key if isinstance(focused, TextField | ChoiceField) else ""

    def on_descendant_focus(self, _event: DescendantFocus) -> None:
        """Describe the field that was come to."""
        self._describe()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Pass on what was typed."""
        event.stop()
        if isinstance(event.input, TextField):
            self.post_message(Typed(event.input.key, event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go on to the next field."""
        event.stop()
        self.screen.focus_next()

    def action_save(self) -> None:
        """Save the answers."""
        self.post_message(SaveAnswers())


def _unknown(key: str) -> str:
    """Say why there is no present value."""
    return "has no such setting" if key.startswith("check.") else "not known"


def field_id(key: str) -> str:
    """Return a field's id on the screen."""
    return f"field-{key.replace('.', '-')}"


def _label(answer: Answer) -> str:
    number = answer.key.split(".")[1] if answer.key.startswith("lists.") else "0"
    return answer.field.title if number == "0" else f"{answer.field.title} {int(number) + 1}"
