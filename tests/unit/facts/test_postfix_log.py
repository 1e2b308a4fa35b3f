from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard.facts import logsearch, postfix_log
from wizard.facts.logfile import Mark
from wizard.facts.postfix_log import FileLog, JournalLog, LogLine
from wizard.host import FileState, Process

from .recorded import DEBIAN_12, DEBIAN_13, POSTFIX_3_11, TellingHost, recording, telling

NOW = datetime(2026, 11, 22, 16, tzinfo=UTC)


def parsed(name: str, release: str = DEBIAN_12) -> tuple[LogLine, ...]:
    lines = recording(name, release).splitlines()
    found = postfix_log.parse(lines, now=NOW, zone=UTC)
    assert len(found) == len(lines)
    return found


def test_traditional_line_with_a_long_queue_id() -> None:
    line = next(line for line in parsed("postfix.log") if line.service == "local")
    assert line == LogLine(
        at=datetime(2026, 11, 22, 7, 20, 6, tzinfo=UTC),
        host="mail",
        program="postfix/local",
        pid=301,
        queue_id="4jXL7V4r7bzJB5w",
        text="to=<bob@local.edu>, relay=local, delay=0.04, delays=0/0.04/0/0, dsn=2.0.0, "
        "status=sent (delivered to mailbox)",
    )


@pytest.mark.parametrize(
    ("release", "name", "length", "count"),
    [
        (DEBIAN_12, "postfix.log", 15, 58),
        (DEBIAN_12, "postfix-short-ids.log", 11, 16),
        (DEBIAN_12, "mail-rsyslog.log", 11, 5),
        (DEBIAN_13, "postfix.log", 14, 75),
        (DEBIAN_13, "postfix-short-ids.log", 9, 9),
        (DEBIAN_13, "mail-rsyslog.log", 9, 5),
        (POSTFIX_3_11, "postfix.log", 14, 23),
    ],
)
def test_every_queue_id_of_the_recordings(release: str, name: str, length: int, count: int) -> None:
    ids = [line.queue_id for line in parsed(name, release) if line.queue_id]
    assert {len(found) for found in ids} == {length}
    assert len(ids) == count


def test_text_that_only_looks_like_a_queue_id() -> None:
    for text in ("NOQUEUE: reject", "warning: x", "fatal: x", "connect to 127.0.0.1[127.0.0.1]:9: refused"):
        line = postfix_log.parse_line(f"Nov 22 07:20:06 mail postfix/smtpd[1]: {text}", now=NOW)
        assert line is not None
        assert (line.queue_id, line.text) == (None, text)


def test_connections_that_ended_abnormally() -> None:
    """From 3.10 on, smtpd says to which message, and cleanup that there is none."""
    lines = parsed("postfix.log", DEBIAN_13)
    lost = [(line.queue_id, line.text) for line in lines if "lost connection" in line.text]
    assert lost == [
        (None, "NOQUEUE: lost connection after RSET from localhost[127.0.0.1]"),
        ("4jXWCt2WmJz587", "lost connection after DATA (47 bytes) from localhost[127.0.0.1]"),
        (None, "NOQUEUE: lost connection after MAIL from localhost[127.0.0.1]"),
        ("4jXWCv66SVz58l", "lost connection after RCPT from localhost[127.0.0.1]"),
    ]
    canceled = [(line.service, line.queue_id) for line in lines if line.text == "removed (canceled)"]
    assert canceled == [("cleanup", "4jXWCt2WmJz587"), ("cleanup", "4jXWCv66SVz58l")]


@pytest.mark.parametrize(
    ("release", "levels"),
    [
        (DEBIAN_12, {"fatal": 4, "error": 1, "warning": 9}),
        (DEBIAN_13, {"fatal": 4, "error": 1, "warning": 10}),
        (POSTFIX_3_11, {"warning": 1}),
    ],
)
def test_levels(release: str, levels: dict[str, int]) -> None:
    assert Counter(line.level for line in parsed("postfix.log", release) if line.level) == levels


def test_a_level_after_a_queue_id() -> None:
    warned = postfix_log.parse_line("Nov 22 07:20:06 mail postfix/cleanup[1]: 6F92E20C038: warning: x", now=NOW)
    assert warned is not None
    assert (warned.level, warned.queue_id) == ("warning", "6F92E20C038")


@pytest.mark.parametrize(
    ("release", "at", "pid"),
    [
        (DEBIAN_12, datetime(2026, 11, 22, 7, 42, 20, 890064, tzinfo=UTC), 116),
        (DEBIAN_13, datetime(2026, 11, 22, 14, 10, 18, 928934, tzinfo=UTC), 4708),
    ],
)
def test_rfc_3339_line(release: str, at: datetime, pid: int) -> None:
    (line,) = (line for line in parsed("mail-rsyslog.log", release) if line.level)
    assert line.at == at
    assert (line.program, line.pid, line.level) == ("postfix/postmap", pid, "fatal")


