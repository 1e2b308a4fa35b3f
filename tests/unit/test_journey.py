"""How far a message came, as a check that failed says it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.unit.doubles import MemoryHost
from tests.unit.facts.recorded import recording
from tests.unit.trace.recorded import material, queue_file, traced
from wizard.logs import Logs
from wizard.site import Site
from wizard.trace import journey
from wizard.trace.judge import judge


@pytest.mark.parametrize(
    ("name", "hop", "line"),
    [
        ("all-1", "mailbox", "to=<cyd@local.edu>"),
        ("plain-1", "mailbox", "to=<bea@local.edu>"),
        ("join-1", "mailman", "processed as mail to -join"),
        ("held-1", "mailman", "HOLD: "),
        ("discarded-1", "mailman", "DISCARD: "),
        ("many-1", "postfix-out", "from=<reading-group-bounces@local.edu>"),
        ("ghost-1", "outbound", "post to reading-group@local.edu"),
        ("refused-1", "entry", "from=<ann@local.edu>"),
    ],
)
def test_the_last_hop_and_its_line(name: str, hop: str, line: str) -> None:
    said = journey.told(traced(name))[0]
    assert said.startswith(f"last hop seen: {hop} (")
    assert line in said


def test_why_it_went_no_farther() -> None:
    said = journey.told(traced("refused-1"))
    assert said[1].startswith("stuck at lmtp: not reading-group@local.edu: lost connection")
    assert any("status=deferred" in line for line in said[2:])


def test_a_runner_that_stands_still() -> None:
    base = material("all-1")
    coming = tuple(line for line in base.postfix if line.queue_id == base.postfix[0].queue_id)
    at = coming[-1].at
    file = queue_file("in", at)
    found = judge(replace(base, postfix=coming, mailman=(), files=(file,), now=at + timedelta(seconds=3)))
    first, second, *_ = journey.told(found)
    assert first.startswith("last hop seen: lmtp (")
    assert second == f"pending at mailman: waits in Mailman's queue in: {file.path}"


def test_what_discard_took_was_not_delivered() -> None:
    base = material("plain-1")
    lines = tuple(replace(line, text=line.text.replace("relay=local", "relay=none")) for line in base.postfix)
    assert journey.told(judge(replace(base, postfix=lines)))[0].startswith("last hop seen: entry (")


class TestLastSeen:
    def logs(self, root: Path, text: str) -> tuple[MemoryHost, Logs]:
        """Logs of a machine whose Postfix writes to a file, from before its first line."""
        path = root / "mail.log"
        host = MemoryHost(commands={"postconf": lambda _: f"maillog_file = {path}\nsyslog_name = postfix\n"})
        path.touch()
        logs = Logs.begin(host)
        path.write_text(text)
        return host, logs

    def test_the_last_hop_and_its_line(self, tmp_path: Path) -> None:
        host, logs = self.logs(tmp_path, recording("postfix.log"))
        first, *lines = journey.last_seen(host, logs, "<plain-1@local.edu>", Site())
        assert first.startswith("last hop seen: mailbox (")
        assert "to=<bob@local.edu>" in first
        assert 0 < len(lines) <= journey.SHOWN + 2

    def test_none(self, tmp_path: Path) -> None:
        host, logs = self.logs(tmp_path, recording("postfix.log"))
        said = journey.last_seen(host, logs, "<never@local.edu>", Site())
        assert said == ("last hop seen: none; Postfix logged nothing of this message",)

    def test_a_log_that_cannot_be_read(self, tmp_path: Path) -> None:
        host, logs = self.logs(tmp_path, "")
        host.commands["postconf"] = lambda _: "maillog_file =\nsyslog_name = postfix\n"
        (said,) = journey.last_seen(host, replace(logs, postfix_mark=None), "<never@local.edu>", Site())
        assert said.startswith("last hop seen: unknown (")
