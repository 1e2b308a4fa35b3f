from __future__ import annotations

import gzip
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard.facts import logfile
from wizard.facts.logfile import Mark
from wizard.localhost import LocalHost

HOST = LocalHost()


def add(path: Path, *lines: str) -> None:
    with path.open("a") as file:
        file.writelines(f"{line}\n" for line in lines)


def everything(path: Path, mark: Mark, *, cap: int = logfile.CAP) -> tuple[list[str], Mark]:
    lines: list[str] = []
    for _ in range(1000):
        chunk = logfile.read(HOST, path, mark, cap=cap)
        lines += chunk.lines
        mark = chunk.mark
        assert not chunk.lost
        if not chunk.more:
            return lines, mark
    raise AssertionError("reads on for ever")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "mail.log"


def test_only_what_is_new(log: Path) -> None:
    add(log, "old")
    mark = logfile.mark(HOST, log)
    assert everything(log, mark)[0] == []
    add(log, "one", "two")
    lines, mark = everything(log, mark)
    assert lines == ["one", "two"]
    add(log, "three")
    assert everything(log, mark)[0] == ["three"]


def test_the_newest_alone_are_given_where_no_more_are_asked_for(log: Path) -> None:
    mark = logfile.mark(HOST, log)
    add(log, "one", "two", "three")
    chunk = logfile.read(HOST, log, mark, most=2)
    assert (chunk.lines, chunk.passed_over) == (("two", "three"), 1)
    add(log, "four")
    chunk = logfile.read(HOST, log, chunk.mark, most=2)
    assert (chunk.lines, chunk.passed_over) == (("four",), 0)


def test_a_file_that_comes_after_the_mark(log: Path) -> None:
    mark = logfile.mark(HOST, log)
    assert mark.inode is None
    assert everything(log, mark) == ([], mark)
    add(log, "one")
    assert everything(log, mark)[0] == ["one"]


def test_a_line_that_is_being_written_comes_when_it_is_whole(log: Path) -> None:
    log.write_text("old\nha")
    mark = logfile.mark(HOST, log)
    add(log, "lf")
    lines, mark = everything(log, mark)
    assert lines == ["half"]
    with log.open("a") as file:
        file.write("a quarter")
    lines, mark = everything(log, mark)
    assert lines == []
    add(log, " more")
    assert everything(log, mark)[0] == ["a quarter more"]


def rename(log: Path) -> None:
    log.rename(log.with_name("mail.log.1"))
    log.touch()


def rename_with_date(log: Path) -> None:
    log.rename(log.with_name("mail.log-20261122"))


def copy_and_truncate(log: Path) -> None:
    shutil.copy2(log, log.with_name("mail.log.1"))
    os.truncate(log, 0)


def compress(log: Path) -> None:
    old = log.with_name("mail.log.20261122-072022.gz")
    with gzip.open(old, "wb") as file:
        file.write(log.read_bytes())
    os.utime(old, (log.stat().st_mtime, log.stat().st_mtime))
    log.unlink()
    log.touch()


@pytest.mark.parametrize("rotate", [rename, rename_with_date, copy_and_truncate, compress])
@pytest.mark.parametrize("cap", [12, logfile.CAP])
def test_rotation_loses_nothing(log: Path, rotate: object, cap: int) -> None:
    assert callable(rotate)
    add(log, *(f"old {number}" for number in range(50)))
    mark = logfile.mark(HOST, log)
    add(log, "before 1", "before 2")
    rotate(log)
    add(log, "after 1", *(f"longer than what was there: {number}" for number in range(50)))
    lines, mark = everything(log, mark, cap=cap) if cap == logfile.CAP else everything(log, mark, cap=40)
    assert lines[:3] == ["before 1", "before 2", "after 1"]
    assert len(lines) == 53
    add(log, "last")
    assert everything(log, mark)[0] == ["last"]


def test_two_rotations(log: Path) -> None:
    add(log, "old")
    mark = logfile.mark(HOST, log)
    add(log, "one")
    log.rename(log.with_name("mail.log.2"))
    add(log, "two")
    log.rename(log.with_name("mail.log.1"))
    os.utime(log.with_name("mail.log.1"), (mark.at + 5, mark.at + 5))
    add(log, "three")
    assert everything(log, mark)[0] == ["one", "two", "three"]


