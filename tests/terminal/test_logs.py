"""The logs on the screen: hostile ones, and more of them than a link carries."""

from __future__ import annotations

import smtplib

import pytest

from tests.services.inside import network_of
from tests.services.server import Server
from tests.terminal.link import Link
from tests.terminal.terminal import Terminal
from tests.terminal.walking import opened

SOON = 8.0
"""Seconds within which a process is gone, on a noisy machine; it takes two at most on a quiet one."""
MANY_LINES = """
for round in $(seq 60); do
    seq -f "$(date '+%b %e %T') lab postfix/smtpd[1]: connect from host%07.0f" 1000 >> /var/log/mail.log
    sleep 0.1
done
"""
ACTING = ("\x1b]2;owned\x07", "\x1b[8;1;1t", "\x1b[31;5mowned", "\x9b2J", "\u202e", "\u2066", "\x07", "\x0e", "\x1bc")
"""What would set a title, resize, colour and clear a terminal, turn text around, ring, swap its letters, reset it."""
HOSTILE = f"hostile{''.join(ACTING)}line"
STAMP = "$(date '+%b %e %T')"
BY_HAND = f"""
for each in $(seq 100); do
    printf '%s lab postfix/smtpd[99]: fatal: %s\\n' "{STAMP}" "$HOSTILE"
    printf '%s\\n' "$HOSTILE"
    sleep 0.1
done >> /var/log/mail.log 2>&1 < /dev/null &
"""
"""So long that the run of a check has some of them."""


@pytest.fixture(scope="module")
def postfix(server: Server) -> Server:
    """The server with stage 1 set up."""
    report = server.report("apply", "--yes", "--through", "1")
    assert report.exit == 0, report.not_passed
    return server


def harmless(terminal: Terminal) -> bool:
    """Tell whether nothing of what acts on a terminal was passed on to it."""
    return not any(each.encode() in terminal.raw for each in ACTING)


def test_hostile_mail_and_log_lines_are_shown_as_text(link: Link, postfix: Server) -> None:
    terminal = opened(link.open())
    terminal.keys("1", "F7")
    terminal.wait("shown: Postfix, Mailman and the run")

    with network_of(postfix.lab), smtplib.SMTP("127.0.0.1", 25, timeout=30) as smtp:
        smtp.send(f"HELO {HOSTILE}\r\n".encode())
        smtp.getreply()
        smtp.docmd("MAIL", "FROM:<root@local.edu>")
        smtp.docmd("RCPT", "TO:<root@local.edu>")
        smtp.docmd("DATA")
        smtp.send(f"Subject: {HOSTILE}\r\nMessage-ID: <{HOSTILE}@local.edu>\r\n\r\n{HOSTILE}\r\n.\r\n".encode())
        smtp.getreply()
    terminal.wait("message-id=<hostile")
    postfix.lab.run(["bash", "-ec", BY_HAND], env={"HOSTILE": HOSTILE}).require()

    terminal.wait("fatal: hostile\\x1b]2;owned")
    terminal.keys("F8")
    terminal.wait("FAIL")
    terminal.wait("hostile\\x1b]2;owned")
    assert harmless(terminal)
    plain = postfix.wizard("check", "--stage", "1", "--plain")
    assert not any(each in plain.stdout + plain.stderr for each in ACTING)


def test_a_screen_on_a_stalled_link_can_be_ended(link: Link, postfix: Server) -> None:
    terminal = opened(link.direct())
    terminal.keys("F7")
    terminal.wait("shown: Postfix, Mailman and the run")
    (screen,) = link.screens

    postfix.sh(MANY_LINES)  # and nobody reads what is drawn of them
    postfix.sh(f"kill -TERM {screen}")

    link.no_screen(SOON)
