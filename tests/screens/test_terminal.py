from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from wizard.desk import StageView
from wizard.screens import way
from wizard.screens.driver import plain
from wizard.screens.marks import MARKS
from wizard.screens.terminal import Terminal


@pytest.mark.parametrize(
    ("environment", "ascii_only"),
    [
        ({"LANG": "en_US.UTF-8"}, False),
        ({"LANG": "C.utf8"}, False),
        ({"LANG": "C"}, True),
        ({}, True),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "C"}, True),
        ({"LANG": "C", "LC_ALL": "de_DE.UTF-8"}, False),
        ({"LC_CTYPE": "C.UTF-8"}, True),  # Python's own doing
        ({"LANG": "de_DE.ISO-8859-1"}, True),
        ({"LANG": "en_US.UTF-8", "TERM": "vt220"}, True),
    ],
)
def test_what_may_be_written_goes_by_the_locale(environment: dict[str, str], ascii_only: bool) -> None:  # noqa: FBT001 (one of the cases)
    assert Terminal.of({"TERM": "xterm", **environment}).ascii_only is ascii_only


@pytest.mark.parametrize(("name", "full"), [("xterm", True), ("vt220", True), ("dumb", False), ("", False)])
def test_what_can_show_a_screen_goes_by_term(name: str, full: bool) -> None:  # noqa: FBT001 (one of the cases)
    assert Terminal.of({"TERM": name}).full_screen is full


@given(st.text())
def test_plain_is_ascii_and_as_long(text: str) -> None:
    written = plain(text)
    assert written.isascii()
    assert len(written) == len(text)


def test_every_sign_has_an_ascii_likeness_of_its_width() -> None:
    for mark in MARKS.values():
        assert cell_len(mark.sign) == 1
        assert plain(mark.sign) != "?" or mark.sign == "?"


@pytest.mark.parametrize("width", [58, 60, 78, 118])
def test_the_picture_fits_its_width(width: int) -> None:
    for line in way.picture(StageView(5), width).plain.split("\n"):
        assert cell_len(line.rstrip()) <= width


@given(st.lists(st.floats(0, 1000), max_size=50), st.integers(0, 120))
def test_the_plot_fits_its_room(times: list[float], width: int) -> None:
    assert way.plot(times, width).cell_length <= max(width, 0)
