"""Ten trainees at once, each in a lab of their own with the same ports and paths; ``--full`` alone."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from tests.services.trainees import COURSE, LIMIT, Plain, argv, walked

TEN = 10
MOST = 2.0e10
"""Bytes that all their sessions may cost together, shared pages counted in part (PSS)."""
IN_FULL = "takes too long for every change; the full suite (--full), which README documents, tries it"
pytestmark = pytest.mark.timeout(4 * 3600)


def call(state: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(argv(state, *arguments), capture_output=True, text=True, check=False, timeout=LIMIT)


def cost(pid: int) -> int:
    """Add up the memory of a session and all that it has started, in bytes."""
    total = 0
    for process in (psutil.Process(pid), *psutil.Process(pid).children(recursive=True)):
        try:
            total += process.memory_full_info().pss
        except psutil.NoSuchProcess:
            continue
    return total


def test_ten_do_the_whole_course_and_the_trainer_sees_all(
    tmp_path: Path, request: pytest.FixtureRequest, record_property: Callable[[str, object], None]
) -> None:
    if not request.config.getoption("--full"):
        pytest.skip(IN_FULL)
    state = tmp_path / "state"
    names = [f"trainee{number}" for number in range(TEN)]
    first = Plain(state, names[0], "1")
    first.prompt("lesson 1: ")
    first.end()

    trainees = {name: Plain(state, name, "1") for name in names}

    def course(name: str) -> list[str]:
        trainee, bad = trainees[name], []
        for lesson in COURSE.lessons:
            said = walked(trainee, lesson)
            if "passed (" not in said:
                bad.append(f"{name} {lesson.folder}: {said[-2000:]}")
            if lesson.folder == "broadcast":
                record_property(f"pss-{name}", cost(int(trainee.child.pid or 0)))
            if COURSE.number(lesson) < len(COURSE.lessons):
                trainee.child.sendline("n")
        return bad

    with ThreadPoolExecutor(TEN) as pool:
        going = [pool.submit(course, name) for name in names]
        seen = json.loads(call(state, "watch", "--json").stdout)
        assert {row["trainee"] for row in seen["sessions"]} == set(names)
        assert [each.result() for each in going] == [[]] * TEN
    assert all(trainee.end() == 0 for trainee in trainees.values())
    costs = [int(str(value)) for name, value in request.node.user_properties if name.startswith("pss-")]
    assert len(costs) == TEN
    assert sum(costs) < MOST
    for name in names:
        told = json.loads(call(state, "train", "--summary", "--json", "--trainee", name).stdout)
        assert told["passed"], name
