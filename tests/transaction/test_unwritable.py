"""File systems that are full or closed: what cannot be changed is said, and what was changed is put back."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from tests.transaction import steps
from tests.transaction.driver import SAID
from tests.transaction.scene import OWN, Scene, State
from wizard import wait

FULL = "dd if=/dev/zero of={0}/filler bs=1k 2> /dev/null || test -s {0}/filler"
CLOSED = {
    "a configuration that is read-only": (
        "mount --bind /etc/postfix /etc/postfix && mount -o remount,ro,bind /etc/postfix",
        "umount /etc/postfix",
    ),
    "a directory of the second file that is read-only": (
        "mount --bind /etc/logrotate.d /etc/logrotate.d && mount -o remount,ro,bind /etc/logrotate.d",
        "umount /etc/logrotate.d",
    ),
    "no room for checkpoints": (
        f"mkdir -p /{OWN}/checkpoints && mount -t tmpfs -o size=16k tmpfs /{OWN}/checkpoints && "
        + FULL.format(f"/{OWN}/checkpoints"),
        f"umount /{OWN}/checkpoints",
    ),
    "no room for the new file": (
        "mount -t tmpfs -o size=16k tmpfs /etc/logrotate.d && " + FULL.format("/etc/logrotate.d"),
        "umount /etc/logrotate.d",
    ),
}


@contextmanager
def closed(scene: Scene, name: str) -> Iterator[None]:
    begin, end = CLOSED[name]
    scene.server.sh(begin)
    try:
        yield
    finally:
        scene.server.sh(end)


@pytest.mark.parametrize("name", CLOSED)
def test_an_apply_is_refused_or_put_back(scene: Scene, name: str) -> None:
    scene.reset()
    with closed(scene, name):
        assert steps.run(scene.server, "apply") == 4
        said = scene.server.text(SAID)
        assert "Read-only file system" in said or "No space left on device" in said
    assert scene.state() == scene.old
    assert scene.judged() == "old"


@pytest.mark.parametrize("name", [name for name in CLOSED if "read-only" in name])
def test_what_cannot_be_put_back_now_is_put_back_at_the_next_start(scene: Scene, name: str) -> None:
    scene.interrupted()
    with closed(scene, name):
        assert steps.run(scene.server, "recover") == 4
        assert "is not put back yet" in scene.server.text(SAID)
    assert scene.judged() == "old"


def test_a_file_that_nothing_may_change(scene: Scene) -> None:
    scene.reset()
    if not scene.server.lab.run(["chattr", "+i", "/etc/postfix/main.cf"]).ok:
        pytest.skip("the lab's file system knows no immutable files")
    try:
        assert steps.run(scene.server, "apply") == 4
    finally:
        scene.server.sh("chattr -i /etc/postfix/main.cf")
    assert scene.judged() == "old"


@pytest.mark.parametrize("size", [2048, 4096, 10_000])
def test_a_write_is_cut_short(scene: Scene, size: int) -> None:
    """No file gets larger than some bytes: write(2) takes a part of what it is given, and the rest is refused."""
    scene.reset()
    assert steps.run(scene.server, "apply", largest=size) == 4
    assert "File too large" in scene.server.text(SAID)
    assert scene.state() == scene.old
    assert scene.judged() == "old"


def _held(scene: Scene, call: str, path: str) -> str:
    """Say how strace is to hold a call, the last one of its kind that is about a path, for some seconds."""
    scene.reset()
    step = [each for each in steps.steps(scene.server, "apply") if each.call == call and path in each.path][-1]
    scene.reset()
    return f"inject={call}:delay_enter=3s:when={step.number}"


def test_a_file_that_the_admin_edits_meanwhile_keeps_the_edit(scene: Scene) -> None:
    """The edit comes when the checkpoint is taken, and the file not yet written."""
    held = _held(scene, "fsync", "checkpoint.json")
    main_cf = scene.server.path("etc/postfix/main.cf")
    with ThreadPoolExecutor() as beside:
        ended = beside.submit(steps.run, scene.server, "apply", held)
        root = scene.server.path(OWN)
        wait.until(lambda: next(root.glob("checkpoints/*/.checkpoint.json.*.tmp"), None), limit=30)
        with main_cf.open("a", encoding="utf-8") as file:
            file.write("# mine\n")
        assert ended.result() == 4
    assert "main.cf" in scene.server.text(SAID)
    assert main_cf.read_bytes() == _content(scene.old) + b"# mine\n"
    main_cf.write_bytes(_content(scene.old))
    assert scene.judged() == "old"


def test_what_the_admin_edits_after_it_was_written_is_not_put_back_over(scene: Scene) -> None:
    """The edit comes when the file is written; then the plan fails."""
    held = _held(scene, "rename", "logrotate.d/mailman-wizard")
    main_cf = scene.server.path("etc/postfix/main.cf")
    with ThreadPoolExecutor() as beside:
        ended = beside.submit(steps.run, scene.server, "apply", f"{held}:error=EIO")
        wait.until(lambda: True if main_cf.read_bytes() == _content(scene.new["apply"]) else None, limit=30)
        with main_cf.open("a", encoding="utf-8") as file:
            file.write("# mine\n")
        assert ended.result() == 4
    assert "somebody else has changed it meanwhile" in scene.server.text(SAID)
    assert main_cf.read_bytes() == _content(scene.new["apply"]) + b"# mine\n"
    scene.reset()
    assert scene.judged() == "old"


def _content(state: State) -> bytes:
    """Give main.cf of a state."""
    assert state[0] is not None
    return state[0][0]


def test_of_two_at_once_one_is_refused(scene: Scene) -> None:
    scene.reset()
    scene.server.sh(f"install -d -m 700 /{OWN}")
    script = f"""
        exec 9> /{OWN}/lock
        flock -n 9
        cd {steps.REPOSITORY}
        ! {steps.python("apply")} > /{SAID} 2>&1 < /dev/null
    """
    scene.server.sh(script)
    assert "another run holds the lock" in scene.server.text(SAID)
    assert scene.judged() == "old"
