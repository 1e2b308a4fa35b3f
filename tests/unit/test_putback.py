"""What a killed run had changed is put back at the next start; what somebody else has changed since stays."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from tests.unit.machine import NEW, OLD, Machine, machine, write
from wizard import atomic, scratch
from wizard.host import Process
from wizard.plan import Change, Directory, Rebuild, Service

POSTFIX = Process(1, 0, "master", ("/usr/lib/postfix/sbin/master",), "root", "running", 0, 0)


def killed(made: Machine, *changes: Change) -> None:
    """Apply changes in a process that kills itself when it comes to a command that is called ``kill``."""
    child = os.fork()
    if child == 0:
        with suppress(BaseException):
            made.apply(*changes)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status)


def kill() -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return 0


KILL = Rebuild(1, "kill", ("kill",), None, ())


def prepared(root: Path, **commands: Callable[[], int]) -> Machine:
    """Have commands by their first words, one that kills among them; it does so only once."""
    gone = root / "gone"

    def once() -> int:
        if not gone.exists():
            gone.touch()
            kill()
        return 0

    return machine(root, commands={"kill": once, **commands})


def test_what_a_killed_run_had_changed_is_put_back(tmp_path: Path) -> None:
    made = prepared(tmp_path)
    before = made.contents()
    killed(
        made,
        write(tmp_path / "a"),
        write(tmp_path / "c", before=None),
        Directory(1, tmp_path / "d", 0o755, "root", "root", ()),
        KILL,
        write(tmp_path / "b"),
    )
    assert made.contents()["a"] == (NEW, 0o640)
    assert (tmp_path / "d").is_dir()

    made.recover()

    assert {**made.contents(), "gone": None} == {**before, "gone": None}
    assert not (tmp_path / "d").exists()
    assert [each.ending for each in made.checkpoints.all()] == ["put back"]
    made.recover()
    assert made.emit.kinds().count("note") == 1


def test_the_newest_is_put_back_first(tmp_path: Path) -> None:
    made = prepared(tmp_path)
    made.apply(write(tmp_path / "a"))
    killed(made, write(tmp_path / "a", before=NEW, after=b"newer\n"), KILL)
    made.recover()
    assert made.contents()["a"] == (NEW, 0o640)
    assert [each.ending for each in made.checkpoints.all()] == ["made", "put back"]


def test_what_somebody_else_has_changed_since_stays_and_is_told(tmp_path: Path) -> None:
    made = prepared(tmp_path)
    killed(made, write(tmp_path / "a"), write(tmp_path / "b"), KILL)
    (tmp_path / "a").write_bytes(b"an admin's own line\n")
    made.recover()
    assert made.contents()["a"] == (b"an admin's own line\n", 0o640)
    assert made.contents()["b"] == (OLD, 0o604)
    (one,) = made.checkpoints.all()
    assert one.ending == "left"
    assert "somebody else has changed it" in one.left[0]
    assert any(str(tmp_path / "a") in str(data["text"]) for data in made.emit.of("note"))


def test_a_service_reads_what_is_put_back_though_the_plan_had_not_come_to_it(tmp_path: Path) -> None:
    seen = []

    def reload() -> int:
        seen.append((tmp_path / "a").read_bytes())
        return 0

    made = prepared(tmp_path, **{"postfix reload": reload})
    made.host.running.append(POSTFIX)
    killed(made, write(tmp_path / "a"), KILL, Service(1, "postfix", "reload", ()))
    made.recover()
    assert seen == [OLD]


def test_a_service_that_ran_and_was_stopped_is_started(tmp_path: Path) -> None:
    made = prepared(tmp_path, **{"postfix stop": lambda: 0})
    made.host.running.append(POSTFIX)
    killed(made, Service(1, "postfix", "reload", ()), KILL)
    made.host.running.clear()
    made.recover()
    assert made.acted() == ["postfix start"]


def test_temporary_files_go_and_nothing_else_does(tmp_path: Path) -> None:
    made = prepared(tmp_path)
    killed(made, write(tmp_path / "a"), KILL)
    (tmp_path / ".a.0123456789ab.tmp").write_bytes(b"half")
    (tmp_path / ".other.0123456789ab.tmp").write_bytes(b"somebody's")
    (made.state.root / ".session.json.0123456789ab.tmp").write_bytes(b"half")
    made.recover()
    names = {path.name for path in tmp_path.iterdir()}
    assert ".a.0123456789ab.tmp" not in names
    assert ".other.0123456789ab.tmp" in names
    assert not list(made.state.root.glob(".*.tmp"))


def test_scratch_directories_that_a_kill_left_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratch, "PLACE", tmp_path)
    left, links = tmp_path / f"{scratch.PREFIX}left", tmp_path / f"{scratch.PREFIX}link"
    left.mkdir(mode=0o700)
    (left / "mailman.cfg").write_text("[webservice]\n")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    links.symlink_to(elsewhere)
    foreign = tmp_path / f"{scratch.PREFIX}foreign"
    foreign.mkdir(mode=0o700)
    os.chown(foreign, 65534, 65534)
    with scratch.directory() as used:
        scratch.tidy()
        assert sorted(tmp_path.iterdir()) == sorted([used, links, elsewhere, foreign])


def test_a_scratch_directory_is_never_without_its_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another run tidies at any moment: just after it was made, and while it is taken away."""
    monkeypatch.setattr(scratch, "PLACE", tmp_path)
    lock, remove = fcntl.flock, shutil.rmtree
    tidied: list[Path] = []

    def locked(fd: int, how: int) -> None:
        if how == fcntl.LOCK_EX and not tidied:
            tidied.extend(tmp_path.iterdir())
            remove(tidied[0])
        lock(fd, how)

    def removed(path: Path) -> None:
        if path.exists():
            scratch.tidy()
            assert path.exists()
        remove(path)

    monkeypatch.setattr(fcntl, "flock", locked)
    monkeypatch.setattr(shutil, "rmtree", removed)
    with scratch.directory() as used:
        assert tidied
        assert used.exists()
    assert not list(tmp_path.iterdir())


def test_only_a_temporary_file_s_name_is_one(tmp_path: Path) -> None:
    for name in (".main.cf.0123456789ab.tmp", ".main.cf.swp", "main.cf.tmp", ".main.cf.0123.tmp"):
        (tmp_path / name).touch()
    atomic.tidy(tmp_path / "main.cf")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".main.cf.0123.tmp", ".main.cf.swp", "main.cf.tmp"]
