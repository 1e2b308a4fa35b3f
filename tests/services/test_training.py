"""Training on the real thing: lessons and drills on real terminals, resets, resuming, and nothing left of the killed.

``--full`` walks the whole built-in course.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import psutil
import pytest

from tests.services.outside import left_empty
from tests.services.trainees import COURSE, LIMIT, SIZE, Plain, argv, environment, on_screens, walked
from tests.terminal.terminal import Terminal
from wizard.training import progress, roster
from wizard.training.drill import choices, choose

IN_FULL = "takes too long for every change; the full suite (--full), which README documents, tries it"
RESET_LIMIT = 5.0
pytestmark = pytest.mark.timeout(3600)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def call(state: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(argv(state, *arguments), capture_output=True, text=True, check=False, timeout=LIMIT)


@pytest.fixture
def full(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--full"))


def test_lesson_3_on_the_screens_alone(state: Path) -> None:
    """Its task is read, done in the shell by what the key for commands shows, and examined."""
    lesson = COURSE.lessons[2]
    with on_screens(state, "wendy", "3") as terminal:
        terminal.wait("From Postfix to Mailman", LIMIT)
        terminal.wait("h hint")
        terminal.keys("F8")
        terminal.wait("not yet: stage 3", LIMIT)
        terminal.keys("F3")
        terminal.keys("h")
        terminal.wait("Hint 1/3")
        for number, step in enumerate(lesson.steps, start=1):
            terminal.keys("x")
            terminal.wait(step.does["en"][:30])
            assert number <= len(lesson.steps)
        terminal.keys("F2")
        terminal.wait(lambda: not terminal.full_screen)
        terminal.wait(lambda: terminal.text.rstrip().endswith("#"))
        for step in lesson.steps:
            terminal.keys(step.run, "Enter")
        terminal.keys("exit 7", "Enter")
        terminal.wait("the shell ended with 7", LIMIT)
        terminal.keys("F8")
        terminal.wait("passed (", LIMIT)
        assert "wendy" in call(state, "watch", "--plain").stdout
        trainer = Terminal(argv(state, "watch", "wendy"), environment(), SIZE)
        trainer.wait("read-only", LIMIT)
        trainer.wait("LMTP answers")
        trainer.keys("q")
        assert trainer.wait_end(LIMIT) == 0
        terminal.keys("q")
        terminal.wait("Training summary", LIMIT)
        assert terminal.wait_end(LIMIT) == 0
    told = json.loads(call(state, "train", "--summary", "--json", "--trainee", "wendy").stdout)
    row = told["lessons"][2]
    assert (bool(row["passed"]), row["hints"], row["shown"], row["checks"]) == (True, 1, len(lesson.steps), 2)


def test_a_drill_on_the_screens_alone(state: Path) -> None:
    drill = next(each for each in COURSE.drills if each.fault == "transport-map-forgotten")
    with on_screens(state, "walter", "--drill", "--fault", drill.fault, "--seed", "1") as terminal:
        terminal.wait("Posts to the list come back", LIMIT)
        terminal.keys("F8")
        terminal.wait("not yet: stage 3", LIMIT)
        assert "MW302" not in terminal.text
        terminal.keys("F9")
        terminal.wait("in a drill nothing is planned")
        terminal.keys("F2")
        terminal.wait(lambda: not terminal.full_screen)
        terminal.wait(lambda: terminal.text.rstrip().endswith("#"))
        for step in drill.mend:
            terminal.keys(step.run, "Enter")
        terminal.keys("exit 7", "Enter")
        terminal.wait("the shell ended with 7", LIMIT)
        terminal.keys("F8")
        terminal.wait("now name the cause", LIMIT)
        terminal.keys("g")
        terminal.wait("which is it?")
        offered = [each.fault for each in choices(COURSE, choose(COURSE, fault=drill.fault, seed="1"))]
        for _ in range(offered.index(drill.fault)):
            terminal.keys("Down")
        terminal.keys("Enter")
        terminal.wait("The shortest way to mend it", LIMIT)
        terminal.keys("q")
        terminal.wait_gone("The shortest way to mend it")
        terminal.keys("q")
        assert terminal.wait_end(LIMIT) == 0


def test_a_lab_is_reset_and_goes_on_where_it_was_left(state: Path) -> None:
    trainee = Plain(state, "alex", "1")
    trainee.prompt("lesson 1: ")
    trainee.shell(["touch /root/mine", "postconf -e myhostname=mine.example"], "lesson 1: ")
    took = []
    for _ in range(3):  # the machines are noisy: the quickest tells what it takes
        begun = time.monotonic()
        trainee.ask("r", "lesson 1: ")
        took.append(time.monotonic() - begun)
    assert min(took) < RESET_LIMIT
    assert "mine.example" not in trainee.shell(["postconf -h myhostname", "ls /root"], "lesson 1: ")
    trainee.shell(["touch /root/kept", "rm /etc/hostname", "postfix start"], "lesson 1: ")
    trainee.ask("h", "lesson 1: ")
    trainee.end()

    again = Plain(state, "alex")
    again.prompt("lesson 1: ")
    said = again.shell(["ls /root/kept", "ls /etc/hostname", "postfix status; echo says=$?"], "lesson 1: ")
    again.end()
    assert "cannot access '/root/kept'" not in said
    assert "cannot access '/etc/hostname'" in said
    assert "says=0" in said
    here = progress.load(state / "training" / "alex" / COURSE.name)[0].here
    assert here is not None
    assert (here.hints, here.resets) == (1, 3)


def test_a_killed_session_leaves_no_lab_and_another_can_begin(state: Path) -> None:
    trainee = Plain(state, "kim", "1")
    trainee.prompt("lesson 1: ")
    (row,) = roster.sessions(state / "training")
    assert row.lab is not None
    outer = trainee.child.pid
    assert outer is not None
    labs = {}  # its own, and the one that waits for a reset
    for child in psutil.Process(outer).children(recursive=True):
        with suppress(OSError):  # it has ended
            labs[Path(f"/proc/{child.pid}/ns/pid").readlink()] = child.pid
    labs.pop(Path("/proc/self/ns/pid").readlink(), None)
    assert labs

    with ExitStack() as ended:
        for pid in labs.values():
            ended.enter_context(left_empty(pid))
        os.kill(outer, signal.SIGKILL)

    assert roster.sessions(state / "training") == ()
    again = Plain(state, "kim")
    again.prompt("lesson 1: ")
    assert again.end() == 1


def test_a_second_session_of_one_trainee_is_refused(state: Path) -> None:
    trainee = Plain(state, "kim", "1")
    trainee.prompt("lesson 1: ")
    second = call(state, "train", "1", "--plain", "--trainee", "kim")
    assert (second.returncode, "is on already" in second.stderr) == (3, True)
    trainee.end()


@pytest.mark.parametrize("what", ["missing", "wrong"])
def test_nothing_is_started_of_a_wrong_course(state: Path, tmp_path: Path, what: str) -> None:
    folder = tmp_path / "course"
    folder.mkdir()
    if what == "wrong":
        (folder / "course.toml").write_text("schema = 1\nnonsense = 2\n")
    for words in (["--validate", str(folder)], ["--course", str(folder), "--plain"]):
        ended = call(state, "train", *words)
        assert ended.returncode == 2
        assert "course.toml:" in ended.stderr
    assert not (state / "training").exists()


def test_the_whole_course_by_a_script(state: Path, *, full: bool) -> None:
    if not full:
        pytest.skip(IN_FULL)
    trainee = Plain(state, "sam", "1")
    for lesson in COURSE.lessons:
        assert "passed (" in walked(trainee, lesson), lesson.folder
        if COURSE.number(lesson) < len(COURSE.lessons):
            trainee.child.sendline("n")
    assert trainee.end() == 0
    told = json.loads(call(state, "train", "--summary", "--json", "--trainee", "sam").stdout)
    assert told["passed"] is True
