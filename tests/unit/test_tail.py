"""The logs as they grow, for people to read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.facts.recorded import Answer
from tests.unit.trace.recorded import Hostile, recording
from wizard.desk import LogBatch
from wizard.desk.tail import MOST, Tail
from wizard.facts import postfix_log
from wizard.host import FileState, Host

POSTFIX = recording("mail.log").splitlines()[1].encode()
MAILMAN = recording("mailman.log").splitlines()[0].encode()


@dataclass(frozen=True, slots=True)
class Booted(Hostile):
    """The same, with a journal for its log."""

    def state(self, path: Path) -> FileState | None:
        return Hostile.state(self, Path("/") if path == postfix_log.SYSTEMD else path)


def first(host: Host) -> LogBatch:
    return next(Tail(host).follow(lambda: False))


@settings(max_examples=60)
@given(st.binary(max_size=60), st.binary(max_size=60))
def test_no_bytes_crash_it_or_are_shown_raw(
    tmp_path_factory: pytest.TempPathFactory, postfix: bytes, mailman: bytes
) -> None:
    root = tmp_path_factory.mktemp("machine")
    (root / "mail.log").write_bytes(POSTFIX + postfix + b"\n")
    (root / "mailman.log").write_bytes(MAILMAN + mailman + b"\n")
    told = f"maillog_file = {root}/mail.log\nsyslog_name = postfix\n"
    batch = first(Hostile.at(root, lambda _argv: (0, told, "")))
    assert {line.source for line in batch.lines} == {"postfix", "mailman"}
    assert all(line.text.isprintable() for line in batch.lines)


def test_why_a_log_cannot_be_read_is_not_shown_raw(tmp_path: Path) -> None:
    def answer(argv: tuple[str, ...]) -> Answer:
        return (1, "", "no \x1b[31mjournal") if argv[0] == "journalctl" else (0, "maillog_file =\n", "")

    (line,) = first(Booted.at(tmp_path, answer)).lines
    assert "no \\x1b[31mjournal" in line.text


def test_why_a_log_cannot_be_read_is_told_once(tmp_path: Path) -> None:
    looks: list[str] = []

    def answer(argv: tuple[str, ...]) -> Answer:
        looks.append(argv[0])
        return (1, "", "no journal") if argv[0] == "journalctl" else (0, "maillog_file =\n", "")

    batches = list(Tail(Booted.at(tmp_path, answer)).follow(lambda: looks.count("journalctl") > 2))
    assert len(batches) == 1


def test_what_was_logged_before_anybody_looked_did_not_come_too_fast(tmp_path: Path) -> None:
    (tmp_path / "mail.log").write_bytes((POSTFIX + b"\n") * (2 * MOST))
    batch = first(Hostile.at(tmp_path, lambda _argv: (0, f"maillog_file = {tmp_path}/mail.log\n", "")))
    assert (len(batch.lines), batch.left_out) == (MOST, 0)


def test_of_many_lines_at_once_the_newest_are_given_and_the_others_counted(tmp_path: Path) -> None:
    (tmp_path / "mail.log").write_bytes(POSTFIX + b"\n")
    tail = Tail(Hostile.at(tmp_path, lambda _argv: (0, f"maillog_file = {tmp_path}/mail.log\n", ""))).follow(
        lambda: False
    )
    assert len(next(tail).lines) == 1
    with (tmp_path / "mail.log").open("ab") as log:
        log.write((POSTFIX + b"\n") * (2 * MOST))
    batch = next(tail)
    assert (len(batch.lines), batch.left_out) == (MOST, MOST)