def test_last_years_line() -> None:
    line = postfix_log.parse_line(
        "Dec 31 23:59:59 mail postfix/smtpd[1]: x", now=datetime(2027, 1, 1, tzinfo=UTC), zone=UTC
    )
    assert line is not None
    assert line.at == datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)


def test_program_without_a_pid_and_a_nested_one() -> None:
    found = postfix_log.parse(
        ["Nov  2 07:20:06 mail postfix: x", "Nov  2 07:20:06 mail postfix/submission/smtpd[7]: connect"], now=NOW
    )
    assert [(line.program, line.pid, line.service) for line in found] == [
        ("postfix", None, "postfix"),
        ("postfix/submission/smtpd", 7, "smtpd"),
    ]


def test_file_source_tells_postfix_lines_only(tmp_path: Path) -> None:
    log = tmp_path / "mail.log"
    source = FileLog(log)
    host = telling()
    mark = source.mark(host)
    lines = recording("mail-rsyslog.log")
    log.write_text(lines + "2026-11-22T07:42:20+00:00 mail dovecot: imap: warning: x\nnot a log line\n")
    reading = source.since(host, mark)
    assert [line.program for line in reading.lines] == [line.program for line in parsed("mail-rsyslog.log")]
    assert not reading.more
    assert not reading.lost
    assert source.since(host, reading.mark).lines == ()
    assert source.where == str(log)
    assert source.paths == (log, tmp_path)


MARKED = "s=e1a9639119c7419ea2c2bdc8b520b598;i=4"


@pytest.mark.parametrize(
    ("release", "begun", "pid", "queue_id", "cursor"),
    [
        (
            DEBIAN_12,
            datetime(2026, 11, 22, 7, 41, 21, 820671, tzinfo=UTC),
            126,
            "C85D320C996",
            "s=e1a9639119c7419ea2c2bdc8b520b598;i=10;",
        ),
        (
            DEBIAN_13,
            datetime(2026, 11, 22, 14, 16, 56, 161245, tzinfo=UTC),
            466,
            "26099133",
            "s=bf00658b1f59484bb61df04ed096c77e;i=21;",
        ),
    ],
)
def test_journal(release: str, begun: datetime, pid: int, queue_id: str, cursor: str) -> None:
    host = telling(recording("journal.json", release))
    reading = JournalLog().since(host, Mark(0, cursor=MARKED))
    argv = host.calls[0][0]
    assert f"--cursor={MARKED}" in argv
    assert argv[-3:] == ("SYSLOG_FACILITY=2", "+", "MESSAGE_ID=a596d6fe7bfa4994828e72309e95d61e")
    assert reading.lines[2] == LogLine(
        at=begun,
        host="mail.local.edu",
        program="postfix/postmap",
        pid=pid,
        queue_id=None,
        text="fatal: open database /nonexistent.db: No such file or directory",
    )
    assert [line.queue_id for line in reading.lines].count(queue_id) == 5
    assert "dovecot" not in {line.program for line in reading.lines}
    assert not reading.lost
    assert reading.mark.cursor is not None
    assert reading.mark.cursor.startswith(cursor)


@pytest.mark.parametrize("release", [DEBIAN_12, DEBIAN_13])
def test_journal_message_in_bytes(release: str) -> None:
    reading = JournalLog().since(telling(recording("journal.json", release)), Mark(0, cursor=MARKED))
    assert [line.text for line in reading.lines[-2:]] == [r"esc \x1b[31m and bytes \xff\xfe", r"tab\tx"]


def test_journal_leaves_the_marked_line_out() -> None:
    first = json.loads(recording("journal.json").split("\n", maxsplit=1)[0])["__CURSOR"]
    reading = JournalLog().since(telling(recording("journal.json")), Mark(0, cursor=first))
    assert reading.lines[0].text.startswith("daemon started")


def test_journal_mark() -> None:
    host = telling(recording("journal.json").split("\n", maxsplit=1)[0])
    mark = JournalLog().mark(host)
    assert mark.cursor is not None
    assert mark.cursor.startswith("s=e1a9639119c7419ea2c2bdc8b520b598;i=5;")


def test_empty_journal() -> None:
    host = telling("")
    mark = JournalLog().mark(host)
    assert mark.cursor is None
    assert JournalLog().since(host, mark).mark == mark
    assert host.calls[1][0][5].startswith("--since=@")


def test_lines_that_journald_dropped_are_told() -> None:
    dropped = {
        "__CURSOR": "c",
        "__REALTIME_TIMESTAMP": "1795333281827525",
        "SYSLOG_IDENTIFIER": "systemd-journald",
        "MESSAGE_ID": "a596d6fe7bfa4994828e72309e95d61e",
        "MESSAGE": "Suppressed 120 messages from postfix@-.service",
    }
    reading = JournalLog().since(telling(json.dumps(dropped)), Mark(0, cursor="b"))
    assert reading.lost
    assert reading.lines == ()


