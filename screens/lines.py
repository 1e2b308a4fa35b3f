"""Many lines of text: drawn as they come into view, coloured, searched, filtered, followed."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import ClassVar, NamedTuple

from rich.cells import cell_len, chop_cells
from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

MOST = 5000
"""Lines kept, the newest."""
INDENT = "  "
MARK = "▸"
CLOSING = frozenset(",.;:?!)、。”」』》…\uff0c\uff1b\uff1a\uff1f\uff01\uff09")
"""What stands behind a word without a blank, and not at the beginning of a row."""
SHORTEST = 2 / 3
"""Of a row's columns, how many words must fill for it to end between two of them."""


class Span(NamedTuple):
    """A piece of a line that looks otherwise."""

    start: int
    end: int
    style: str
    """``strong``, ``emphasis``, ``code`` or ``bullet``."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line, printable."""

    text: str
    style: str = "plain"
    """``plain``, ``added``, ``removed``, ``place``, ``head``, ``dim``, ``good``, ``bad``, ``warn``, ``marked`` or
    ``title``."""
    source: str = ""
    """What a filter goes by."""
    spans: tuple[Span, ...] = ()
    indent: str = INDENT
    """What stands before each row but its first."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the window: a line, or a piece of one."""

    line: Line
    start: int
    """Where in the line's text it begins."""
    end: int

    @property
    def text(self) -> str:
        """What is drawn; what goes on the row above stands in a little."""
        return f"{self.indent}{self.line.text[self.start : self.end]}"

    @property
    def indent(self) -> str:
        """What stands before it."""
        return self.line.indent if self.start else ""


