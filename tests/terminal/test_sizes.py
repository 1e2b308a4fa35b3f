"""Every size that a terminal may have, and every change of it."""

from __future__ import annotations

import random

from tests.terminal.link import Link
from tests.terminal.walking import opened

SIZES = 300
SMALL = "This terminal is too small"


def test_after_a_storm_of_sizes_the_screen_is_right(anew: Link) -> None:
    terminal = opened(anew.open())
    before = terminal.at_rest()
    chance = random.Random(7)  # noqa: S311 - any sizes, and the same ones each time
    for _ in range(SIZES):
        terminal.resize(chance.randint(10, 60), chance.randint(40, 200))
        terminal.read(0.01)

    terminal.resize(24, 80)

    terminal.wait(lambda: terminal.text == before)
    terminal.keys("F1")
    terminal.wait("Esc back")


def test_where_there_is_no_room_it_says_so_and_comes_back(anew: Link) -> None:
    terminal = opened(anew.open())
    before = terminal.at_rest()
    for rows, columns in ((19, 80), (24, 59), (10, 40)):
        terminal.resize(rows, columns)
        terminal.wait(SMALL)
        terminal.resize(20, 60)
        terminal.wait_gone(SMALL)
        terminal.wait("F3 Why")
    terminal.resize(24, 80)
    terminal.wait(lambda: terminal.text == before)


def test_it_starts_where_there_is_no_room(anew: Link) -> None:
    terminal = anew.open(size=(12, 40))
    terminal.wait(SMALL)
    terminal.resize(50, 160)
    opened(terminal)
    assert SMALL not in terminal.text


def test_what_lies_over_a_screen_bears_a_change_of_size(anew: Link) -> None:
    terminal = opened(anew.open())
    before = terminal.at_rest()
    terminal.keys("F1")
    terminal.wait("Esc back")
    terminal.resize(10, 40)
    terminal.wait(SMALL)
    terminal.resize(24, 80)
    terminal.wait("Esc back")
    terminal.keys("Esc")
    terminal.wait(lambda: terminal.text == before)
