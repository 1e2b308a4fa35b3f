"""The wizard's own directories, and the lock that one run holds."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from wizard.errors import ExitCode, RefusedError
from wizard.state import State

HOLDER = """
import sys, time
from pathlib import Path
from wizard.state import State
with State(Path(sys.argv[1])).locked():
    print("held", flush=True)
    time.sleep(60)
"""


@contextmanager
def holder(root: Path) -> Iterator[subprocess.Popen[str]]:
    argv = [sys.executable, "-c", HOLDER, str(root)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def test_its_directories_are_root_s_alone(tmp_path: Path) -> None:
    state = State(tmp_path / "a" / "b")
    before = os.umask(0)
    try:
        state.prepare()
        state.root.chmod(0o755)
        state.prepare()
    finally:
        os.umask(before)
    for directory in (state.root, state.runs, state.checkpoints):
        assert directory.stat().st_mode & 0o777 == 0o700


def test_a_second_holder_is_refused_and_told_who_has_it(tmp_path: Path) -> None:
    with holder(tmp_path) as process:
        with pytest.raises(RefusedError, match=rf"\(process {process.pid}\).*mailman-wizard watch") as caught:
            State(tmp_path).locked().__enter__()
        assert caught.value.exit_code is ExitCode.REFUSED


def test_who_is_refused_is_told_the_run_to_watch(tmp_path: Path) -> None:
    with State(tmp_path).locked("20261122T080000Z-abcdef"), pytest.raises(RefusedError) as caught:
        State(tmp_path).locked().__enter__()
    assert "'mailman-wizard watch 20261122T080000Z-abcdef'" in str(caught.value)


def test_a_killed_holder_holds_nothing(tmp_path: Path) -> None:
    with holder(tmp_path) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
        with State(tmp_path).locked():
            assert (tmp_path / "lock").read_text() == f"{os.getpid()}\n"


def test_a_child_of_the_holder_does_not_keep_it(tmp_path: Path) -> None:
    with State(tmp_path).locked():
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        with State(tmp_path).locked():
            pass
    finally:
        child.kill()
        child.wait()


def test_it_is_given_back_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="in between"), State(tmp_path).locked():
        raise ValueError("in between")
    with State(tmp_path).locked():
        pass


def test_a_link_in_its_place_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("content")
    (tmp_path / "lock").symlink_to("precious")
    with pytest.raises(OSError, match="symbolic links"):
        State(tmp_path).locked().__enter__()
    assert (tmp_path / "precious").read_text() == "content"