class Lines(ScrollView, can_focus=True):
    """A window on lines; nothing is drawn while nothing changes."""

    DEFAULT_CSS = """
    Lines { height: 1fr; background: transparent; overflow-x: hidden; }
    Lines { scrollbar-size-vertical: 1; scrollbar-gutter: stable; }
    Lines > .lines--plain { color: $foreground; }
    Lines > .lines--added { color: $text-success; }
    Lines > .lines--removed { color: $text-error; }
    Lines > .lines--place { color: $text-accent; }
    Lines > .lines--head { color: $foreground; text-style: bold; }
    Lines > .lines--dim { color: $text-muted; }
    Lines > .lines--good { color: $text-success; text-style: bold; }
    Lines > .lines--bad { color: $text-error; text-style: bold; }
    Lines > .lines--warn { color: $text-warning; }
    Lines > .lines--marked { color: $text-accent; text-style: bold; }
    Lines > .lines--title { color: $primary; text-style: bold; }
    Lines > .lines--strong { text-style: bold; }
    Lines > .lines--emphasis { text-style: italic; }
    Lines > .lines--bullet { color: $text-primary; }
    Lines:light > .lines--bullet { color: $text-secondary; }
    Lines:dark > .lines--code { color: $text-warning 95%; background: $warning 10%; }
    Lines:light > .lines--code { color: $text-error 95%; background: $error 5%; }
    Lines:ansi > .lines--code { background: ansi_default; }
    Lines > .lines--found { text-style: reverse; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"lines--{name}"
        for name in (
            "plain",
            "added",
            "removed",
            "place",
            "head",
            "dim",
            "good",
            "bad",
            "warn",
            "marked",
            "title",
            "strong",
            "emphasis",
            "bullet",
            "code",
            "found",
        )
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "find(1)", "Next match", show=False),
        Binding("N", "find(-1)", "Previous match", show=False),
    ]

    def __init__(
        self,
        *,
        follow: bool = False,
        wrap: bool = True,
        words: bool = False,
        id: str | None = None,  # noqa: A002 (Textual's name)
    ) -> None:
        """Make it.

        Args:
            follow: whether its end stays in view.
            wrap: whether a line that is too long goes on in the next row.
            words: whether it does so between two words, where one is near; for text, not for what is compared.
            id: the widget's.
        """
        super().__init__(id=id)
        self._all: deque[tuple[Line, tuple[Row, ...]]] = deque()
        """Each line with its rows for `_width`: to wrap thousands anew at each key or batch would hold the keys up."""
        self._rows: list[Row] = []
        """What is drawn."""
        self._follow = follow
        self._wrap = wrap
        self._words = words
        self._width = 0
        self._needle = ""
        self._source = ""
        self._marks: frozenset[str] = frozenset()

    @property
    def following(self) -> bool:
        """Whether the end stays in view."""
        return self._follow and self.scroll_offset.y >= self.max_scroll_y - 1

    @property
    def texts(self) -> list[str]:
        """The lines that are shown, whole."""
        return [line.text for line, _ in self._all if self._shown(line)]

    def replace(self, lines: Iterable[Line]) -> None:
        """Show other lines, if they are others."""
        fresh = list(lines)
        if fresh == [line for line, _ in self._all]:
            return
        self._clear()
        self._take(fresh)
        self.scroll_home(animate=False, force=True)

    def add(self, lines: Iterable[Line]) -> None:
        """Add lines at the end."""
        at_end, top = self.following, self.scroll_offset.y
        gone = self._take(lines)
        if at_end:
            self.scroll_end(animate=False, force=True)
        elif gone:  # what is read stays where it is
            self.scroll_to(y=max(top - gone, 0), animate=False, force=True)

    def mark(self, words: frozenset[str]) -> None:
        """Mark the lines that have one of these words in them, those that come later as well.

        A marked line has `MARK` in the place of its first character, which is to be a blank.
        """
        if words != self._marks:
            self._marks = words
            self.refresh()

    def only(self, source: str) -> None:
        """Show the lines of one source alone; of all, if it is empty."""
        if source != self._source:
            self._source = source
            self._arrange()

    def search(self, needle: str) -> int:
        """Mark what is looked for, bring the first place into view, and return how many lines have it."""
        self._needle = needle.lower()
        self.refresh()
        found = self._places()
        if found:
            self.scroll_to(y=max(found[0] - 2, 0), animate=False, force=True)
        return sum(1 for text in self.texts if self._places_in(text))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave the keys of a search to others while nothing is looked for."""
        return super().check_action(action, parameters) if action != "find" or self._needle else False

    def action_find(self, step: int) -> None:
        """Bring the next or previous place into view."""
        found = self._places()
        here = round(self.scroll_offset.y) + 2
        later = [row for row in found if row > here] if step > 0 else [row for row in reversed(found) if row < here]
        if found:
            self.scroll_to(y=max((later or found[:: 1 if step > 0 else -1])[0] - 2, 0), animate=False, force=True)

    def on_resize(self) -> None:
        """Lay the lines out anew where the width is another one."""
        if self._width != self._columns:
            self._lay_out()
        if self._follow:
            self.scroll_end(animate=False, force=True)

    def render_line(self, y: int) -> Strip:
        """Draw one row."""
        width = self.size.width
        row = round(self.scroll_offset.y) + y
        if row >= len(self._rows):
            return Strip.blank(width, self.rich_style)
        drawn = self._marked(self._rows[row])
        style = self.get_component_rich_style(f"lines--{drawn.line.style}")
        return Strip(self._segments(drawn, style)).adjust_cell_length(width, style).simplify()

    def _marked(self, row: Row) -> Row:
        text = row.line.text
        if not text.startswith(" ") or not any(word in text for word in self._marks):
            return row
        return replace(row, line=replace(row.line, text=f"{MARK}{text[1:]}", style="marked"))

    def _segments(self, row: Row, style: Style) -> list[Segment]:
        pieces = [(row.start, row.end, style)]
        for span in row.line.spans:
            pieces = _painted(pieces, span.start, span.end, self.get_component_rich_style(f"lines--{span.style}"))
        found = self.get_component_rich_style("lines--found", partial=True)
        for begin in self._places_in(row.line.text):
            pieces = _painted(pieces, begin, begin + len(self._needle), found)
        segments = [Segment(row.line.text[start:end], style) for start, end, style in pieces]
        return [Segment(row.indent, style), *segments] if row.indent else segments

    @property
    def _columns(self) -> int:
        return max(self.scrollable_content_region.width, 20)

    def _shown(self, line: Line) -> bool:
        return not self._source or line.source == self._source

    def _places(self) -> list[int]:
        """List the rows in which what is looked for begins."""
        if not self._needle:
            return []
        return [
            number
            for number, row in enumerate(self._rows)
            if any(row.start <= place < row.end for place in self._places_in(row.line.text))
        ]

    def _places_in(self, text: str) -> list[int]:
        """List where what is looked for begins in a line, however that is wrapped."""
        low, found = text.lower(), []
        at = low.find(self._needle) if self._needle else -1
        while at >= 0:
            found.append(at)
            at = low.find(self._needle, at + len(self._needle))
        return found

    def _wrapped(self, line: Line) -> tuple[Row, ...]:
        width = self._width or self._columns
        if not self._wrap or _cells(line.text) <= width:
            return (Row(line, 0, len(line.text)),)
        rows: list[Row] = []
        start = 0
        while start < len(line.text):
            room = width - (len(line.indent) if start else 0)
            end = start + _fitting(line.text[start : start + room], room)
            if self._words and end < len(line.text):
                end = _between_words(line.text, start, end, room * SHORTEST)
            rows.append(Row(line, start, end))
            start = end
        return tuple(rows)

    def _take(self, lines: Iterable[Line]) -> int:
        """Take lines at the end; return how many rows went at the beginning."""
        fresh = [(line, self._wrapped(line)) for line in lines][-MOST:]
        old = [self._all.popleft() for _ in range(len(self._all) + len(fresh) - MOST)]
        self._all.extend(fresh)
        gone = len(self._seen(old))
        del self._rows[:gone]
        self._rows += self._seen(fresh)
        self._sized()
        return gone

    def _lay_out(self) -> None:
        self._width = self._columns
        lines = [line for line, _ in self._all]
        self._clear()
        self._take(lines)

    def _clear(self) -> None:
        self._all.clear()
        self._rows.clear()

    def _arrange(self) -> None:
        self._rows = self._seen(self._all)
        self._sized()

    def _seen(self, lines: Iterable[tuple[Line, tuple[Row, ...]]]) -> list[Row]:
        return [row for line, rows in lines if self._shown(line) for row in rows]

    def _sized(self) -> None:
        self.virtual_size = Size(self._columns, len(self._rows))
        self.refresh()


