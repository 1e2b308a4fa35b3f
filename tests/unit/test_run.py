"""A run is a process of its own: it outlives its reader, says how it ended, and its death is seen."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import tests
from wizard import controls, events, report, run, session, wait
from wizard.controls import Request
from wizard.events import Event
from wizard.redact import HIDDEN
from wizard.site import Site, build, dumps
from wizard.state import State

ROOT = Path(tests.__file__).parent.parent
PASSWORD = "pass-word"
Start = Callable[..., Path]


@pytest.fixture
def state(tmp_path: Path) -> State:
    made = State(tmp_path / "state")
    made.prepare()
    return made


@pytest.fixture
def start(state: State) -> Iterator[Start]:
    """Start a run of the doubles; none outlives the test."""
    started: list[Path] = []

    def begin(what: str = "pass", **request: Any) -> Path:
        site = build({"mailman": {"database": f"postgresql://u:{PASSWORD}@h/db"}})
        whole = {"command": "apply", "first": 1, "last": 2, "approved": True, "site": dumps(site), **request}
        environment = ["env", f"PYTHONPATH={ROOT}", f"RUN_DOUBLE={what}"]
        started.append(
            controls.start(state, Request(**whole), (*environment, sys.executable, "-m", "tests.unit.run_double"))
        )
        return started[-1]

    yield begin
    for directory in started:
        if controls.lives(directory):
            os.kill(pid(directory), signal.SIGKILL)
        os.waitpid(pid(directory), 0)


def pid(directory: Path) -> int:
    return int((directory / controls.ALIVE).read_text())


def end(directory: Path) -> dict[str, Any]:
    last = list(controls.follow(directory))[-1]
    assert last.kind == "run.finished"
    wait.until(lambda: None if controls.lives(directory) else True, limit=30)
    return dict(last.data)


def begun(directory: Path, kind: str) -> Event:
    return next(event for event in controls.follow(directory) if event.kind == kind)


def test_a_run_to_its_end(state: State, start: Start) -> None:
    directory = start()
    found = list(controls.follow(directory))
    assert [event.number for event in found] == list(range(1, len(found) + 1))
    assert found[0].kind == "run.started"
    last = found[-1].data
    assert {**last, "stages": None} == {
        "run": directory.name,
        "command": "apply",
        "exit": 0,
        "verified": True,
        "changed": 0,
        "error": None,
        "report": str(directory / report.MARKDOWN),
        "stages": None,
    }
    assert session.load(state.session).stages.keys() == {1, 2}


def test_its_directory_is_root_s_alone(start: Start) -> None:
    directory = start()
    end(directory)
    assert directory.stat().st_mode & 0o777 == 0o700
    for name in (controls.REQUEST, events.FILE, controls.ALIVE):
        assert (directory / name).stat().st_mode & 0o077 == 0


def test_a_check_that_fails_is_exit_1_and_no_secret_is_in_what_it_says(start: Start) -> None:
    directory = start("fail")
    last = end(directory)
    assert (last["exit"], last["verified"], last["error"]) == (1, False, None)
    (stage,) = last["stages"]
    assert stage["checks"][0]["evidence"] == [f"seen with postgresql://u:{HIDDEN}@h/db"]
    assert stage["checks"][0]["diagnosis"]["code"] == "MW100"
    assert PASSWORD not in (directory / events.FILE).read_text()


class TestReport:
    def test_a_run_that_passed_saves_it_without_a_secret(self, start: Start) -> None:
        directory = start()
        assert end(directory)["report"] == str(directory / report.MARKDOWN)
        for name in (report.MARKDOWN, report.HTML):
            text = (directory / name).read_text(encoding="utf-8")
            assert "mail.local.edu: verified" in text
            assert "PostgreSQL" in text
            assert PASSWORD not in text
            assert (directory / name).stat().st_mode & 0o777 == 0o600

    @pytest.mark.parametrize(("what", "request_"), [("fail", {}), ("pass", {"command": "check", "last": 1})])
    def test_a_run_that_proved_less_saves_none(self, start: Start, what: str, request_: dict[str, Any]) -> None:
        directory = start(what, **request_)
        assert end(directory)["report"] is None
        assert not (directory / report.MARKDOWN).exists()

    def test_one_that_cannot_be_written_is_told_and_the_run_has_passed(self, start: Start) -> None:
        directory = start("plan", approved=False)
        begun(directory, "plan.waiting")
        (directory / report.MARKDOWN).mkdir()
        controls.answer(directory, 1, approve=True)
        last = end(directory)
        assert (last["exit"], last["verified"], last["report"]) == (0, True, None)
        notes = [str(event.data["text"]) for event in events.read(directory) if event.kind == "note"]
        assert [note for note in notes if note.startswith("the report could not be written: IsADirectoryError")]


class TestLives:
    def test_while_it_runs_and_not_after(self, start: Start) -> None:
        directory = start("hang")
        assert controls.lives(directory)
        begun(directory, "check.progress")
        assert controls.lives(directory)
        os.kill(pid(directory), signal.SIGKILL)
        wait.until(lambda: None if controls.lives(directory) else True, limit=30)

    def test_the_one_that_goes_on_is_foremost_and_else_the_newest(self, start: Start) -> None:
        older = start("plan", approved=False)
        begun(older, "plan.waiting")
        newer = older.with_name("99991231T235959Z-000000")
        newer.mkdir()
        assert controls.foremost([newer, older]) == older
        controls.answer(older, 1, approve=True)
        end(older)
        assert controls.foremost([newer, older]) == newer
        assert controls.foremost([]) is None

    def test_a_directory_without_a_run(self, tmp_path: Path) -> None:
        assert not controls.lives(tmp_path)
        assert not controls.lives(tmp_path / "absent")
        assert list(controls.follow(tmp_path)) == []

    def test_following_ends_when_it_is_killed(self, start: Start) -> None:
        directory = start("hang")
        killed = False
        for event in controls.follow(directory):
            if event.kind == "check.progress" and not killed:
                os.kill(pid(directory), signal.SIGKILL)
                killed = True
            assert event.kind != "run.finished"
        assert killed

    def test_a_second_reader_sees_the_same(self, start: Start) -> None:
        directory = start()
        first = list(controls.follow(directory))
        assert list(controls.follow(directory)) == first

    def test_a_lost_terminal_does_not_end_it(self, start: Start) -> None:
        directory = start("hang")
        begun(directory, "check.progress")
        os.kill(pid(directory), signal.SIGHUP)
        with pytest.raises(wait.LimitError):
            wait.until(lambda: None if controls.lives(directory) else True, limit=0.3)
        assert os.getsid(pid(directory)) == pid(directory)


def test_a_run_that_is_told_to_stop_says_so(start: Start) -> None:
    directory = start("hang")
    begun(directory, "check.progress")
    controls.stop(directory)
    last = end(directory)
    assert (last["exit"], last["error"]) == (1, "the run was told to stop")


def test_stopping_what_has_ended_is_nothing(start: Start) -> None:
    directory = start()
    end(directory)
    controls.stop(directory)


def test_a_second_run_is_refused_while_one_works(start: Start) -> None:
    first = start("hang")
    begun(first, "check.progress")
    last = end(start())
    assert last["exit"] == 3
    assert f"process {pid(first)}" in last["error"]


class TestApproval:
    @pytest.mark.parametrize(("yes", "code", "changed"), [(True, 0, 1), (False, 1, 0)])
    def test_the_answer_decides(self, start: Start, yes: bool, code: int, changed: int) -> None:  # noqa: FBT001 (the answer)
        directory = start("plan", approved=False)
        asked = begun(directory, "plan.waiting")
        assert asked.data["stage"] == 1
        assert "== map maps" in str(asked.data["text"])
        controls.answer(directory, int(str(asked.data["question"])), approve=yes)
        last = end(directory)
        assert (last["exit"], last["changed"]) == (code, changed)

    def test_a_reader_that_goes_away_leaves_it_waiting(self, start: Start) -> None:
        directory = start("plan", approved=False)
        begun(directory, "plan.waiting")
        assert controls.lives(directory)
        controls.answer(directory, 1, approve=True)
        assert end(directory)["exit"] == 0

    def test_nothing_is_asked_if_all_is_approved(self, start: Start) -> None:
        directory = start("plan")
        assert "plan.waiting" not in [event.kind for event in controls.follow(directory)]


class TestDefect:
    def test_a_defect_is_reported_without_a_secret(self, start: Start) -> None:
        directory = start("crash")
        last = end(directory)
        assert last["exit"] == 70
        assert last["verified"] is False
        assert "ZeroDivisionError" in last["error"]
        assert str(directory / controls.CRASH) in last["error"]
        report = (directory / controls.CRASH).read_text()
        assert "Traceback" in report
        for text in (report, json.dumps(last), (directory / events.FILE).read_text()):
            assert f"postgresql://u:{HIDDEN}@h/db" in text
            assert PASSWORD not in text

    @pytest.mark.parametrize("content", ["{", "{}", '{"command": "apply"}', "[]"])
    def test_a_request_that_is_none(self, state: State, content: str) -> None:
        directory = state.runs / "broken"
        directory.mkdir()
        (directory / controls.REQUEST).write_text(content)
        before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGHUP)
        try:
            assert run.main([str(directory)]) == 70
        finally:
            signal.signal(signal.SIGTERM, before[0])
            signal.signal(signal.SIGHUP, before[1])
        (event,) = events.read(directory)
        assert (event.kind, event.data["exit"]) == ("run.finished", 70)
        assert (directory / controls.CRASH).exists()

    def test_a_program_that_cannot_be_started_is_an_error(self, state: State) -> None:
        request = Request("check", 1, 1, approved=True, site=dumps(Site()))
        with pytest.raises(FileNotFoundError):
            controls.start(state, request, ("/nonexistent/program",))

    @pytest.mark.parametrize("before", ["29991231T235959Z-ffffff", "20200101T000000Z-ffffff"])
    def test_the_names_of_runs_tell_their_order_whatever_the_clock_says(self, state: State, before: str) -> None:
        (state.runs / before).mkdir()
        request = Request("check", 1, 1, approved=True, site=dumps(Site()))
        started = [controls.start(state, request, ("true",)) for _ in range(3)]
        assert sorted(path.name for path in state.runs.iterdir()) == [before, *(path.name for path in started)]
        for directory in started:
            os.waitpid(pid(directory), 0)
            assert controls.foremost(state.runs.iterdir()) == started[-1]

    def test_a_program_that_ends_at_once_leaves_its_words(self, state: State) -> None:
        request = Request("check", 1, 1, approved=True, site=dumps(Site()))
        directory = controls.start(state, request, ("sh", "-c", "echo why >&2; exit 1"))
        assert list(controls.follow(directory)) == []
        assert (directory / controls.OUTPUT).read_text() == "why\n"
        os.waitpid(pid(directory), 0)


def test_following_waits_for_what_is_not_there_yet(start: Start) -> None:
    directory = start("hang")
    seen: list[str] = []
    reader = threading.Thread(target=lambda: seen.extend(event.kind for event in controls.follow(directory)))
    reader.start()
    begun(directory, "check.progress")
    controls.stop(directory)
    reader.join(30)
    assert seen[0] == "run.started"
    assert seen[-1] == "run.finished"
