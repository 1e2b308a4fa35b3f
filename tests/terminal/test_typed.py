"""What is typed, pasted and sent by accident; keys that leave the screen and come back to it."""

from __future__ import annotations

import pytest

from tests.terminal.link import Link
from tests.terminal.terminal import Terminal
from tests.terminal.walking import opened

EVIL = "one\ntwo\r\nq\x00\x07\x1b[31mred\x1b]0;title\x07\u202e\x7f three\t."
"""Line ends, control characters, sequences that act on a terminal, and one that turns the direction of text."""


@pytest.fixture
def form(anew: Link) -> Terminal:
    """The answers of stage 1, with the host's name in focus and empty."""
    terminal = opened(anew.open())
    terminal.keys("F4")
    terminal.wait("mail.hostname")
    terminal.wait("default:")
    terminal.keys("End", "^U")
    terminal.wait("✘")
    return terminal


def test_what_is_pasted_is_one_line_of_text(form: Terminal, anew: Link) -> None:
    form.paste(EVIL.encode())

    form.wait(lambda: "three" in str(anew.place().get("drafts")))
    drafts = anew.place()["drafts"]
    assert set(drafts) == {"mail.hostname"}
    assert drafts["mail.hostname"].startswith("one two q")
    assert drafts["mail.hostname"].isprintable()
    assert "one two q" in form.text
    assert "\x1b[31mred" not in form.raw.decode("utf-8", "replace")
    form.keys("^U", "still.here.example")
    form.wait("still.here.example")


def test_what_is_pasted_into_a_terminal_that_does_not_say_so_runs_nothing(form: Terminal, anew: Link) -> None:
    form.send(b"rm.example\rq\rt\ry\r")

    form.wait("rm.example")
    form.wait(lambda: "rm.example" in str(anew.place().get("drafts")))
    assert anew.screens
    assert not anew.runs
    form.keys("F1")
    form.wait("Esc back")


def test_bytes_that_are_no_text_end_nothing(form: Terminal) -> None:
    form.send(b"\xff\xfe\xc3(\x80\xf0\x9f.example")

    form.wait(".example")
    form.keys("^U", "fine.example")
    form.wait("fine.example")


def test_a_long_paste_is_no_answer_and_the_keys_work(form: Terminal) -> None:
    form.paste(b"x" * 100_000)

    form.wait("xxxxxxxx")
    form.keys("^U", "short.example")
    form.wait("short.example")


def test_a_shell_and_back(anew: Link) -> None:
    terminal = opened(anew.open())
    before = terminal.at_rest()

    terminal.keys("F2")
    terminal.wait(lambda: not terminal.full_screen)
    terminal.wait(lambda: terminal.text.rstrip().endswith("#"))
    terminal.keys("echo $((6*7))-is-it", "Enter")
    terminal.wait("42-is-it")
    terminal.keys("exit 0", "Enter")

    terminal.wait(lambda: terminal.full_screen)
    terminal.wait("the shell ended with 0")
    terminal.keys("F1")
    terminal.wait("Esc back")
    terminal.keys("Esc")
    terminal.wait(lambda: terminal.text == before)


def test_the_screen_can_be_drawn_anew(anew: Link) -> None:
    terminal = opened(anew.open())
    before = terminal.at_rest()
    terminal.scribble()
    assert terminal.text != before

    terminal.keys("^L")

    terminal.wait(lambda: terminal.text == before)
