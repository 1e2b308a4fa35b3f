from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard.facts import mailman_conf, mailman_log
from wizard.facts.mailman_log import LogLine, Logs

from .recorded import DEBIAN_12, DEBIAN_13, recording, telling

LINES = mailman_log.parse(recording("mailman.log").splitlines(), zone=UTC)
RELEASES = pytest.mark.parametrize("release", [DEBIAN_12, DEBIAN_13])


def test_a_line() -> None:
    assert LINES[0] == LogLine(
        file="mailman.log", at=datetime(2026, 11, 22, 7, 19, 55, tzinfo=UTC), pid=154, text="Master started"
    )


def parsed(release: str) -> tuple[LogLine, ...]:
    return mailman_log.parse(recording("mailman.log", release).splitlines(), zone=UTC)


@RELEASES
def test_every_line_has_its_place(release: str) -> None:
    lines = parsed(release)
    assert all(line.at for line in lines)
    assert len(lines) + sum(len(line.rest) for line in lines) == len(recording("mailman.log", release).splitlines())
    smtp = mailman_log.parse(recording("smtp.log", release).splitlines(), file="smtp.log", zone=UTC)
    assert {type(line.pid) for line in smtp} == {int}
    assert not any(line.rest for line in smtp)


@pytest.mark.parametrize(
    ("release", "pid", "version", "started", "asked"),
    [
        (DEBIAN_12, 173, "20.1.0", "07:20:01", "07:37:27"),
        (DEBIAN_13, 4154, "23.0.0", "14:09:16", "14:09:42"),
    ],
)
def test_gunicorns_lines(release: str, pid: int, version: str, started: str, asked: str) -> None:
    line = next(line for line in parsed(release) if "gunicorn" in line.text)
    assert (line.pid, line.text) == (pid, f"[INFO] Starting gunicorn {version}")
    assert line.at == datetime.fromisoformat(f"2026-11-22T{started}+00:00")
    refused = next(line for line in parsed(release) if " 401 " in line.text)
    assert refused.at == datetime.fromisoformat(f"2026-11-22T{asked}+00:00")
    assert refused.text.startswith('"GET /3.1/system/versions HTTP/1.1" 401')


@pytest.mark.parametrize(
    ("release", "error"),
    [
        (DEBIAN_12, "ValueError: invalid literal for int() with base 10: 'arbage\\n'"),
        (DEBIAN_13, "ValueError: unsupported pickle protocol: 103"),
    ],
)
def test_a_traceback_belongs_to_its_line(release: str, error: str) -> None:
    (line,) = (each for each in parsed(release) if each.failure)
    assert line.text == "Traceback (most recent call last):"
    assert line.rest[-1] == error
    assert line.traceback


def test_the_traceback_of_every_join_is_no_failure() -> None:
    line = next(line for line in LINES if line.text == "deque: do_confirm_verify")
    assert line.traceback
    assert not line.failure
    assert [each.text for each in LINES if each.failure] == ["Traceback (most recent call last):"]


def test_a_rest_whose_first_line_was_read_before() -> None:
    lines = ['  File "x", line 1', "ValueError: x", "Nov 22 07:20:00 2026 (1) next"]
    rest, following = mailman_log.parse(lines, zone=UTC)
    assert (rest.at, rest.text, rest.rest) == (None, lines[0], (lines[1],))
    assert following.text == "next"


def test_a_traceback_from_before_is_no_failure_of_now() -> None:
    lines = ["Traceback (most recent call last):", "ValueError: x", "Nov 22 07:20:00 2026 (1) next"]
    rest, _ = mailman_log.parse(lines, zone=UTC)
    assert rest.traceback
    assert not rest.failure


@RELEASES
def test_files_come_from_the_configuration(release: str) -> None:
    conf = mailman_conf.parse(recording("mailman-conf.txt", release))
    logs = mailman_log.find(conf, Path("/etc/mailman3/mailman.cfg"))
    names = ["mailman.log", "bounce.log", "debug.log", "plugins.log", "smtp.log"]
    assert logs.files == tuple(Path("/var/log/mailman3") / name for name in names)
    assert logs.paths[-1] == Path("/var/log/mailman3")
    elsewhere = mailman_log.find({**conf, ("logging.smtp", "path"): "/srv/smtp.log"}, Path("/x"))
    assert elsewhere.files[-1] == Path("/srv/smtp.log")
    assert mailman_log.find({}, Path("/x")) == Logs(())


def test_files_are_read_as_one_log(tmp_path: Path) -> None:
    first, second = tmp_path / "mailman.log", tmp_path / "smtp.log"
    logs = Logs((first, second))
    host = telling()
    first.write_text("Nov 22 07:20:00 2026 (1) old\n")
    marks = logs.mark(host)
    with first.open("a") as file:
        file.write("Nov 22 07:20:01 2026 (1) one\nTraceback (most recent call last):\nNov 22 07:20:03 2026 (1) three\n")
    second.write_text("Nov 22 07:20:02 2026 (2) two\n")
    reading = logs.since(host, marks)
    assert [(line.file, line.text) for line in reading.lines] == [
        ("mailman.log", "one"),
        ("smtp.log", "two"),
        ("mailman.log", "three"),
    ]
    assert reading.lines[0].traceback
    assert not reading.more
    assert not reading.lost
    assert logs.since(host, reading.marks).lines == ()


stamps = st.sampled_from(
    [
        "Nov 22 07:20:00 2026 (1) x",
        "Nov 99 07:20:00 0000 (1)",
        "[2026-11-22 07:20:01 +0000] [1] x",
        "[2026-99-22 07:20:01 +9999] [1] x",
        '[22/Nov/2026:07:37:27 +0000] "GET"',
        "[99/Nov/0000:99:37:27 +9999] x",
    ]
)


@given(st.lists(st.binary(max_size=40) | stamps.map(str.encode), max_size=8).map(b"\n".join))
def test_no_bytes_crash_the_reading_or_come_out_raw(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("log") / "mailman.log"
    logs = Logs((path,))
    marks = logs.mark(telling())
    path.write_bytes(data + b"\n")
    reading = logs.since(telling(), marks)
    texts = [text for line in reading.lines for text in (line.text, *line.rest)]
    assert len(texts) == data.count(b"\n") + 1
    assert all(text.isprintable() for text in texts)


@given(st.lists(st.text() | stamps))
def test_nothing_crashes_the_parser(lines: list[str]) -> None:
    found = mailman_log.parse(lines)
    assert len(found) + sum(len(line.rest) for line in found) == len(lines)
