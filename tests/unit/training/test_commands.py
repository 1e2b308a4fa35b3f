"""``train`` and ``watch`` on the command line: what is refused, and what scripts read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.training.courses import OUTLINE, made
from wizard import cli
from wizard.state import State
from wizard.training import progress
from wizard.training.progress import Journal
from wizard.training.session import alive


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(tmp_path / "state")


def call(state: State, *arguments: str) -> int:
    try:
        return cli.main(list(arguments), state=state)
    except SystemExit as ended:
        return int(str(ended.code))


def test_a_course_is_validated(state: State, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder = str(made(tmp_path / "course"))
    assert call(state, "train", "--validate", folder, "--json") == 0
    told = json.loads(capfd.readouterr().out)
    assert (told["valid"], told["lessons"], told["drills"]) == (True, 1, 2)
    assert call(state, "train", "--validate", folder, "--lang", "zh") == 0
    assert "有效" in capfd.readouterr().out


def test_what_is_wrong_with_it_is_named(state: State, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder = str(made(tmp_path / "course", OUTLINE.replace('"emergency"', '"x\\u001b"')))
    assert call(state, "train", "--validate", folder, "--json") == 2
    told = json.loads(capfd.readouterr().out)
    assert {(each["file"], each["line"]) for each in told["wrong"]} == {("course.toml", 15)}
    assert call(state, "train", "--validate", folder) == 2
    assert "\x1b" not in capfd.readouterr().err
    assert not state.root.exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("train", "nonsense", "--plain"), "LESSON"),
        (("train", "99", "--plain"), "LESSON"),
        (("train", "3", "--drill", "--plain"), "left out with --drill"),
        (("train", "--fault", "nonsense", "--plain"), "--fault nonsense"),
        (("train", "--trainee", "../root", "--plain"), "--trainee"),
        (("train", "--json"), "--summary"),
        (("train", "--level", "5"), "invalid choice"),
    ],
)
def test_bad_usage(state: State, capfd: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str) -> None:
    assert call(state, *arguments) == 2
    assert said in capfd.readouterr().err


def test_a_summary_of_nothing(state: State, capfd: pytest.CaptureFixture[str]) -> None:
    assert call(state, "train", "--summary", "--json", "--trainee", "wendy") == 1
    assert json.loads(capfd.readouterr().out)["passed"] is False
    assert call(state, "train", "--summary", "--trainee", "wendy", "--lang", "zh") == 1
    assert "# 学习总结: 第一步" in capfd.readouterr().out


def test_watch_lists_the_sessions(state: State, capfd: pytest.CaptureFixture[str]) -> None:
    state.prepare()
    home = progress.home(state.training, "wendy", "first-steps")
    Journal.open(home)("begun", name="lmtp", what="lesson")
    with alive(home):
        assert call(state, "watch", "--json") == 0
        (row,) = json.loads(capfd.readouterr().out)["sessions"]
        assert (row["trainee"], row["lesson"]) == ("wendy", "lmtp")
        assert call(state, "watch", "--plain") == 0
        assert "wendy    first-steps  lmtp" in capfd.readouterr().out
        assert call(state, "watch", "nobody") == 2


def test_the_trainees_program_is_for_a_lab_alone(state: State, capfd: pytest.CaptureFixture[str]) -> None:
    assert call(state, "train", "--inside", "0", "0") == 3
    assert "--inside" in capfd.readouterr().err


def test_nothing_of_training_is_loaded_for_other_commands() -> None:
    words = "import sys, wizard.cli; print(*sys.modules, sep='\\n')"
    ended = subprocess.run(
        [sys.executable, "-c", words], check=True, capture_output=True, text=True, env={**os.environ}
    )
    assert not [name for name in ended.stdout.split() if name.startswith(("wizard.training", "wizard.lab"))]
