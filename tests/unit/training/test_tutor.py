"""The trainee's side: hints and commands one by one, naming a cause, and what the session outside is told."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.unit.doubles import MemoryHost
from tests.unit.training.courses import made
from wizard import i18n
from wizard.desk import CheckView, Desk, RunView, StageView
from wizard.errors import RefusedError
from wizard.events import Event
from wizard.state import State
from wizard.training import briefing, progress, summary
from wizard.training.briefing import Briefing
from wizard.training.course import Course
from wizard.training.drill import choose
from wizard.training.judge import Verdict
from wizard.training.load import load
from wizard.training.progress import Journal
from wizard.training.turn import Turn
from wizard.training.tutor import Tutor, clock


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return load(made(tmp_path / "course"))


def tutor(tmp_path: Path, told: Briefing) -> Tutor:
    host = MemoryHost()
    desk = Desk(path=tmp_path / "site.toml", state=State(tmp_path / "state"), host=host)
    return Tutor(Briefing.load(told.dump()), Journal.open(tmp_path), desk, host, Turn(tmp_path / "turn"))


def test_hints_and_commands_come_one_by_one_and_are_counted(tmp_path: Path, course: Course) -> None:
    one = tutor(tmp_path, briefing.of_lesson(course, course.lessons[0], "wendy", "zh"))
    one.journal("begun", name="one", what="lesson")
    assert [one.hint() for _ in range(4)] == ["Question?", "Look.", "Answer.", ""]
    assert [one.show() for _ in range(2)] == [("true", "什么都不做"), None]
    assert one.hints == ("Question?", "Look.", "Answer.")
    here = progress.load(tmp_path)[0].here
    assert here is not None
    assert (here.hints, here.shown) == (3, 1)


def test_a_cause_is_right_or_not_and_what_it_was_has_the_way(tmp_path: Path, course: Course) -> None:
    chosen = choose(course, fault="emergency")
    one = tutor(tmp_path, briefing.of_drill(course, chosen, "wendy", "en"))
    right = [each for each in one.briefing.choices if one.name(each)]
    assert [each.fault for each in right] == ["emergency"]
    assert "# d" in one.afterwards()
    assert one.briefing.checks == (1, 6)


WHOLE = Verdict(passed=True, beside=("main.cf x",))


def drilled(tmp_path: Path, course: Course, monkeypatch: pytest.MonkeyPatch, **wishes: Any) -> Tutor:
    """Make a drill whose server is found whole."""
    monkeypatch.setattr(Tutor, "_verdict", lambda *_: WHOLE)
    told = briefing.of_drill(course, choose(course, seed="1", **wishes), "wendy", "en")
    one = tutor(tmp_path, replace(told, begun="2026-11-23T08:00:00+00:00"))
    one.journal("begun", name="drill", what="drill")
    return one


def test_a_drill_is_passed_by_mending_it_and_naming_the_cause(
    tmp_path: Path, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = drilled(tmp_path, course, monkeypatch, fault="emergency")
    verdict = one.judged(RunView())
    assert (verdict.passed, verdict.why) == (False, ("the server works again; now name the cause",))
    assert one.completed() is None
    (true,) = one.briefing.true
    assert one.name(true)
    assert one.answer(right=True) == "right"
    assert one.completed() == WHOLE
    assert one.completed() is None
    assert one.briefing.passed
    here = progress.load(tmp_path)[0].here
    assert here is not None
    assert here.passed
    assert one.seconds == one.took


@pytest.mark.parametrize(("subscribers", "other"), [(1, False), (2, True)])
def test_a_drill_is_judged_by_the_answers_of_its_start(
    tmp_path: Path, course: Course, subscribers: int, *, other: bool
) -> None:
    one = tutor(tmp_path, briefing.of_drill(course, choose(course), "wendy", "en"))
    one.desk.path.write_text(f"schema = 1\n[check]\nsubscribers = {subscribers}\n")
    assert ("the answers are others" in " ".join(one.judged(RunView()).why)) is other


def test_two_causes_are_both_to_be_named(tmp_path: Path, course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    one = drilled(tmp_path, course, monkeypatch, level=4)
    first, second = one.briefing.true
    one.name(first)
    assert one.answer(right=True) == "right, and there is another one"
    assert one.judged(RunView()).why == ("the server works again; name the other cause, too",)
    one.name(second)
    assert one.judged(RunView()).passed


def test_who_was_told_what_it_was_has_not_passed(
    tmp_path: Path, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = drilled(tmp_path, course, monkeypatch, fault="emergency")
    assert "# d" in one.give_up()
    one.name(one.briefing.true[0])
    assert "you were told" in one.judged(RunView()).why[0]
    assert one.completed() is None
    assert not one.briefing.passed


def test_the_examiner_does_not_name_the_cause_of_a_drill_that_goes_on(
    tmp_path: Path, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = drilled(tmp_path, course, monkeypatch, fault="emergency")
    check = CheckView("a.b", "A check", "fail", "2026-11-23T08:00:00+00:00", causes=({"code": "MW301"},))
    view = RunView(stages={3: StageView(3, (check,))})
    data = {"id": "a.b", "diagnosis": {"code": "MW301"}, "also": [{"code": "MW302"}]}
    event = Event(1, "", "check.finished", data)
    assert one.seen(view).stage(3).checks == (replace(check, causes=()),)
    assert one.heard(event).data == {"id": "a.b", "diagnosis": None, "also": []}
    one.give_up()
    assert one.seen(view) == view
    assert one.heard(event) == event


def test_a_check_that_cannot_be_started_gives_its_turn_back(tmp_path: Path, course: Course) -> None:
    one = tutor(tmp_path, briefing.of_lesson(course, course.lessons[0], "wendy", "en"))
    one.desk = Desk(path=tmp_path / "site.toml", state=State(tmp_path / "state"), host=one.host, looking=True)
    waited: list[int] = []
    with pytest.raises(RefusedError):
        one.begin(lambda: waited.append(1))
    held = one.turn.take(wait=False)
    assert held is not None
    os.close(held)
    assert not waited


def test_a_briefing_survives_being_written(course: Course) -> None:
    told = briefing.of_drill(course, choose(course, level=4, seed="1"), "wendy", "en")
    assert Briefing.load(told.dump()) == told


def test_a_summary_in_both_languages(tmp_path: Path, course: Course) -> None:
    journal = Journal.open(tmp_path)
    journal("begun", name="one", what="lesson")
    journal("passed")
    journal("begun", name="drill", what="drill", faults=["emergency"], level=1, seed="1")
    assert "| ? | 1 | begun |" in summary.markdown(course, "wendy", progress.load(tmp_path)[0], "en")
    for right in (False, True):
        journal("named", right=right)
    journal("passed")
    found = progress.load(tmp_path)[0]
    assert "| emergency | 1 |" in summary.markdown(course, "wendy", found, "en")
    assert "right (wrong before: 1)" in summary.markdown(course, "wendy", found, "en")
    told = summary.data(course, "wendy", found)
    assert told["passed"] is True
    assert told["drills"][0]["faults"] == ["emergency"]
    english = summary.markdown(course, "wendy", found, "en")
    assert "| 1 | Title | " in english
    i18n.use("zh")
    try:
        assert "学习总结" in summary.markdown(course, "wendy", found, "zh")
    finally:
        i18n.use("en")


def test_the_clock() -> None:
    assert [clock(each) for each in (0, 61.9, 3600)] == ["0:00", "1:01", "60:00"]


def test_only_one_server_is_checked_at_a_time(tmp_path: Path) -> None:
    turn = Turn(tmp_path / "turn")
    with turn.handed() as fd:  # as it is handed into a lab
        held = Turn(Path(f"/proc/self/fd/{fd}")).take()
        assert held is not None
        assert turn.take(wait=False) is None
        os.close(held)
        again = turn.take(wait=False)
        assert again is not None
        os.close(again)
