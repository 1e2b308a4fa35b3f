"""File systems that are full or closed: what cannot be changed is said, and what was changed is put back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.transaction import steps
from tests.transaction.scene import OWN, Scene

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
        said = scene.server.text("root/driver")
        assert "Read-only file system" in said or "No space left on device" in said
    assert scene.state() == scene.old
    assert scene.judged() == "old"


@pytest.mark.parametrize("name", [name for name in CLOSED if "read-only" in name])
def test_what_cannot_be_put_back_now_is_put_back_at_the_next_start(scene: Scene, name: str) -> None:
    scene.interrupted()
    with closed(scene, name):
        assert steps.run(scene.server, "recover") == 4
        assert "is not put back yet" in scene.server.text("root/driver")
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


def test_of_two_at_once_one_is_refused(scene: Scene) -> None:
    scene.reset()
    scene.server.sh(f"install -d -m 700 /{OWN}")
    script = f"""
        exec 9> /{OWN}/lock
        flock -n 9
        cd {steps.REPOSITORY}
        ! {steps.python("apply")} > /root/driver 2>&1 < /dev/null
    """
    scene.server.sh(script)
    assert "another run holds the lock" in scene.server.text("root/driver")
    assert scene.judged() == "old"