def _cells(text: str) -> int:
    return len(text) if text.isascii() else cell_len(text)


def _fitting(text: str, room: int) -> int:
    """Tell how many characters of a text there is room for."""
    return min(len(text), room) if text.isascii() else len(chop_cells(text, room)[0])


def _between_words(text: str, start: int, end: int, least: float) -> int:
    """Tell where a row ends, at `end` or before: behind a blank or beside a Chinese letter, if such a place is near.

    Args:
        text: the whole line.
        start: where the row begins.
        end: where there is no room for more.
        least: columns that the row must fill.
    """
    ascii_only = text.isascii()
    for at in range(end + 1, start, -1):
        if text[at - 1] == " " or (not ascii_only and at <= end and _parts(text, at)):
            return at if _cells(text[start:at]) > least else end
    return end


def _parts(text: str, at: int) -> bool:
    """Whether a row may begin there, because a letter beside it is wide; none begins with what closes something."""
    if text[at] in CLOSING:
        return False
    before = text[at - 2 : at] if text[at - 1] in CLOSING else text[at - 1]
    return any(cell_len(letter) > 1 for letter in (before[:1], text[at]))


def _painted(pieces: list[tuple[int, int, Style]], start: int, end: int, style: Style) -> list[tuple[int, int, Style]]:
    """Give a part of a row's pieces one more style."""
    done = []
    for first, last, before in pieces:
        begin, stop = max(first, start), min(last, end)
        if begin >= stop:
            done.append((first, last, before))
            continue
        parts = ((first, begin, before), (begin, stop, before + style), (stop, last, before))
        done += [part for part in parts if part[0] < part[1]]
    return done
