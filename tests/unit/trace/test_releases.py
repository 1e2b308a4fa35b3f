"""The same judgement on what different versions of Postfix and Mailman log."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.unit.facts.recorded import DEBIAN_12, DEBIAN_13, POSTFIX_3_11, recording
from tests.unit.trace.recorded import ADDRESSES, LIST, RUNNERS, identity, states
from wizard.facts import mailman_log, postfix_log, postqueue
from wizard.trace import legs
from wizard.trace.judge import judge
from wizard.trace.material import Material
from wizard.trace.model import HOPS, State, Trace

NOW = datetime(2026, 11, 22, 16, tzinfo=UTC)
ALL = dict.fromkeys(HOPS, "passed")
HANDED = {"entry": "passed", "lmtp": "passed"}
TOOK_TLS = [
    "Nov 22 15:00:06 2026 (168) ACCEPT: <tls-1@local.edu>",
    f"Nov 22 15:00:07 2026 (171) <tls-1@local.edu> smtp to {LIST} for 10 recips, completed in 0.02 seconds",
]


def material(name: str, release: str) -> Material:
    mid = identity(name)
    lines = postfix_log.parse(recording("postfix.log", release).splitlines(), now=NOW, zone=UTC)
    ids = {line.queue_id for line in lines if legs.is_cleanups(line, mid)}
    own = legs.own([line for line in lines if line.queue_id in ids], mid)
    told = TOOK_TLS
    if release != POSTFIX_3_11:
        told = [line for file in ("mailman.log", "smtp.log") for line in recording(file, release).splitlines()]
    said = [line for line in mailman_log.parse(told, zone=UTC) if mid in line.text]
    held = frozenset({LIST}) if name == "held-1" else frozenset[str]()
    return Material(mid, NOW, 8024, own, tuple(said), held=held, addresses=ADDRESSES, runners=RUNNERS)


def traced(name: str, release: str) -> Trace:
    return judge(material(name, release))


@pytest.mark.parametrize("release", [DEBIAN_12, DEBIAN_13])
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("post-1", ALL),
        ("held-1", {**HANDED, "mailman": "stuck"}),
        ("join-1", {**HANDED, "mailman": "passed"}),
        ("plain-1", {"entry": "passed", "mailbox": "passed"}),
    ],
)
def test_where_it_is(name: str, expected: dict[str, str], release: str) -> None:
    assert states(traced(name, release)) == expected


def test_what_was_broken_off_is_not_taken_for_mail_that_waits() -> None:
    found = traced("cut-1", DEBIAN_13)
    assert states(found) == {"entry": "lost"}
    assert found.final
    says, *lines = found.hop("entry").evidence
    assert says == "not taken: whoever brought it broke off before it was whole (client=localhost[127.0.0.1])"
    assert any("lost connection after DATA (47 bytes)" in line for line in lines)


def test_who_breaks_off_may_come_again() -> None:
    base = material("cut-1", DEBIAN_13)
    again = material("plain-1", DEBIAN_13)
    found = judge(Material(base.message_id, NOW, 8024, (*base.postfix, *again.postfix), addresses=ADDRESSES))
    assert states(found) == {"entry": "passed", "mailbox": "passed"}
    assert found.hop("entry").queue_id == "4jXWCs6N69z582"


class TestTls:
    """Between ``delays=`` and ``dsn=``, in every form that postconf(5) has an example of."""

    def test_every_delivery_is_read(self) -> None:
        _, out = legs.legs(material("tls-1", POSTFIX_3_11))
        found = {each.recipient.partition("@")[0]: (each.status, each.relay, each.delay) for each in out.deliveries}
        assert found == {
            "bea": ("sent", "local", 0.9),
            "may": ("sent", "mx.example.org[192.0.2.25]:25", 0.9),
            "again": ("sent", "mx.example.org[192.0.2.25]:25", 0.9),
            "plain": ("sent", "mx.example.org[192.0.2.25]:25", 0.9),
            "dane": ("sent", "mx.example.net[2001:db8::25]:25", 0.9),
            "half": ("sent", "mx.example.net[192.0.2.25]:25", 0.9),
            "strict": ("sent", "mx.example.net[192.0.2.25]:25", 0.9),
            "some": ("sent", "mx.example.net[192.0.2.25]:25", 0.9),
            "off": ("deferred", "none", 0.9),
            "never": ("bounced", "mx.example.com[192.0.2.25]:25", 0.9),
        }

    def test_the_way_of_the_post(self) -> None:
        found = traced("tls-1", POSTFIX_3_11)
        assert states(found) == {**ALL, "mailbox": "lost"}
        assert found.hop("lmtp").seconds == pytest.approx(0.1)
        recipients = found.hop("mailbox").recipients
        assert recipients
        assert (recipients.expected, recipients.reached) == (10, 8)
        assert {each.address: (each.state, each.reason) for each in recipients.stragglers} == {
            "off@example.com": (State.STUCK, "connect to mx.example.com[192.0.2.26]:25: Connection refused"),
            "never@example.com": (State.LOST, "bounced: Server certificate not trusted"),
        }

    def test_why_a_recipient_is_still_in_the_queue(self) -> None:
        base = material("tls-1", POSTFIX_3_11)
        kept = tuple(line for line in base.postfix if "status=" not in line.text or line.service == "lmtp")
        (queued,) = postqueue.parse(recording("postqueue-j.txt", POSTFIX_3_11))
        told = Material(base.message_id, NOW, 8024, kept, queued={queued.queue_id: queued}, addresses=ADDRESSES)
        recipients = judge(told).hop("mailbox").recipients
        assert recipients
        reasons = {each.address: each.reason for each in recipients.stragglers}
        assert reasons["late@example.com"] == "Server certificate not trusted"
        assert reasons["new@example.com"] == "in Postfix's queue (deferred), not tried yet"
