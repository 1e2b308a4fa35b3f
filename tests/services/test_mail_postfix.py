"""Probe mails, mailboxes and conversations against the real Postfix."""

from __future__ import annotations

import itertools
import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.services.inside import RunningInside, network_of
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
TOKEN = re.compile(rb"mw-\d{6}")
DELIVERY = re.compile(r"relay=local, delay=[\d.]+, delays=[\d.]+/[\d.]+/[\d.]+/([\d.]+), .*status=sent")
"""The seconds that local(8) took for one delivery."""
numbers = itertools.count(100_000)


@pytest.fixture(scope="module")
def postfix(lab: Lab) -> Iterator[Lab]:
    """Postfix for local.edu, and its users alice, bob and carol; carol has a Maildir."""
    lab.run(["postconf", "-e", *SETTINGS]).require()
    for user in ("alice", "bob", "carol"):
        lab.run(["useradd", "--create-home", user]).require()
    lab.run(["tee", "/home/carol/.forward"], stdin="/home/carol/Maildir/\n", user="carol").require()
    lab.run(["postfix", "start"]).require()
    with network_of(lab):
        yield lab


@pytest.fixture
def bob(postfix: Lab) -> Mailbox:
    return Mailbox(postfix.root / "var/mail/bob", "mbox")


@pytest.fixture
def carol(postfix: Lab) -> Mailbox:
    return Mailbox(postfix.root / "home/carol/Maildir", "maildir")


def probe(kind: Kind = Kind.TEXT, recipient: str = BOB) -> tuple[str, ProbeMessage]:
    token = f"mw-{next(numbers)}"
    made = compose(kind, token=token, number=1, sender=ALICE, recipient=recipient, date=datetime.now(UTC))
    return token, made


def queue(lab: Lab) -> str:
    return lab.run(["postqueue", "-j"]).require().stdout


def logged(lab: Lab) -> str:
    return (lab.root / "var/log/mail.log").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", Kind)
def test_a_probe_reaches_each_mailbox_intact(postfix: Lab, bob: Mailbox, carol: Mailbox, kind: Kind) -> None:
    token, message = probe(kind)
    reply = submit(SMTP, ALICE, (BOB, CAROL), message.raw)
    seen = arrivals((bob, carol), holding(token), limit=10)
    assert seen.complete
    assert [len(arrival.copies) for arrival in seen.each] == [1, 1]
    assert [compare_direct(message.raw, arrival.copies[0]) for arrival in seen.each] == [(), ()]
    assert f"{reply.queue_id}: from=<{ALICE}>" in logged(postfix)


@pytest.mark.parametrize("kind", Kind)
def test_a_probe_by_sendmail_arrives_intact(postfix: Lab, bob: Mailbox, carol: Mailbox, kind: Kind) -> None:
    token, message = probe(kind)
    sendmail(RunningInside(lab=postfix), ALICE, (BOB, CAROL), message.raw)
    seen = arrivals((bob, carol), holding(token), limit=10)
    assert seen.complete
    assert [compare_direct(message.raw, arrival.copies[0]) for arrival in seen.each] == [(), ()]
    assert seen.each[0].copies[0].startswith(f"Return-Path: <{ALICE}>\n".encode())


def test_a_second_copy_is_counted_and_another_users_is_not(postfix: Lab, bob: Mailbox, carol: Mailbox) -> None:
    token, message = probe()
    for _ in range(2):
        submit(SMTP, ALICE, (BOB,), message.raw)
    assert len(arrivals((bob,), holding(token), limit=10, want=2).each[0].copies) == 2
    assert queue(postfix) == ""
    assert len(bob.find(holding(token))) == 2
    assert carol.find(holding(token)) == ()


def test_an_altered_mail_is_found(postfix: Lab, bob: Mailbox) -> None:
    (postfix.root / "etc/postfix/body").write_text("/^Token:/ REPLACE Taken:\n", encoding="ascii")
    postfix.run(["postconf", "-e", "body_checks=regexp:/etc/postfix/body"]).require()
    postfix.run(["postfix", "reload"]).require()
    try:
        token, message = probe(Kind.UTF8)
        submit(SMTP, ALICE, (BOB,), message.raw)
        ((copy,),) = (arrival.copies for arrival in arrivals((bob,), holding(token), limit=10).each)
        assert [difference.where for difference in compare_direct(message.raw, copy)] == ["body"]
    finally:
        postfix.run(["postconf", "-X", "body_checks"]).require()
        postfix.run(["postfix", "reload"]).require()