@dataclass(frozen=True, slots=True)
class Machine(TellingHost):
    there: frozenset[Path] = frozenset()
    programs: tuple[str, ...] = ()

    def state(self, path: Path) -> FileState | None:
        return FileState("file", 0o600, "root", "root", 0, 0, 0, 0.0) if path in self.there else None

    def processes(self) -> tuple[Process, ...]:
        blank = Process(1, 0, "init", ("init",), "root", "sleeping", 0.0, 0.0)
        return tuple(replace(blank, name=name) for name in self.programs)


JOURNAL, FILE = postfix_log.SYSTEMD, postfix_log.SYSLOG_FILE


@pytest.mark.parametrize(
    ("own", "there", "programs", "source"),
    [
        ("/var/log/postfix.log", {JOURNAL, FILE}, ("rsyslogd",), FileLog(Path("/var/log/postfix.log"), "mta")),
        ("/dev/stdout", {JOURNAL}, (), None),
        ("", {JOURNAL, FILE}, ("rsyslogd",), FileLog(FILE, "mta")),
        ("", {JOURNAL, FILE}, (), JournalLog("mta")),
        ("", {JOURNAL}, ("rsyslogd",), JournalLog("mta")),
        ("", set(), ("syslog-ng",), FileLog(FILE, "mta")),
        ("", {FILE}, (), None),
    ],
)
def test_where_the_log_goes(
    own: str, there: set[Path], programs: tuple[str, ...], source: FileLog | JournalLog | None
) -> None:
    told = f"maillog_file = {own}\nsyslog_name = mta\n"
    host = Machine(answer=lambda _argv: (0, told, ""), there=frozenset(there), programs=programs)
    assert postfix_log.find(host) == source


stamped = st.tuples(
    st.sampled_from(["Nov 22 07:20:06", "2026-11-22T07:42:20.8+00:00", "Nov 99 99:99:99", "9999-99-99T1Z"]),
    st.sampled_from([" mail ", " ", ""]),
    st.sampled_from(["postfix/smtpd[1]: ", "postfix: ", "[]: ", ": "]),
    st.text() | st.from_regex(r"[0-9A-Zb-z]{0,20}: .*"),
).map("".join)


@given(st.text() | stamped)
def test_nothing_crashes_the_line_parser(line: str) -> None:
    found = postfix_log.parse_line(line, now=NOW)
    assert found is None or found.level in {"", "panic", "fatal", "error", "warning"}


def are_printable(lines: tuple[LogLine, ...]) -> bool:
    return all(text.isprintable() for line in lines for text in (line.host, line.program, line.text))


recorded = st.sampled_from([line.encode() for line in recording("mail-rsyslog.log", DEBIAN_13).splitlines()])
cut = st.tuples(recorded, st.integers(0, 200)).map(lambda drawn: drawn[0][: drawn[1]])


@given(st.lists(st.tuples(cut, st.binary(max_size=20)).map(b"".join), max_size=6).map(b"\n".join))
def test_no_bytes_crash_the_reading_of_a_file_or_come_out_raw(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.mktemp("log") / "mail.log"
    log = FileLog(path)
    mark = log.mark(telling())
    path.write_bytes(data + b"\n")
    assert are_printable(log.since(telling(), mark).lines)
    parts = log.window(datetime(2000, 1, 1, tzinfo=UTC))
    found = [
        log.found(parts[each.part], each) for each in logsearch.search(parts, logsearch.containing([b"o", b"\x1b"]))
    ]
    assert are_printable(tuple(line for line in found if line))


values = st.none() | st.text() | st.integers() | st.lists(st.integers() | st.text() | st.integers(0, 255))
names = st.sampled_from(["MESSAGE", "__REALTIME_TIMESTAMP", "SYSLOG_IDENTIFIER", "SYSLOG_PID", "__CURSOR"])


@given(st.text() | st.dictionaries(names, values, min_size=4).map(json.dumps))
def test_nothing_crashes_the_journal_parser_or_comes_out_raw(text: str) -> None:
    assert are_printable(JournalLog().since(telling(text), Mark(0, cursor="x")).lines)
    assert are_printable(JournalLog().grep(telling(text), NOW, ["x"]))


@given(values, st.from_regex(r"[0-9]{1,20}", fullmatch=True), st.text(), values)
def test_nothing_crashes_on_an_entry(message: object, time: str, program: str, host: object) -> None:
    entry = {"MESSAGE": message, "__REALTIME_TIMESTAMP": time, "SYSLOG_IDENTIFIER": program, "_HOSTNAME": host}
    found = postfix_log.parse_entry(entry)
    assert found is None or are_printable((found,))
