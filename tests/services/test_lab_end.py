"""Whatever of a lab is killed, nothing of it is left."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from tests.services.outside import DRIVER, left_empty
from wizard import wait
from wizard.lab.cache import CACHE

DAEMON = "setsid sleep 63.25 > /dev/null & mount -t tmpfs none /mnt; echo up; exec sleep 64.25"


@dataclass(frozen=True)
class Running:
    outer: subprocess.Popen[bytes]
    first: int
    command: int

    def pid(self, which: str) -> int:
        return {"outer": self.outer.pid, "first": self.first, "command": self.command}[which]


@contextmanager
def running() -> Iterator[Running]:
    with subprocess.Popen([*DRIVER, "sh", "-c", DAEMON], stdout=subprocess.PIPE) as outer:
        try:
            assert outer.stdout is not None
            assert outer.stdout.readline() == b"up\n"
            first, command = sorted(psutil.Process(outer.pid).children(), key=lambda child: child.create_time())
            line = wait.until(lambda: command.cmdline() or None, limit=5)  # there is none within execve(2)
            assert line[0] in {"sh", "sleep"}
            yield Running(outer, first.pid, command.pid)
        finally:
            outer.kill()


def outside() -> tuple[str, frozenset[str], frozenset[Path]]:
    kept = frozenset(entry.name for entry in CACHE.iterdir() if not entry.name.startswith("."))
    return Path("/proc/self/mountinfo").read_text(), kept, frozenset(Path("/run").iterdir())


@pytest.mark.parametrize(
    ("which", "code"),
    [("outer", -signal.SIGKILL), ("first", 128 + signal.SIGKILL), ("command", 128 + signal.SIGKILL)],
)
def test_killing_one_of_its_processes_leaves_nothing(which: str, code: int) -> None:
    with running() as lab:
        before = outside()
        with left_empty(lab.first):
            os.kill(lab.pid(which), signal.SIGKILL)

            assert lab.outer.wait(timeout=10) == code
        assert outside() == before


def test_its_first_process_is_not_ended_from_within_or_by_sigterm() -> None:
    with running() as lab, left_empty(lab.first):
        os.kill(lab.first, signal.SIGTERM)
        os.kill(lab.first, signal.SIGINT)

        lab.outer.send_signal(signal.SIGTERM)

        assert lab.outer.wait(timeout=10) == 128 + signal.SIGTERM


class TestLayer:
    """With a small package, and a cache of its own."""

    @pytest.fixture
    def cache(self, tmp_path: Path) -> dict[str, str]:
        return {"LAB_CACHE": str(tmp_path / "cache"), "LAB_PACKAGE": "hello"}

    def start(self, cache: dict[str, str]) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*DRIVER, "hello"],
            env={**os.environ, **cache},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def names(self, cache: dict[str, str]) -> set[str]:
        return {entry.name for entry in Path(cache["LAB_CACHE"]).iterdir()} - {"lock", "transcript"}

    def test_it_is_made_once_by_two_that_start_together(self, cache: dict[str, str]) -> None:
        with self.start(cache) as one, self.start(cache) as other:
            said = sorted(process.communicate(timeout=200) for process in (one, other))

        assert [out for out, _ in said] == ["Hello, world!\n"] * 2
        assert sum("Unpacking hello" in err for _, err in said) == 1
        assert len(self.names(cache)) == 1

    def test_a_build_that_is_killed_leaves_nothing_and_the_next_one_makes_it(self, cache: dict[str, str]) -> None:
        with self.start(cache) as killed:
            assert killed.stderr is not None
            wait_for = next(line for line in killed.stderr if "Unpacking" in line)
            assert wait_for
            with left_empty(psutil.Process(killed.pid).children()[0].pid):
                killed.kill()
        assert self.names(cache) == set()

        with self.start(cache) as second:
            assert second.communicate(timeout=200)[0] == "Hello, world!\n"

    def test_what_is_stale_is_removed_and_what_is_used_is_not(self, cache: dict[str, str]) -> None:
        directory = Path(cache["LAB_CACHE"])
        for name in (".staging-dead", "stale", "used"):
            (directory / name / "tree").mkdir(parents=True)
        with subprocess.Popen(["/usr/bin/flock", "--shared", str(directory / "used"), "sleep", "100"]) as user:
            wait.until(lambda: psutil.Process(user.pid).children() or None, limit=5)
            with self.start(cache) as lab:
                assert lab.communicate(timeout=200)[0] == "Hello, world!\n"
            for child in psutil.Process(user.pid).children():
                child.kill()

        (kept,) = self.names(cache) - {"used"}
        assert len(kept.partition("-")[0]) == 32
        assert "used" in self.names(cache)
