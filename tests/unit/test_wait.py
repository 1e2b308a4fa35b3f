"""Waiting ends when the thing is seen, or at a limit."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from wizard import wait


def test_what_is_there_already_is_not_waited_for(tmp_path: Path) -> None:
    assert wait.until(lambda: "seen", limit=0) == "seen"
    assert wait.until(lambda: "seen", limit=0, paths=(tmp_path,)) == "seen"


@pytest.mark.parametrize("value", [0, "", False, ()])
def test_only_none_is_not_yet(value: object) -> None:
    assert wait.until(lambda: value, limit=0) == value


@pytest.mark.parametrize("watched", [False, True])
def test_the_limit_ends_it_after_a_last_look(tmp_path: Path, watched: bool) -> None:  # noqa: FBT001 (parametrised)
    looks: list[float] = []
    start = time.monotonic()
    with pytest.raises(wait.LimitError, match=r"not seen within 0\.3 s"):
        wait.until(lambda: looks.append(time.monotonic()), limit=0.3, paths=(tmp_path,) if watched else ())
    assert looks[-1] - start >= 0.3
    assert len(looks) >= 2


@pytest.mark.parametrize("watched", [False, True])
def test_what_comes_with_the_limit_is_seen(tmp_path: Path, watched: bool) -> None:  # noqa: FBT001 (parametrised)
    deadline = time.monotonic() + 0.3
    paths = (tmp_path,) if watched else ()
    assert wait.until(lambda: "seen" if time.monotonic() >= deadline else None, limit=0.3, paths=paths) == "seen"


def test_a_file_that_changes_wakes_it_at_once(tmp_path: Path) -> None:
    """Not only at its next glance: it looks more often than glances alone would make it."""
    (tmp_path / "file").touch()
    stop = threading.Event()

    def write() -> None:
        while not stop.wait(0.03):
            with (tmp_path / "file").open("a") as file:
                file.write("x")

    writer = threading.Thread(target=write)
    writer.start()
    looks = 0

    def look() -> bool | None:
        nonlocal looks
        looks += 1
        return True if looks == 20 else None

    start = time.monotonic()
    try:
        wait.until(look, limit=60, paths=(tmp_path / "file",))
    finally:
        stop.set()
        writer.join()
    assert time.monotonic() - start < 19 * wait.GLANCE


def test_a_file_that_is_put_into_a_watched_directory_is_seen(tmp_path: Path) -> None:
    timer = threading.Timer(0.05, (tmp_path / "new").touch)
    timer.start()
    wait.until(lambda: (tmp_path / "new").exists() or None, limit=60, paths=(tmp_path,))
    timer.join()


def test_paths_that_are_not_there_are_left_out(tmp_path: Path) -> None:
    looks = iter([None, "seen"])
    assert wait.until(lambda: next(looks), limit=60, paths=(tmp_path / "absent",)) == "seen"
    looks = iter([None, "seen"])
    assert wait.until(lambda: next(looks), limit=60, paths=(tmp_path / "absent", tmp_path)) == "seen"


def test_a_change_between_the_watch_and_the_first_look_is_not_lost(tmp_path: Path) -> None:
    seen: list[bool] = []
    for _ in wait.wakings((tmp_path,)):
        seen.append((tmp_path / "new").exists())
        if seen[-1]:
            break
        (tmp_path / "new").touch()
    assert seen == [False, True]


def test_an_error_of_the_look_ends_it(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        wait.until(lambda: 1 // 0, limit=60, paths=(tmp_path,))


def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    def opened() -> int:
        return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 (the count alone)

    before = opened()
    for _ in range(20):
        wait.until(lambda: True, limit=1, paths=(tmp_path,))
    # They are closed by the watching threads, a moment later.
    wait.until(lambda: True if opened() <= before else None, limit=10)
