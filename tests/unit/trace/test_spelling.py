"""A message whose Message-ID has no brackets is found like any other, and not taken for one with a longer id."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.unit.trace.recorded import identity, material, recording, states
from tests.unit.trace.test_gather import HOST, SINCE
from wizard.facts.postfix_log import FileLog
from wizard.mailman import rest
from wizard.mailman.cfg import Config
from wizard.trace import gather, search, spelling
from wizard.trace.judge import judge


def bare(log: str) -> str:
    """What would have been logged if no Message-ID had brackets; addresses keep theirs."""
    return re.sub(r"(?m)(message-id=|: |^[^<]* \(\d+\) )<([^<>]+)>", r"\1\2", recording(log))


@pytest.mark.parametrize("name", ["all-1", "held-1", "discarded-1", "ghost-1"])
def test_its_way_is_the_same(tmp_path: Path, name: str) -> None:
    for log in ("mail.log", "mailman.log", "smtp.log"):
        (tmp_path / log).write_text(bare(log))
    logs = [tmp_path / log for log in ("mailman.log", "smtp.log")]
    usual = material(name)
    found = replace(
        usual,
        postfix=search.postfix(HOST, FileLog(tmp_path / "mail.log"), identity(name), SINCE).lines,
        mailman=tuple(search.mailman(logs, identity(name), [], SINCE)),
    )
    found = replace(found, mailman=gather.relevant(found))
    assert states(judge(found)) == states(judge(usual))
    assert len(found.mailman) == len(usual.mailman)


@pytest.mark.parametrize(
    ("text", "is_named"),
    [
        ("ACCEPT: a@b", True),
        ("DISCARD: a@b; ['why']", True),
        ("HOLD: l@b post from c@b held, message-id=a@b: why", True),
        ("held message approved, message-id: a@b", True),
        ("a@b smtp to l@b for 3 recips, completed in 0.01 seconds", True),
        ("<a@b> smtp to l@b for 3 recips, completed in 0.01 seconds", True),
        ("ACCEPT: aa@b", False),
        ("ACCEPT: a@b.c", False),
        ("HOLD: l@b post from a@b held, message-id=<c@b>: why", False),
        ("<c@b> post to l@b from a@b, 416 bytes", False),
    ],
)
def test_what_names_it(text: str, is_named: bool) -> None:  # noqa: FBT001 (a table's column)
    assert spelling.named(text, "<a@b>") is is_named


@pytest.mark.parametrize("message_id", ["<a@b>", "a@b"])
def test_it_is_held_as_long_as_mailman_has_it(monkeypatch: pytest.MonkeyPatch, message_id: str) -> None:
    model = SimpleNamespace(held=[SimpleNamespace(message_id=message_id)])
    monkeypatch.setattr(rest, "connect", lambda *_, **__: None)
    monkeypatch.setattr(rest, "find_list", lambda *_: model)
    config = Config("", {})
    assert gather._held(config, ["l@b"], "<a@b>") == frozenset({"l@b"})  # noqa: SLF001 (REST is asked nowhere else)
    assert gather._held(config, ["l@b"], "<c@b>") == frozenset()  # noqa: SLF001


LONG = "x" * 299 + "@b"


@pytest.mark.parametrize(
    ("data", "message_id", "expected"),
    [
        (b"Subject: x\nMessage-ID: a@b\nTo: c@b\n", "<a@b>", True),
        (b"Message-ID:\n a@b", "<a@b>", True),
        (b"\x8c\nMessage-ID\x94\x8c\x03a@b\x94\x86\x94", "<a@b>", True),
        (b"\x8c\nMessage-ID\x94X\x2d\x01\x00\x00" + LONG.encode() + b"\x94", f"<{LONG}>", True),
        (b"Message-ID: aa@b\n", "<a@b>", False),
        (b"Message-ID: a@b.c\n", "<a@b>", False),
        (b"\x8c\nMessage-ID\x94\x8c\x04aa@b\x94\x86\x94", "<a@b>", False),
        (b"\x8c\nMessage-ID\x94\x8c\x05a@b.c\x94\x86\x94", "<a@b>", False),
        (b"Message-ID: <c@b>\nReferences: a@b\n", "<a@b>", False),
    ],
)
def test_a_queue_file_or_a_mail_that_is_it(data: bytes, message_id: str, expected: bool) -> None:  # noqa: FBT001 (the same)
    assert gather.is_it(data, message_id) is expected
