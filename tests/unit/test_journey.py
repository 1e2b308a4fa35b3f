"""How far a message came, told from recordings of real logs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from tests.unit.doubles import MemoryHost
from tests.unit.facts.recorded import recording
from wizard.facts import mailman_log, postfix_log
from wizard.logs import Logs
from wizard.site import Site
from wizard.trace import journey

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
LMTP = "127.0.0.1:8024"
POSTFIX = postfix_log.parse(recording("postfix.log").splitlines(), now=NOW)
MAILMAN = tuple(
    line for name in ("mailman.log", "smtp.log") for line in mailman_log.parse(recording(name).splitlines(), file=name)
)


def names(message_id: str, *, lines: int | None = None, lmtp: str = LMTP) -> list[str]:
    return [hop.name for hop in journey.hops(POSTFIX[:lines], MAILMAN if lines is None else (), message_id, lmtp=lmtp)]


def test_a_post_passes_all_six() -> None:
    found = names("<post-1@local.edu>")
    assert tuple(dict.fromkeys(found)) == journey.HOPS


def test_a_post_that_is_held_stops_in_mailman() -> None:
    assert tuple(dict.fromkeys(names("<held-1@local.edu>"))) == ("entry", "lmtp", "mailman")


def test_a_command_ends_in_mailman() -> None:
    assert tuple(dict.fromkeys(names("<join-1@local.edu>")))[:2] == ("entry", "lmtp")


def test_plain_mail_goes_from_entry_to_the_mailbox() -> None:
    assert names("<plain-1@local.edu>") == ["entry", "mailbox"]


def test_a_message_that_nobody_logged_passed_none() -> None:
    assert names("<never@local.edu>") == []


def test_an_identity_is_not_taken_for_another_that_begins_alike() -> None:
    assert names("<post-@local.edu>") == names("<post-1@local>") == []


@pytest.mark.parametrize("brackets", ["<{}>", "{}"])
def test_the_brackets_of_the_message_id_do_not_matter(brackets: str) -> None:
    assert names(brackets.format("plain-1@local.edu")) == ["entry", "mailbox"]


def test_hops_come_in_their_order_however_the_log_is_ordered() -> None:
    found = [journey.HOPS.index(hop.name) for hop in journey.hops(POSTFIX, MAILMAN, "<post-1@local.edu>", lmtp=LMTP)]
    assert found == sorted(found)


def test_as_the_log_grows_so_does_the_way() -> None:
    ways = [names("<post-1@local.edu>", lines=count) for count in range(len(POSTFIX) + 1)]
    assert ways[0] == []
    assert all(len(after) >= len(before) for before, after in pairwise(ways))


def test_the_lines_about_a_message_are_its_own() -> None:
    lines = journey.about(POSTFIX, MAILMAN, "<plain-1@local.edu>")
    assert lines[0].startswith("postfix/")
    assert all("plain-1@local.edu" in line or "4jXL7V4r7bzJB5w" in line for line in lines)
    assert not any("post-1@local.edu" in line for line in lines)


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
        assert first.startswith("last hop seen: mailbox (to=<bob@local.edu>")
        assert 0 < len(lines) <= journey.SHOWN

    def test_none(self, tmp_path: Path) -> None:
        host, logs = self.logs(tmp_path, recording("postfix.log"))
        said = journey.last_seen(host, logs, "<never@local.edu>", Site())
        assert said == ("last hop seen: none; Postfix logged nothing of this message",)

    def test_a_log_that_cannot_be_read(self, tmp_path: Path) -> None:
        host, logs = self.logs(tmp_path, "")
        host.commands["postconf"] = lambda _: "maillog_file =\nsyslog_name = postfix\n"
        (said,) = journey.last_seen(host, replace(logs, postfix_mark=None), "<never@local.edu>", Site())
        assert said.startswith("last hop seen: unknown (")
