"""Finding lines in big, rotated and compressed logs."""

from __future__ import annotations

import gzip
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard.facts import logsearch, mailman_log, postfix_log

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def line(number: int, text: str, *, begin: datetime) -> str:
    return f"{(begin + timedelta(minutes=number)).isoformat()} mail postfix/qmgr[1]: {text}\n"


def write(path: Path, lines: list[str], written: datetime) -> Path:
    text = "".join(lines).encode()
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    os.utime(path, (written.timestamp(), written.timestamp()))
    return path


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Four days of one line a minute: two of them compressed, one rotated, one live."""
    names = ("mail.log.3.gz", "mail.log.2.gz", "mail.log.1", "mail.log")
    for index, name in enumerate(names):
        begin = NOW - timedelta(days=len(names) - index)
        lines = [line(number, f"day {index} line {number}.", begin=begin) for number in range(24 * 60)]
        write(tmp_path / name, lines, begin + timedelta(days=1))
    return tmp_path / "mail.log"


def found(path: Path, since: datetime, *needles: bytes) -> list[str]:
    parts = logsearch.window(path, since, postfix_log.stamp)
    return [each.line.decode().partition(": ")[2] for each in logsearch.search(parts, logsearch.containing(needles))]


def test_in_every_part_oldest_first(log: Path) -> None:
    assert found(log, NOW - timedelta(days=5), b"line 77.") == [f"day {day} line 77." for day in range(4)]


def test_what_is_older_is_not_looked_at(log: Path) -> None:
    parts = logsearch.window(log, NOW - timedelta(hours=30), postfix_log.stamp)
    assert [part.file.path.name for part in parts] == ["mail.log.1", "mail.log"]
    assert 0 < parts[0].start < parts[0].file.path.stat().st_size
    assert parts[1].start == 0
    assert found(log, NOW - timedelta(hours=30), b"line 77.") == ["day 3 line 77."]


@pytest.mark.parametrize("hours", [2, 5, 12, 23])
def test_bisection_misses_no_line_of_the_window(log: Path, hours: int) -> None:
    since = NOW - timedelta(hours=hours)
    lines = found(log, since, b"day 3")
    first = 24 * 60 - hours * 60
    assert lines[-1] == f"day 3 line {24 * 60 - 1}."
    assert f"day 3 line {first}." in lines
    assert len(lines) < hours * 60 + 60 + 120


def test_times_without_a_year_and_a_line_without_an_end(tmp_path: Path) -> None:
    path = tmp_path / "mail.log"
    write(path, ["Dec 31 23:59:59 mail postfix/qmgr[1]: last year\n", "Jan  1 00:00:01 mail postfix/qmgr[1]: new"], NOW)
    assert found(path, NOW - timedelta(days=1), b"year", b"new") == ["last year"]


def test_a_traceback_in_the_way(tmp_path: Path) -> None:
    path = tmp_path / "mailman.log"
    lines = [
        f"Nov 22 {hour:02}:00:0{second} 2026 (1) at {hour}\n  no time\n" for hour in range(12) for second in range(9)
    ]
    write(path, [each * 30 for each in lines], NOW)
    parts = logsearch.window(path, datetime(2026, 11, 22, 9, tzinfo=UTC).astimezone(), mailman_log.stamp)
    assert parts[0].start > 0
    seen = {each.line[-4:] for each in logsearch.search(parts, logsearch.containing([b" at "]))}
    assert {b"t 10", b"t 11", b"at 9"} <= seen


@pytest.mark.parametrize("count", [1, 3, 50])
def test_ids_in_their_place(log: Path, count: int) -> None:
    with log.open("a") as file:
        file.writelines(
            f"{NOW.isoformat()} mail postfix/local[1]: {number:06X}: to=<a> 00000{number}: \n" for number in range(60)
        )
    ids = {f"{number:06X}".encode() for number in range(count)}
    parts = logsearch.window(log, NOW - timedelta(hours=1), postfix_log.stamp)
    lines = [each.line for each in logsearch.search(parts, logsearch.with_ids(ids))]
    assert {line.split(b": ")[1] for line in lines} >= ids
    assert len(lines) <= max(count, 2)


@given(
    st.lists(st.binary(max_size=40).filter(lambda raw: b"\n" not in raw), max_size=20),
    st.integers(1, 60),
    st.sampled_from([b"a", b"needle", b"\x00", b": "]),
)
def test_pieces_lose_and_repeat_nothing(
    tmp_path_factory: pytest.TempPathFactory, raws: list[bytes], piece: int, needle: bytes
) -> None:
    path = tmp_path_factory.mktemp("log") / "x.log"
    path.write_bytes(b"".join(raw + b"\n" for raw in raws))
    before, logsearch.PIECE = logsearch.PIECE, max(piece, 45)
    try:
        parts = logsearch.window(path, NOW - timedelta(days=36500), postfix_log.stamp)
        lines = [each.line for each in logsearch.search(parts, logsearch.containing([needle]))]
    finally:
        logsearch.PIECE = before
    assert lines == [raw for raw in raws if needle in raw]


def test_a_damaged_part_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "mail.log.1.gz"
    path.write_bytes(gzip.compress(b"a line\n" * 1000)[:-20])
    parts = logsearch.window(tmp_path / "mail.log", NOW - timedelta(days=36500), postfix_log.stamp)
    with pytest.raises(OSError, match="cannot be decompressed"):
        list(logsearch.search(parts, logsearch.containing([b"x"])))
