"""Drawing with few bytes: of what is drawn, only the cells that the terminal does not show yet are sent.

Textual draws whole widgets anew; over a slow link, a letter that is typed would cost what its line does, and more.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from rich.cells import get_character_cell_size

SYNC_START, SYNC_END = "\x1b[?2026h", "\x1b[?2026l"
_TOKEN = re.compile(r"\x1b\[(?P<row>\d+);(?P<column>\d+)H|\x1b\[(?P<style>[\d;]*)m|(?P<end>\n)|(?P<text>[^\x1b\n]+)")
_DRAWING = re.compile(r"(?:\x1b\[\d+;\d+H|\x1b\[[\d;]*m|[^\x1b])*")
_WIPES = re.compile(r"\x1b\[\?1049[hl]|\x1b\[2J|\x1bc")
_GAP = 4
"""Cells that are sent again rather than passed over: moving costs as much."""
Cell = tuple[str, str]
"""What a cell shows, and how: the parameters of its style."""
Place = tuple[int, int]
"""Row and column, from 1."""


@dataclass
class _Pen:
    """What is sent, and where the terminal's cursor is then."""

    parts: list[str] = field(default_factory=list)
    at: Place | None = None
    style: str = ""

    def move(self, to: Place) -> None:
        if to != self.at:
            self.parts.append(f"\x1b[{to[0]};{to[1]}H")
            self.at = to

    def put(self, place: Place, cell: Cell) -> None:
        text, style = cell
        self.move(place)
        if style != self.style:
            reset = "0;" if self.style and style else ""
            self.parts.append(f"\x1b[{reset}{style}m")
            self.style = style
        self.parts.append(text)
        self.at = (place[0], place[1] + max(sum(map(get_character_cell_size, text)), 1))

    def rest(self) -> None:
        if self.style:
            self.parts.append("\x1b[m")
            self.style = ""


class Thin:
    """Knows what the terminal shows."""

    def __init__(self) -> None:
        self._cells: dict[Place, Cell] = {}
        self._cursor: Place | None = None
        self._begun = False
        """Whether the beginning of a frame is held back until there is something in it."""

    def forget(self) -> None:
        """Know nothing of it any more: something else wrote there, or it has another size."""
        self._cells.clear()
        self._cursor = None

    def __call__(self, data: str) -> str:
        """Return what is to be sent for what is to be drawn."""
        if data == SYNC_START:
            self._begun = True
            return ""
        if data == SYNC_END:
            unsent, self._begun = self._begun, False
            return "" if unsent else data
        sent = self._drawn(data) if "H" in data and _DRAWING.fullmatch(data) else self._other(data)
        if sent and self._begun:
            self._begun = False
            return SYNC_START + sent
        return sent

    def _other(self, data: str) -> str:
        if _WIPES.search(data):
            self.forget()
        return data

    def _drawn(self, data: str) -> str:
        fresh: dict[Place, Cell] = {}
        row = column = 1
        style = ""
        for token in _TOKEN.finditer(data):
            if token["row"]:
                row, column = int(token["row"]), int(token["column"])
            elif token["style"] is not None:
                style = "" if token["style"] in {"", "0"} else f"{style};{token['style']}".lstrip(";")
            elif token["text"]:
                column = _lay(fresh, row, column, token["text"], style)
        sent = self._changes(fresh)
        if not sent and self._cursor == (row, column):
            return ""
        self._cursor = (row, column)
        return f"{sent}\x1b[{row};{column}H"

    def _changes(self, fresh: dict[Place, Cell]) -> str:
        pen = _Pen()
        for place in sorted(place for place, cell in fresh.items() if self._cells.get(place) != cell):
            cell = self._cells[place] = fresh[place]
            if not cell[0]:  # the second half of a wide character
                continue
            self._bridge(pen, place)
            pen.put(place, cell)
        pen.rest()
        return "".join(pen.parts)

    def _bridge(self, pen: _Pen, to: Place) -> None:
        """Go on over cells that are there already, where they look the same."""
        if pen.at is None or pen.at[0] != to[0] or not 0 < to[1] - pen.at[1] <= _GAP:
            return
        between = [(to[0], column) for column in range(pen.at[1], to[1])]
        if all(self._cells.get(place, ("", ""))[0] and self._cells[place][1] == pen.style for place in between):
            for place in between:
                pen.put(place, self._cells[place])


def _lay(cells: dict[Place, Cell], row: int, column: int, text: str, style: str) -> int:
    """Put text into cells; returns the column after it."""
    for char in text:
        width = get_character_cell_size(char)
        if width == 0 and (row, column - 1) in cells:
            cells[row, column - 1] = (cells[row, column - 1][0] + char, style)
            continue
        cells[row, column] = (char, style)
        if width > 1:
            cells[row, column + 1] = ("", style)
        column += max(width, 1)
    return column
