"""Of what is drawn, the part that is sent shows the same; and what is pasted is text, however it comes in pieces."""

from __future__ import annotations

import itertools

import pyte
from hypothesis import given
from hypothesis import strategies as st

from wizard.screens.pastes import END, START, Pastes
from wizard.screens.thin import SYNC_END, SYNC_START, Thin

ROWS, COLUMNS = 4, 12
STYLES = ["", "1", "31", "1;38;5;214", "7"]


@st.composite
def drawings(draw: st.DrawFn) -> str:
    """Some pieces of text, each at a place and in a style, as Textual draws them."""
    done = ""
    for _ in range(draw(st.integers(1, 4))):
        row, column = draw(st.integers(1, ROWS)), draw(st.integers(1, COLUMNS))
        text = draw(st.text("abc é─✔ ", min_size=1, max_size=COLUMNS - column + 1))
        style = draw(st.sampled_from(STYLES))
        done += f"\x1b[{row};{column}H" + (f"\x1b[{style}m{text}\x1b[0m" if style else text)
        done += "\n" if row < ROWS else ""
    return f"{done}\x1b[1;1H"


def seen(writes: list[str]) -> list[object]:
    screen = pyte.Screen(COLUMNS, ROWS)
    stream = pyte.Stream(screen)
    for each in writes:
        stream.feed(each)
    return [screen.buffer[row][column] for row in range(ROWS) for column in range(COLUMNS)] + [screen.cursor.x]


@given(st.lists(drawings(), min_size=1, max_size=6))
def test_what_is_sent_shows_what_was_drawn(frames: list[str]) -> None:
    thin = Thin()
    assert seen([thin(each) for each in frames]) == seen(frames)


@given(drawings())
def test_what_is_there_already_costs_nothing(frame: str) -> None:
    thin = Thin()
    thin(frame)
    assert [thin(SYNC_START), thin(frame), thin(SYNC_END)] == ["", "", ""]


def test_a_wide_character_gives_way() -> None:
    thin = Thin()
    frames = ["\x1b[1;1Ha\u4e2db\x1b[1;1H", "\x1b[1;1Haxyb\x1b[1;1H", "\x1b[1;1H\u4e2d\u4e2d\x1b[1;1H"]
    assert seen([thin(each) for each in frames]) == seen(frames)


def test_after_something_else_wrote_all_is_sent() -> None:
    thin = Thin()
    frame = "\x1b[1;1Hhello\x1b[1;1H"
    first = thin(frame)
    thin("\x1b[2J\x1b[H")
    assert thin(frame) == first


@given(st.text("ab\x1b[20;~\x07\n", max_size=20), st.lists(st.integers(0, 60), max_size=5))
def test_a_paste_is_text_in_whatever_pieces_it_comes(pasted: str, cuts: list[int]) -> None:
    whole = f"x{START}{pasted.replace(END, '')}{END}y"
    at = [0, *sorted(cut for cut in cuts if cut < len(whole)), len(whole)]
    pastes = Pastes()
    passed = "".join(pastes(whole[start:end]) for start, end in itertools.pairwise(at))
    assert passed.startswith(f"x{START}")
    assert passed.endswith(f"{END}y")
    assert passed.removeprefix(f"x{START}").removesuffix(f"{END}y").isprintable()
