"""The trainer's view: who is at which lesson; sessions that have ended are not in it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from wizard.errors import RefusedError
from wizard.training import progress, roster
from wizard.training.progress import HERE, Journal
from wizard.training.session import alive


def test_sessions_that_are_on_are_listed_with_where_they_are(tmp_path: Path) -> None:
    wendy, walter = (progress.home(tmp_path, name, "small") for name in ("wendy", "walter"))
    journal = Journal.open(wendy)
    journal("begun", name="lmtp", what="lesson")
    journal("checked", passed=False)
    (wendy / HERE).write_text(json.dumps({"lab": 4711}))
    with alive(wendy):
        (row,) = roster.sessions(tmp_path)
        assert (row.trainee, row.name, row.lab, row.passed) == ("wendy", "lmtp", 4711, 0)
        assert row.last_check == "not passed"
        assert row.data()["checked"]
        assert row.data()["lesson"] == "lmtp"
        with alive(walter):
            assert [each.trainee for each in roster.sessions(tmp_path)] == ["walter", "wendy"]
            assert roster.sessions(tmp_path)[0].lab is None
    assert roster.sessions(tmp_path) == ()


def test_a_trainee_has_one_session_of_a_course(tmp_path: Path) -> None:
    home = progress.home(tmp_path, "wendy", "small")
    with (
        alive(home),
        pytest.raises(RefusedError, match="wendy's session of the course small is on already"),
        alive(home),
    ):
        pass
    with alive(home):
        pass


def test_what_is_damaged_is_not_in_the_way(tmp_path: Path) -> None:
    home = progress.home(tmp_path, "wendy", "small")
    (home / HERE).write_text("{")
    with alive(home):
        assert roster.sessions(tmp_path)[0].lab is None