def test_rotated_and_no_new_file_yet(log: Path) -> None:
    add(log, "old")
    mark = logfile.mark(HOST, log)
    add(log, "one")
    log.rename(log.with_name("mail.log.1"))
    lines, mark = everything(log, mark)
    assert lines == ["one"]
    add(log, "two")
    assert everything(log, mark)[0] == ["two"]


def test_compressing_does_not_show_lines_twice(log: Path) -> None:
    add(log, "old")
    mark = logfile.mark(HOST, log)
    add(log, "one")
    log.rename(log.with_name("mail.log.1"))
    with gzip.open(log.with_name("mail.log.1.gz"), "wb") as file:
        file.write(b"old\none\n")
    assert everything(log, mark)[0] == ["one"]


def test_what_was_rotated_before_the_mark_stays_out(log: Path) -> None:
    add(log, "older")
    log.rename(log.with_name("mail.log.1"))
    os.utime(log.with_name("mail.log.1"), (1000, 1000))
    mark = logfile.mark(HOST, log)
    add(log, "one")
    assert everything(log, mark)[0] == ["one"]


def test_a_marked_file_that_is_gone_is_told(log: Path) -> None:
    add(log, "old")
    mark = logfile.mark(HOST, log)
    add(log, "lost")
    log.rename(log.with_name("other"))
    add(log, "one")
    chunk = logfile.read(HOST, log, mark)
    assert chunk.lost
    assert chunk.lines == ("one",)
    assert not logfile.read(HOST, log, chunk.mark).lost


def test_a_damaged_archive_is_an_error_or_not_the_marked_one(log: Path) -> None:
    add(log, "old")
    mark = logfile.mark(HOST, log)
    log.with_name("mail.log.1.gz").write_bytes(gzip.compress(b"old\none\n" * 1000)[:30])
    log.unlink()
    add(log, "one")
    assert logfile.read(HOST, log, mark).lost
    none = Mark(mark.at)
    with pytest.raises(OSError, match=r"mail\.log\.1\.gz"):
        logfile.read(HOST, log, none)


def test_a_cap_and_a_line_longer_than_it(log: Path) -> None:
    mark = logfile.mark(HOST, log)
    add(log, "a" * 100, "b")
    chunk = logfile.read(HOST, log, mark, cap=64)
    assert chunk.lines == ("a" * 64,)
    assert chunk.more
    assert everything(log, mark, cap=64)[0] == ["a" * 64, "a" * 36, "b"]


def test_bytes_and_controls_are_made_visible(log: Path) -> None:
    mark = logfile.mark(HOST, log)
    log.write_bytes(b"\xff\x1b[31m\xe2\x80\xae \xc3\xa9\r\n\n")
    assert everything(log, mark)[0] == ["\\xff\\x1b[31m\\u202e é", ""]


def test_unreadable_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(OSError, match="symbolic"):
        logfile.mark(HOST, tmp_path / "loop")


def test_a_directory_is_no_log(tmp_path: Path) -> None:
    assert logfile.mark(HOST, tmp_path).inode is None


steps = st.lists(
    st.tuples(st.sampled_from(["add", "rename", "copy", "read"]), st.integers(1, 5)), min_size=1, max_size=12
)


@given(steps)
def test_every_line_once_and_in_order(tmp_path_factory: pytest.TempPathFactory, taken: list[tuple[str, int]]) -> None:
    log = tmp_path_factory.mktemp("log") / "mail.log"
    mark = logfile.mark(HOST, log)
    wrote: list[str] = []
    seen: list[str] = []
    old = 0
    for step, count in taken:
        if step == "add":
            lines = [f"line {len(wrote) + number}" for number in range(count)]
            add(log, *lines)
            wrote += lines
        elif step == "read":
            lines, mark = everything(log, mark)
            seen += lines
        elif log.exists() and not (step == "copy" and mark.inode and not mark.offset):
            # An empty file's copy cannot be told from any other file.
            old += 1
            # Files of one second would be read in any order; real rotations are further apart.
            os.utime(log, (mark.at + old, mark.at + old))
            aside = log.with_name(f"mail.log.{1000 - old}")
            if step == "rename":
                log.rename(aside)
            else:
                shutil.copy2(log, aside)
                os.truncate(log, 0)
    seen += everything(log, mark)[0]
    assert seen == wrote
