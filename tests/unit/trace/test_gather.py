"""Collecting what there is of a message, from files as a real server has them."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.facts import recorded as facts
from tests.unit.facts.recorded import TellingHost
from tests.unit.trace.recorded import LIST, NOW, RECORDINGS, Hostile, identity, material, recording
from wizard.errors import AnswerError, RefusedError
from wizard.facts import postfix_log
from wizard.facts.postfix_log import FileLog, JournalLog
from wizard.localhost import LocalHost
from wizard.mailman import cfg
from wizard.site import Site
from wizard.trace import gather, journey, search, show
from wizard.trace.gather import Gatherer
from wizard.trace.judge import judge
from wizard.trace.model import HOPS, shown
from wizard.trace.model import identity as read_identity

HOST = LocalHost()
SINCE = datetime(2026, 11, 20, tzinfo=UTC)
SHUNTED = "1795345188.003738+f9f2ba9f4b0a8f7bd074d5cff816b36a6f444f8e"


def whole(path: Path) -> None:
    path.write_text(recording("mail.log"))


def rotated(path: Path) -> None:
    """The message came in before the rotation, and went out after it."""
    lines = recording("mail.log").splitlines(keepends=True)
    middle = next(index for index, line in enumerate(lines) if "many-1@" in line) + 4
    path.with_name("mail.log.1").write_text("".join(lines[:middle]))
    path.write_text("".join(lines[middle:]))
    os.utime(path.with_name("mail.log.1"), (NOW.timestamp() - 60, NOW.timestamp() - 60))


def compressed(path: Path) -> None:
    rotated(path)
    old = path.with_name("mail.log.1")
    old.with_name("mail.log.2.gz").write_bytes(gzip.compress(old.read_bytes()))
    os.utime(old.with_name("mail.log.2.gz"), (NOW.timestamp() - 60, NOW.timestamp() - 60))
    old.unlink()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "mail.log"


@pytest.mark.parametrize("put", [whole, rotated, compressed])
@pytest.mark.parametrize("name", ["all-1", "many-1", "two-1", "deferred-1"])
def test_the_lines_of_a_message(log: Path, put: Callable[[Path], None], name: str) -> None:
    put(log)
    os.utime(log, (NOW.timestamp(), NOW.timestamp()))
    found = search.postfix(HOST, FileLog(log), identity(name), SINCE)
    assert sorted(line.text for line in found.lines) == sorted(line.text for line in material(name).postfix)


def test_the_next_look_begins_where_the_message_does(log: Path) -> None:
    whole(log)
    found = search.postfix(HOST, FileLog(log), identity("many-1"), SINCE)
    assert found.lines[0].at - search.BACK_TIME == found.since
    again = search.postfix(HOST, FileLog(log), identity("many-1"), found.since)
    assert again.lines == found.lines


def test_an_id_that_another_one_begins_with_is_not_taken_for_it(log: Path) -> None:
    whole(log)
    for name in ("<ll-1@local.edu>", "<all-1@local>", "<all-1@local.edu> x"):
        assert search.postfix(HOST, FileLog(log), name, SINCE).lines == ()


def test_who_writes_an_id_into_another_line_is_not_believed(log: Path) -> None:
    log.write_text("Nov 22 10:59:06 mail postfix/smtpd[1]: 4jXR0B47gYzXJ: client=message-id=<all-1@local.edu>\n")
    assert search.postfix(HOST, FileLog(log), identity("all-1"), SINCE).lines == ()


def test_in_the_journal() -> None:
    host = facts.telling(facts.recording("journal.json"))
    found = search.postfix(host, JournalLog(), "<journal-1@local.edu>", SINCE)
    asked = [argv for argv, _, _ in host.calls]
    assert all("--case-sensitive=yes" in argv and "SYSLOG_FACILITY=2" in argv for argv in asked)
    assert any(word.startswith("--grep=message\\-id=<journal\\-1@local\\.edu>") for word in asked[0])
    marked = [line for line in found.lines if line.text == "message-id=<journal-1@local.edu>"]
    assert marked


@pytest.mark.parametrize("code", [0, 1])
def test_nothing_in_the_journal(code: int) -> None:
    assert search.postfix(facts.telling(code=code), JournalLog(), identity("x"), SINCE).lines == ()


def test_shunted_with_its_traceback(tmp_path: Path) -> None:
    for name in ("mailman.log", "smtp.log"):
        (tmp_path / name).write_text(recording(name))
    files = [tmp_path / name for name in ("mailman.log", "smtp.log", "bounce.log")]
    lines = search.mailman(files, identity("shunted-1"), [SHUNTED], SINCE)
    assert [line.text[:9] for line in lines] == ["ACCEPT: <", "Traceback", "SHUNTING:"]
    assert lines[1].rest[-1].startswith("UnicodeDecodeError")
    assert search.mailman(files, identity("shunted-1"), [], SINCE) == lines[:1]


class TestIsIt:
    def test_a_queue_file(self) -> None:
        data = (RECORDINGS / "shunted.pck").read_bytes()
        assert gather.is_it(data, identity("shunted-1"))
        assert not gather.is_it(data, identity("unted-1"))

    @pytest.mark.parametrize("name", ["Message-ID", "message-id", "Message-Id"])
    def test_a_mail(self, name: str) -> None:
        assert gather.is_it(f"Subject: x\n{name}: <a@b>\n".encode(), "<a@b>")
        assert gather.is_it(f"Subject: x\n{name}:\n <a@b>\n".encode(), "<a@b>")

    @pytest.mark.parametrize(
        "text",
        [
            "Message-ID: <bounce@b>\n\nMessage-ID: <a@b>\n",
            "Message-ID: <reply@b>\nReferences: <a@b>\nIn-Reply-To: <a@b>\n",
            "Resent-Message-ID: <a@b>\n",
            "X: <a@b>\n",
        ],
    )
    def test_who_quotes_it_is_not_it(self, text: str) -> None:
        assert not gather.is_it(text.encode(), "<a@b>")

    @given(st.binary())
    def test_nothing_crashes_it(self, data: bytes) -> None:
        gather.is_it(data, "<a@b>")


def test_mailmans_addresses(tmp_path: Path) -> None:
    table = tmp_path / "postfix_lmtp"
    table.write_text(f"# AUTOMATICALLY\n\n{LIST}        lmtp:[127.0.0.1]:8024\nreading-group-join@local.edu lmtp:x\n")
    found = gather.addresses(HOST, table)
    assert LIST in found
    assert "Reading-Group+tag@local.edu" in found
    assert "second@local.edu" not in found
    assert found.command("reading-group-join+x@local.edu") == "join"
    assert found.command(LIST) is None


def test_without_a_log_nothing_is_said() -> None:
    host = TellingHost(answer=lambda _argv: (0, "maillog_file = /dev/stdout\n", ""))
    with pytest.raises(RefusedError, match="maillog_file"):
        Gatherer(host, Site(), identity("x"), SINCE).look()


def test_what_cannot_be_looked_at_is_named(log: Path) -> None:
    whole(log)

    def answer(argv: tuple[str, ...]) -> tuple[int, str, str]:
        return (0, f"maillog_file = {log}\n", "") if argv[0] == "postconf" else (1, "", "no \x1b[31mqueue")

    found = Gatherer(TellingHost(answer=answer), Site(), identity("plain-1"), NOW - timedelta(days=2)).look()
    assert found.postfix
    assert any("queue" in text and text.isprintable() for text in found.unseen)


def test_a_damaged_old_log_does_not_hide_what_the_others_have(log: Path) -> None:
    whole(log)
    old = log.with_name("mail.log.2.gz")
    old.write_bytes(gzip.compress(os.urandom(5000))[:2000])
    os.utime(old, (NOW.timestamp() - 60, NOW.timestamp() - 60))
    os.utime(log, (NOW.timestamp(), NOW.timestamp()))

    def answer(argv: tuple[str, ...]) -> tuple[int, str, str]:
        return (0, f"maillog_file = {log}\n", "") if argv[0] == "postconf" else (1, "", "no queue")

    found = Gatherer(TellingHost(answer=answer), Site(), identity("plain-1"), SINCE).look()
    assert found.postfix
    assert any(old.name in text for text in found.unseen)


class TestIdentity:
    @pytest.mark.parametrize("text", ["<a@b>", "a@b", "  <a@b> "])
    def test_with_or_without_brackets(self, text: str) -> None:
        assert read_identity(text) == "<a@b>"

    def test_blanks_in_brackets(self) -> None:
        assert read_identity("<a b@c>") == "<a b@c>"

    @pytest.mark.parametrize("text", ["", "<>", "a b", "<a@b", "a\x1b[31m", "a\nb", "x" * 996, "<<a>>"])
    def test_what_is_none(self, text: str) -> None:
        with pytest.raises(AnswerError) as refused:
            read_identity(text)
        assert str(refused.value).isprintable()

    @given(st.text())
    def test_nothing_is_shown_raw(self, text: str) -> None:
        assert shown(text).isprintable() or not shown(text)


def of(name: str, text: str) -> list[bytes]:
    return [line.encode() for line in recording(name).splitlines() if text in line]


def anything(lines: list[bytes]) -> st.SearchStrategy[bytes]:
    """A file of real lines, some with something else in them, and of lines that are none."""
    spoilt = st.tuples(st.sampled_from(lines), st.integers(0, 99), st.binary(max_size=9))
    drawn = st.sampled_from(lines) | spoilt.map(lambda each: each[0][: each[1]] + each[2] + each[0][each[1] :])
    return st.lists(drawn | st.binary(max_size=40), max_size=12).map(lambda found: b"\n".join([*found, b""]))


ENTRY, OUT = "4jXR0B47gYzXJ", "4jXR0C5wCkzXS"
POSTFIXS = of("mail.log", ENTRY) + of("mail.log", OUT)
MAILMANS = of("mailman.log", "all-1@") + of("smtp.log", "all-1@")
TABLE = [f"{LIST} lmtp:[127.0.0.1]:8024".encode(), b"\xff\x1b[31m@local.edu lmtp:x"]
QUEUE = f'{{"queue_name": "\\u001b", "queue_id": "{ENTRY}", "arrival_time": 1, "message_size": 1, "sender": "\\u202e", '
QUEUE += '"recipients": [{"address": "\\u001b[31m", "delay_reason": "\\u0007"}]}\n'
names = st.binary(min_size=1, max_size=12).map(lambda name: name.replace(b"/", b"_").replace(b"\0", b"_"))


@settings(max_examples=60)
@given(
    postfix=anything(POSTFIXS),
    mailman=anything(MAILMANS),
    table=anything(TABLE),
    queue=st.sampled_from(["", QUEUE, "\x1b[31m\n"]),
    name=names,
    content=st.sampled_from([b"Message-ID: <all-1@local.edu>\n", b""]),
)
def test_nothing_on_the_machine_crashes_the_trace_or_is_shown_raw(
    tmp_path_factory: pytest.TempPathFactory,
    postfix: bytes,
    mailman: bytes,
    table: bytes,
    queue: str,
    name: bytes,
    content: bytes,
) -> None:
    root = tmp_path_factory.mktemp("machine")
    (root / "data").mkdir()
    (root / "queue" / "in").mkdir(parents=True)
    for log, data in (("mail.log", postfix), ("mailman.log", mailman)):
        (root / log).write_bytes(data)
        os.utime(root / log, (NOW.timestamp(), NOW.timestamp()))
    (root / "data" / cfg.LMTP_MAP).write_bytes(table)
    Path(os.fsdecode(os.fsencode(root) + b"/queue/in/1795345188.003738+" + name + b".pck")).write_bytes(content)
    told = {"postconf": f"maillog_file = {root}/mail.log\nsyslog_name = postfix\n", "postqueue": queue}
    host = Hostile.at(root, lambda argv: (0, told.get(argv[0], ""), ""))
    found = judge(Gatherer(host, Site(), identity("all-1"), SINCE).look())
    assert [hop.name for hop in found.hops] == list(HOPS)
    assert all(text.isprintable() for text, _ in show.lines(found))
    assert all(text.isprintable() for text in journey.told(found))
    texts = [text for hop in found.hops for text in (*hop.evidence, hop.queue_id or "")]
    assert all(text.isprintable() for text in (*texts, *found.unseen))
    json.dumps(found.data()).encode()


def test_the_recordings_are_parsed_whole() -> None:
    lines = recording("mail.log").splitlines()
    assert len(postfix_log.parse(lines, now=NOW, zone=UTC)) == len(lines)
