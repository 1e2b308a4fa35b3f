"""What is printed: words for people, and nothing that acts on their terminal."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard.events import Event
from wizard.present import Presenter, console
from wizard.printable import printable

HOSTILE = "\x1b[2J\x1b]0;title\x07 \u202eevil\u2066 [bold]markup[/] :smile: \r\b\x9b31m \udcff"
DIAGNOSIS: dict[str, object] = {
    "code": "MW104",
    "title": "Open relay",
    "cause": HOSTILE,
    "fix": HOSTILE,
    "see": [HOSTILE],
    "evidence": [HOSTILE],
    "fixable": True,
}
CHECK: dict[str, object] = {
    "stage": 1,
    "id": "postfix.relay",
    "title": f"a title {HOSTILE}",
    "outcome": "fail",
    "seconds": 1.25,
    "evidence": [HOSTILE, "second"],
    "diagnosis": DIAGNOSIS,
    "also": [DIAGNOSIS],
}
EVENTS = [
    Event(1, "", "run.started", {}),
    Event(2, "", "stage.started", {"stage": 1, "name": HOSTILE}),
    Event(3, "", "plan.made", {"stage": 1, "name": "x", "changes": [1, 2]}),
    Event(4, "", "change.started", {"change": "file", "target": HOSTILE}),
    Event(5, "", "change.progress", {"target": "postfix", "percent": 7, "text": HOSTILE}),
    Event(6, "", "change.progress", {"target": "mailman3", "done": 3, "of": 14}),
    Event(7, "", "change.failed", {"stage": 1, "error": HOSTILE}),
    Event(8, "", "check.progress", {"text": HOSTILE}),
    Event(9, "", "check.finished", CHECK),
    Event(10, "", "stage.finished", {"stage": 1, "name": "postfix", "verified": False, "seconds": 3.0}),
    Event(11, "", "note", {"text": HOSTILE}),
    Event(12, "", "a kind of a later version", {}),
]


def presenter(*, quiet: bool = False, color: str = "never", plain: bool = False) -> Presenter:
    out, err = (console(stderr=stderr, color=color, plain=plain) for stderr in (False, True))
    out.file, err.file = io.StringIO(), io.StringIO()
    return Presenter(out, err, quiet)


def shown(made: Presenter) -> tuple[str, str]:
    assert isinstance(made.out.file, io.StringIO)
    assert isinstance(made.err.file, io.StringIO)
    return made.out.file.getvalue(), made.err.file.getvalue()


@contextmanager
def environment(**values: str) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@pytest.mark.parametrize("quiet", [False, True])
def test_nothing_from_outside_acts_on_the_terminal(quiet: bool) -> None:  # noqa: FBT001 (parametrised)
    made = presenter(quiet=quiet)
    for event in EVENTS:
        made.event(event)
    made.line(HOSTILE)
    made.say(HOSTILE)
    made.ask(HOSTILE)
    made.diff(f"+{HOSTILE}\n-{HOSTILE}\n@@ x")
    for text in shown(made):
        assert all(line.isprintable() for line in text.split("\n"))


def test_hostile_evidence_is_shown_as_what_it_is() -> None:
    made = presenter()
    made.event(EVENTS[8])
    out, _ = shown(made)
    assert r"\x1b[2J\x1b]0;title\x07 \u202eevil\u2066 [bold]markup[/] :smile: \r\x08\x9b31m \udcff" in out
    assert f"a title {printable(HOSTILE)}" in out


@given(st.text())
def test_every_text_is_shown_whole_and_on_its_lines(text: str) -> None:
    made = presenter()
    made.line(text)
    assert shown(made)[0] == "\n".join(printable(line) for line in text.split("\n")) + "\n"


@given(st.text("ab+-\n\r\x0b\u2028 @", max_size=20))
def test_a_diff_has_the_lines_it_has(text: str) -> None:
    made = presenter()
    made.diff(text)
    wanted = "".join(f"{printable(line)}\n" for line in text.rstrip("\n").split("\n"))
    assert shown(made)[0] == (wanted if text else "")


def test_results_go_to_the_one_and_progress_to_the_other() -> None:
    made = presenter()
    for event in EVENTS:
        made.event(event)
    out, err = shown(made)
    assert re.search(r"FAIL +a title .*postfix\.relay, 1\.2 s", out)
    assert "MW104: Open relay" in out
    assert "stage 1 (postfix): NOT verified, 3.0 s" in out
    assert "FAIL" not in err
    assert "2 changes" in err
    assert "  7 % " in err
    assert "mailman3: 3 of 14 runners" in err


def test_with_json_nothing_but_progress_is_shown() -> None:
    made = presenter(quiet=True)
    for event in EVENTS:
        made.event(event)
    made.diff("+ a question's diff")
    out, err = shown(made)
    assert out == ""
    assert "FAIL postfix.relay" in err
    assert "+ a question's diff" in err


class TestColour:
    def escapes(self, made: Presenter) -> bool:
        for event in EVENTS:
            made.event(event)
        made.diff("+ a\n- b")
        return any("\x1b" in text for text in shown(made))

    @pytest.mark.parametrize(
        ("color", "plain", "given"),
        [
            ("always", False, True),
            ("always", True, False),
            ("never", False, False),
            ("auto", False, False),
            ("auto", True, False),
        ],
    )
    def test_where_there_is_no_terminal(self, color: str, plain: bool, given: bool) -> None:  # noqa: FBT001 (a table)
        with environment(TERM="xterm-256color"):
            assert self.escapes(presenter(color=color, plain=plain)) is given

    @pytest.mark.parametrize(
        ("color", "plain", "no_color", "given"),
        [
            ("auto", False, "", True),
            ("auto", False, "1", False),
            ("auto", True, "", False),
            ("never", False, "", False),
            ("always", False, "1", True),
        ],
    )
    def test_on_a_terminal(self, color: str, plain: bool, no_color: str, given: bool) -> None:  # noqa: FBT001 (a table)
        with environment(TERM="xterm-256color", FORCE_COLOR="1", NO_COLOR=no_color):
            assert self.escapes(presenter(color=color, plain=plain)) is given

    def test_colours_are_the_terminals_own_sixteen(self) -> None:
        with environment(TERM="dumb"):
            made = presenter(color="always")
            made.diff("+ a")
        assert shown(made)[0] == "\x1b[32m+ a\x1b[0m\n"
