"""A file is written whole or not at all, whatever goes wrong on the way."""

from __future__ import annotations

import os
import resource
import struct
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.doubles import NOBODY, as_nobody
from wizard import atomic

OLD = b"what was there\n"
ACL, MASK_RW = "system.posix_acl_access", 0o060


def put(path: Path, content: bytes = b"new\n", *, mode: int = 0o640, uid: int = 0, gid: int = 0) -> None:
    atomic.replace(path, content, mode=mode, uid=uid, gid=gid)


def names(directory: Path) -> list[str]:
    return [path.name for path in directory.iterdir()]


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "main.cf"
    path.write_bytes(OLD)
    return path


@contextmanager
def limited(what: int, soft: int) -> Iterator[None]:
    before = resource.getrlimit(what)
    resource.setrlimit(what, (soft, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(what, before)


@contextmanager
def open_directory(uid: int) -> Iterator[Path]:
    """A directory that nobody can get to, unlike pytest's own; it belongs to `uid`."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        os.chown(name, uid, -1)
        yield Path(name)


def acl(mask: int) -> bytes:
    """An access list (acl(5)) with an entry for nobody, as the kernel keeps it."""
    rows = ((1, 6, -1), (2, 4, NOBODY), (4, 4, -1), (0x10, mask, -1), (0x20, 0, -1))
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHi", tag, perm, who) for tag, perm, who in rows)


class TestReplace:
    @settings(max_examples=30)
    @given(content=st.binary(), mode=st.integers(0, 0o777))
    def test_content_mode_and_owner_are_as_asked(self, content: bytes, mode: int) -> None:
        with tempfile.TemporaryDirectory() as name:
            path = Path(name) / "file"
            for _ in range(2):  # a new one, then over it
                atomic.replace(path, content, mode=mode, uid=12, gid=34)
                found = path.stat()
                assert path.read_bytes() == content
                assert (found.st_mode & 0o7777, found.st_uid, found.st_gid) == (mode, 12, 34)
            assert names(Path(name)) == ["file"]

    def test_the_mode_does_not_depend_on_the_umask(self, tmp_path: Path) -> None:
        before = os.umask(0o777)
        try:
            put(tmp_path / "file", mode=0o666)
        finally:
            os.umask(before)
        assert (tmp_path / "file").stat().st_mode & 0o7777 == 0o666

    def test_a_link_stays_a_link(self, old: Path, tmp_path: Path) -> None:
        link = tmp_path / "link"
        link.symlink_to("main.cf")
        second = tmp_path / "second"
        second.symlink_to(link)
        put(second)
        assert link.is_symlink()
        assert second.readlink() == link
        assert old.read_bytes() == b"new\n"

    def test_a_dangling_link_is_given_its_file(self, tmp_path: Path) -> None:
        (tmp_path / "link").symlink_to("absent")
        put(tmp_path / "link")
        assert (tmp_path / "absent").read_bytes() == b"new\n"
        assert (tmp_path / "link").is_symlink()

    def test_another_name_of_the_old_file_keeps_the_old_content(self, old: Path, tmp_path: Path) -> None:
        os.link(old, tmp_path / "other")
        put(old)
        assert (tmp_path / "other").read_bytes() == OLD

    def test_a_reader_that_has_it_open_sees_one_whole_content(self, old: Path) -> None:
        with old.open("rb") as reader:
            put(old, b"x" * 100_000)
            assert reader.read() == OLD

    def test_attributes_are_carried_over(self, old: Path) -> None:
        os.setxattr(old, "user.note", b"kept")
        put(old)
        assert os.getxattr(old, "user.note") == b"kept"

    def test_an_access_list_is_carried_over_and_does_not_widen_the_mode(self, old: Path) -> None:
        os.setxattr(old, ACL, acl(6))
        assert old.stat().st_mode & MASK_RW == MASK_RW
        put(old, mode=0o640)
        assert old.stat().st_mode & 0o777 == 0o640
        assert os.getxattr(old, ACL) == acl(4)


def fails_to_write(path: Path) -> None:
    with limited(resource.RLIMIT_FSIZE, 1000):
        put(path, b"x" * 5000)


def fails_to_open(path: Path) -> None:
    opened = []
    with limited(resource.RLIMIT_NOFILE, 64):
        try:
            while True:
                opened.append(os.open("/dev/null", os.O_RDONLY))
        except OSError:
            pass
        try:
            put(path)
        finally:
            for each in opened:
                os.close(each)


@pytest.mark.parametrize("failure", [fails_to_write, fails_to_open])
def test_a_failure_leaves_the_old_file_and_nothing_else(old: Path, failure: Callable[[Path], None]) -> None:
    before = old.stat()
    with pytest.raises(OSError, match=r"File too large|Too many open files"):
        failure(old)
    assert old.read_bytes() == OLD
    assert old.stat() == before
    assert names(old.parent) == ["main.cf"]


def test_a_failure_of_the_owner_leaves_the_old_file() -> None:
    with open_directory(NOBODY) as directory:
        path = directory / "file"
        path.write_bytes(OLD)
        with as_nobody(), pytest.raises(PermissionError):
            put(path, uid=0)
        assert path.read_bytes() == OLD
        assert names(directory) == ["file"]


def test_a_directory_that_may_not_be_written_to_stays_as_it_is() -> None:
    with open_directory(0) as directory:
        path = directory / "file"
        path.write_bytes(OLD)
        with as_nobody(), pytest.raises(PermissionError):
            put(path, uid=NOBODY, gid=NOBODY)
        assert path.read_bytes() == OLD
        assert names(directory) == ["file"]


def test_a_failure_of_the_rename_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "directory").mkdir()
    with pytest.raises(IsADirectoryError):
        put(tmp_path / "directory")
    assert names(tmp_path) == ["directory"]


@pytest.mark.parametrize("missing", ["absent/file", "file/below"])
def test_a_directory_that_is_not_there_is_an_error(tmp_path: Path, missing: str) -> None:
    (tmp_path / "file").write_bytes(OLD)
    with pytest.raises((FileNotFoundError, NotADirectoryError)):
        put(tmp_path / missing)
    assert names(tmp_path) == ["file"]


class TestRemove:
    def test_a_file_is_gone(self, old: Path) -> None:
        atomic.remove(old)
        assert not old.exists()

    def test_one_that_is_not_there_is_no_error(self, tmp_path: Path) -> None:
        atomic.remove(tmp_path / "absent")

    def test_a_link_is_removed_and_not_what_it_leads_to(self, old: Path, tmp_path: Path) -> None:
        (tmp_path / "link").symlink_to(old)
        atomic.remove(tmp_path / "link")
        assert old.read_bytes() == OLD

    def test_a_directory_is_an_error(self, tmp_path: Path) -> None:
        with pytest.raises(OSError, match=r"Is a directory|Operation not permitted"):
            atomic.remove(tmp_path)
