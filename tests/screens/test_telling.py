"""What the lines around the panes say."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from wizard.desk import RunView, StageView
from wizard.desk.view import CheckView, Question, Waiting
from wizard.screens import telling
from wizard.screens.panes.checks import diagnosis

NOW = datetime(2026, 11, 22, 14, tzinfo=UTC)
AT = NOW.isoformat()
WIDTH = 80


def said(view: RunView, here: int = 1, *, is_on: bool = False, in_control: bool = True) -> str:
    return str(telling.run(view, NOW, here, WIDTH, is_on=is_on, in_control=in_control) or "")


def test_only_who_has_the_controls_is_told_the_keys_of_a_plan_that_waits() -> None:
    view = RunView(question=Question(1, 1, "+new"))
    assert "F9 applies it" in said(view, is_on=True)
    assert "F9" not in said(view, is_on=True, in_control=False)


@pytest.mark.parametrize(("here", "told"), [(3, True), (2, False), (5, False)])
def test_an_earlier_stage_that_stops_a_run_is_named_with_its_code(here: int, *, told: bool) -> None:
    failed = CheckView("mailman.rest", "REST answers", "fail", AT, causes=({"code": "MW210"},))
    stages = {2: StageView(2, (failed,), "fail")}
    view = RunView(first=3, last=3, stages=stages, current=2, finished=True, exit=1)
    assert ("stage 2 stopped the run (MW210)" in said(view, here)) is told


@pytest.mark.parametrize(("width", "bar"), [(60, 10), (80, 13), (200, 20)])
def test_a_bar_leaves_room_for_what_is_waited_for(width: int, bar: int) -> None:
    view = RunView(waiting=Waiting("12 of 13 runners", AT, done=1.0))
    told = str(telling.run(view, NOW, 1, width, is_on=True, in_control=True))
    assert told == f" ▶ {'█' * bar} 100% 12 of 13 runners"


def test_no_plan_is_said_to_be_made_while_a_run_is_on() -> None:
    assert telling.plan(None, None, run_is_on=False) == "planning …"
    assert "planned when it has ended" in telling.plan(None, None, run_is_on=True)


KEYS = [
    ("F1", "help", True),
    ("F2", "shell", True),
    ("F8", "check", False),
    ("F9", "set up", True),
    ("F10", "next", True),
    ("c", "copy", True),
    ("t", "take over", True),
]


@pytest.mark.parametrize("width", [80, 60])
@pytest.mark.parametrize("keys", [KEYS, KEYS[:-1]])
def test_how_to_quit_is_seen_however_many_keys_there_are(keys: list[tuple[str, str, bool]], width: int) -> None:
    shown = telling.keys([*keys, ("q", "quit", True)], width).plain.rstrip()
    assert shown.endswith("q quit")
    assert len(shown) <= width
    assert "F1 help" in shown
    assert "F9 set up" in shown


def test_a_plan_that_mends_something_is_that_of_the_stage_it_belongs_to() -> None:
    cause = {"code": "MW115", "title": "", "cause": "", "evidence": (), "fix": "", "fixable": True, "see": ()}
    assert "F9 does this for you" in str(diagnosis(cause, 1))
    assert "F9 at stage 1 does this for you" in str(diagnosis(cause, 3))
