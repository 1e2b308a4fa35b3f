"""How lines of the logs are shown."""

from __future__ import annotations

from datetime import UTC, datetime

from wizard.facts.postfix_log import LogLine
from wizard.trace.evidence import log_line

AT = datetime(2026, 11, 22, 18, 38, 3, tzinfo=UTC)


def test_a_line_of_no_message_names_none() -> None:
    line = LogLine(AT, "mx1", "postfix/smtpd", 1, None, "connect from unknown[192.0.2.1]")
    assert log_line(line) == "Nov 22 18:38:03 postfix/smtpd: connect from unknown[192.0.2.1]"


def test_a_line_of_a_message_names_it() -> None:
    line = LogLine(AT, "mx1", "postfix/qmgr", 1, "4jXdDC5HYTz12h", "removed")
    assert log_line(line) == "Nov 22 18:38:03 postfix/qmgr: 4jXdDC5HYTz12h: removed"
