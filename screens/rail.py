"""The rail of the six stages, and the bar of the five panes: one line each, with keys and with a mouse."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.cells import cell_len
from textual.content import Content
from textual.events import Click
from textual.message import Message
from textual.widgets import Static

from wizard.desk import Standing
from wizard.i18n import _
from wizard.screens.marks import STYLES, mark, part

PANES = ("why", "answers", "changes", "check", "logs")
TITLES = {"why": "Why", "answers": "Answers", "changes": "Changes", "check": "Check", "logs": "Logs"}
KEYS = {"why": "F3", "answers": "F4", "changes": "F5", "check": "F6", "logs": "F7"}


class _Bar(Static):
    """Words on a line, each of which can be clicked on."""

    def __init__(self, chosen: Callable[[int], Message], *, id: str) -> None:  # noqa: A002 (Textual's name)
        """Make it; `chosen` makes the message for the number, from 0, of the word that was clicked on."""
        super().__init__(id=id)
        self._chosen = chosen
        self._ends: list[int] = []
        self._drawn = Content("")

    def draw(self, words: Sequence[Sequence[tuple[str, str]]]) -> None:
        """Write the words, if they are others, and remember where each ends."""
        at = 0
        self._ends = []
        for word in words:
            at += sum(cell_len(text) for text, _style in word)
            self._ends.append(at)
        content = Content.assemble(*(piece for word in words for piece in word))
        if not content.is_same(self._drawn):  # == does not look at styles
            self._drawn = content
            self.update(content, layout=False)

    def on_click(self, event: Click) -> None:
        """Tell which word was clicked on."""
        number = next((each for each, end in enumerate(self._ends) if event.x < end), None)
        if number is not None:
            self.post_message(self._chosen(number))


class StageChosen(Message):
    """Somebody wants to see another stage."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


class PaneChosen(Message):
    """Somebody wants to see another pane."""

    def __init__(self, pane: str) -> None:
        super().__init__()
        self.pane = pane


class Rail(_Bar):
    """The six stages and where each stands."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 (Textual's name)
        super().__init__(lambda number: StageChosen(number + 1), id=id)

    def show(self, standing: Sequence[Standing], here: int, running: int) -> None:
        """Draw it.

        Args:
            standing: where the stages stand.
            here: the stage on this screen.
            running: the stage that a run is at; 0 if none is.
        """
        longest = _longest([each.name for each in standing], self.size.width)
        words = []
        for each in standing:
            state = mark("running" if each.number == running else each.state)
            name = each.name[:longest]
            style = f"{STYLES['bold']} reverse" if each.number == here else STYLES["plain"]
            words.append([(f" {each.number} {name}", style), (f"{state.sign} ", STYLES[state.style])])
        self.draw(words)


def _longest(names: Sequence[str], width: int) -> int:
    """Tell how many letters of each name there is room for; the sign behind each is never to be cut off."""
    around = len(" 1 ✔ ")
    most = max(map(len, names), default=0)
    fits = (size for size in range(most, 1, -1) if sum(around + len(name[:size]) for name in names) <= width)
    return next(fits, 1)


class PaneBar(_Bar):
    """The five panes, with their keys."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 (Textual's name)
        super().__init__(lambda number: PaneChosen(PANES[number]), id=id)

    def show(self, here: str, calling: str) -> None:
        """Draw it.

        Args:
            here: the pane that is shown.
            calling: the pane where something waits for an answer; empty if none does.
        """
        words = []
        for pane in PANES:
            style = (
                f"{STYLES['bold']} reverse" if pane == here else STYLES["warn"] if pane == calling else STYLES["plain"]
            )
            words.append([part(f" {KEYS[pane]}", "dim"), (f" {_(TITLES[pane])} ", style)])
        self.draw(words)
