"""Probe mails, mailboxes and conversations against the real Postfix."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.services.inside import network_of
from wizard import wait
from wizard.errors import CommandError
from wizard.lab import Lab
from wizard.mail.arrivals import arrivals
from wizard.mail.conversation import greet, rcpt, sendmail, submit
from wizard.mail.dialogue import ConversationError, Endpoint
from wizard.mail.intact import compare_direct
from wizard.mail.mailbox import Mailbox, holding
from wizard.mail.message import Kind, ProbeMessage, compose

SMTP = Endpoint("127.0.0.1", 25)
ALICE, BOB, CAROL = "alice@local.edu", "bob@local.edu", "carol@local.edu"
OUTSIDE = "198.51.100.25"
"""An address of the lab that is not in mynetworks."""

SETTINGS = (
    "maillog_file=/var/log/mail.log",
    "myhostname=mail.local.edu",
    "mydestination=local.edu, localhost",
    "alias_maps=",
    "smtpd_relay_restrictions=permit_mynetworks, reject_unauth_destination",
)
numbers = itertools.count(100_000)


@pytest.fixture(scope="module")
def postfix(lab: Lab) -> Iterator[Lab]:
    """Postfix for local.edu, and its users alice, bob and carol; carol has a Maildir."""
    lab.run(["postconf", "-e", *SETTINGS]).require()
    for user in ("alice", "bob", "carol"):
        lab.run(["useradd", "--create-home", user]).require()
    lab.run(["sh", "-c", "echo '|exit 75' > /home/alice/.forward; rm /home/alice/.forward"]).require()
    (lab.root / "etc/postfix/mailboxes").write_text("carol /home/carol/Maildir/\n", encoding="ascii")
    lab.run(["postconf", "-e", "mailbox_command_maps=", "home_mailbox="]).require()
    lab.run(["postfix", "start"]).require()
    with network_of(lab):
        yield lab


@pytest.fixture
def bob(postfix: Lab) -> Mailbox:
    return Mailbox(postfix.root / "var/mail/bob", "mbox")


def probe(kind: Kind = Kind.TEXT, recipient: str = BOB) -> tuple[str, ProbeMessage]:
    token = f"mw-{next(numbers)}"
    made = compose(kind, token=token, number=1, sender=ALICE, recipient=recipient, date=datetime.now(UTC))
    return token, made