def test_recipients_are_answered_for_and_nothing_is_sent(postfix: Lab, bob: Mailbox) -> None:
    before = bob.messages()
    assert rcpt(SMTP, ALICE, BOB).code == 250
    assert rcpt(SMTP, ALICE, "nobody-here@local.edu").code == 550
    outside = Endpoint(OUTSIDE, 25)
    assert rcpt(outside, ALICE, BOB, source_address=OUTSIDE).code == 250
    for relayed in ("x@example.org", "x%example.org@local.edu", "@local.edu:x@example.org"):
        reply = rcpt(outside, ALICE, relayed, source_address=OUTSIDE)
        assert (reply.code, "relay access denied" in reply.text.lower()) == (554, True)
    assert queue(postfix) == ""
    assert bob.messages() == before


def test_one_unknown_recipient_keeps_the_message_from_the_other(postfix: Lab, bob: Mailbox) -> None:
    token, message = probe()
    with pytest.raises(ConversationError, match=r"RCPT TO:<nobody-here@local\.edu>: the server said 550"):
        submit(SMTP, ALICE, (BOB, "nobody-here@local.edu"), message.raw)
    assert queue(postfix) == ""
    assert bob.find(holding(token)) == ()


@pytest.mark.usefixtures("postfix")
def test_postfix_introduces_itself() -> None:
    greeting = greet(SMTP)
    assert greeting.banner.code == 220
    assert greeting.banner.text.startswith("mail.local.edu ESMTP")
    assert "8bitmime" in greeting.extensions


def test_a_message_that_is_too_large_is_refused_both_ways(postfix: Lab) -> None:
    _, message = probe()
    huge = message.raw + b"x" * 70 + b"\r\n" + (b"x" * 70 + b"\r\n") * 150_000
    with pytest.raises(ConversationError, match="end of the message: the server said 552"):
        submit(SMTP, ALICE, (BOB,), huge)
    with pytest.raises(CommandError, match="message file too big"):
        sendmail(RunningInside(lab=postfix), ALICE, (BOB,), huge)


@pytest.mark.usefixtures("postfix")
def test_nobody_listening_is_a_refused_connection() -> None:
    with pytest.raises(ConversationError, match="connect: Connection refused"):
        greet(Endpoint("127.0.0.1", 2525))


def test_a_postfix_that_hangs_is_given_up_at_the_limit(postfix: Lab) -> None:
    master = (postfix.root / "var/spool/postfix/pid/master.pid").read_text(encoding="ascii").strip()
    smtpd = postfix.run(["pgrep", "-x", "smtpd"]).stdout.split()
    postfix.run(["kill", "-STOP", master, *smtpd]).require()
    try:
        with pytest.raises(ConversationError, match=r"banner: no answer within 0\.5 s"):
            greet(SMTP, limit=0.5)
    finally:
        postfix.run(["kill", "-CONT", master, *smtpd]).require()
    assert greet(SMTP).banner.accepted


def test_reading_without_pause_sees_whole_messages_and_holds_no_delivery_up(
    postfix: Lab, bob: Mailbox, carol: Mailbox
) -> None:
    probes = [probe(kind) for kind in Kind for _ in range(15)]
    sent = {token.encode(): message.raw for token, message in probes}
    enough = threading.Event()
    halves: list[bytes] = []

    def read() -> None:
        while not enough.is_set():
            for raw in (*(bob.messages_now() or ()), *(carol.messages_now() or ())):
                token = TOKEN.search(raw)
                assert token is not None
                if token[0] in sent and compare_direct(sent[token[0]], raw):
                    halves.append(raw)

    reader = threading.Thread(target=read)
    start = len(logged(postfix))
    reader.start()
    try:
        for _, message in probes:
            submit(SMTP, ALICE, (BOB, CAROL), message.raw)
        every = wait.until(lambda: True if queue(postfix) == "" else None, limit=60)
    finally:
        enough.set()
        reader.join()
    assert every
    assert halves == []
    assert all(len(box.find(holding(token))) == 1 for token, _ in probes for box in (bob, carol))
    waits = [float(found) for found in DELIVERY.findall(logged(postfix)[start:])]
    assert len(waits) == 2 * len(probes)
    assert max(waits) < 1
