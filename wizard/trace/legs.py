"""A message's stays in Postfix, one for each queue id: who brought it, for how many, and what became of each.

The forms of the lines are those of Postfix's cleanup(8), qmgr(8), bounce(8) and its delivery agents
(``src/global/log_adhoc.c``); from 3.11 on, the latter have ``tls=`` among their fields. From 3.10 on, cleanup tells of
a message that was broken off.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from wizard.facts.postfix_log import LogLine
from wizard.facts.postqueue import QueuedMessage
from wizard.trace import spelling
from wizard.trace.material import Material

_DELIVERY = re.compile(
    r"to=<(?P<to>.*?)>, (?:orig_to=<(?P<asked>.*?)>, )?"
    r"(?P<fields>[a-z]+=.*?, )status=(?P<status>[a-z-]+)(?: \((?P<reason>.*)\))?",
    re.DOTALL,
)
_ARRIVED = re.compile(r"from=<(?P<sender>.*)>, size=\d+, nrcpt=(?P<count>\d{1,9}) ")
_ENDED = re.compile(r"from=<.*>, status=(?P<status>expired|force-expired), (?P<reason>.*)")
_NUMBER = re.compile(r"\d{1,12}(?:\.\d{1,6})?")
_PASSED_ON = re.compile(r"(?:queued|forwarded) as ([0-9A-Za-z]{6,40})\)?$")
_BOUNCES = re.compile(r".*-bounces(?:\+.*)?@[^@]*", re.DOTALL)
"""The sender of a post or a notice of Mailman's, perhaps with VERP's ``+``; other servers' lists have the same."""
SENT = "sent"
CANCELED = "removed (canceled)"
REMOVED = ("removed", CANCELED)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one recipient, by a delivery agent's newest line."""

    recipient: str
    asked: str | None
    """Whom the mail was for before an alias or a .forward; None if that is the recipient."""
    status: str
    """sent, deferred, bounced, expired, undeliverable, deliverable …"""
    relay: str
    """Host, address and port as Postfix writes them; ``local``; ``none`` where it came to none."""
    reason: str
    agent: str
    """local, lmtp, smtp, virtual, discard, error …"""
    delay: float | None
    """Seconds since the message came."""
    line: LogLine

    @property
    def sent(self) -> bool:
        """Whether somebody has taken it; discard(8) says so too, and takes it to nobody."""
        return self.status == SENT and not self.discarded

    @property
    def discarded(self) -> bool:
        """Whether it was thrown away."""
        return self.status == SENT and self.relay == "none"

    @property
    def passed_on_as(self) -> str | None:
        """The queue id under which somebody else, or this Postfix, goes on with it."""
        match = _PASSED_ON.search(self.reason) if self.sent else None
        return match[1] if match else None

    def for_port(self, port: int) -> bool:
        """Whether it went, or should have gone, to a port by LMTP."""
        return self.relay.endswith(f"]:{port}") or (self.agent == "lmtp" and self.relay == "none")


@dataclass(frozen=True, slots=True)
class Leg:
    """One queue id's story."""

    queue_id: str
    lines: tuple[LogLine, ...]
    sender: str | None
    """The envelope's; None where no line tells it."""
    count: int | None
    """Its recipients when it came to the queue; likewise."""
    deliveries: tuple[Delivery, ...]
    """The newest of each recipient."""
    removed: bool
    canceled: bool
    """Whether it never was in the queue: who brought it broke off."""
    expired: str | None
    """Why Postfix gave up what it still had."""
    queued: QueuedMessage | None
    from_mailman: bool
    """Whether Mailman of this machine sent it."""

    @property
    def at(self) -> datetime:
        """When it began."""
        return self.lines[0].at

    @property
    def accepted(self) -> LogLine:
        """The line with which it was in the queue, or the last one so far."""
        return next((line for line in self.lines if line.service == "qmgr"), self.lines[-1])

    @property
    def took(self) -> float:
        """Seconds until it was in the queue, as exact as the log's times are."""
        return max((self.accepted.at - self.at).total_seconds(), 0.0)

    @property
    def brought(self) -> LogLine:
        """The line that says who brought it."""
        return next((line for line in self.lines if line.text.startswith(("client=", "uid="))), self.lines[0])


def legs(material: Material) -> tuple[Leg, ...]:
    """Make the stories of all queue ids, in the order of their beginning."""
    grouped: dict[str, list[LogLine]] = {}
    for line in material.postfix:
        if line.queue_id:
            grouped.setdefault(line.queue_id, []).append(line)
    found = (_leg(name, lines, material) for name, lines in grouped.items())
    return tuple(sorted(found, key=lambda leg: leg.at))


def is_cleanups(line: LogLine, message_id: str) -> bool:
    """Whether this is the line with which Postfix says that a queue id has this message-id."""
    marks = ("message-id=", "resent-message-id=")
    written = (f"{mark}{each}" for mark in marks for each in spelling.both(message_id))
    return line.service == "cleanup" and line.text in written


def own(lines: Sequence[LogLine], message_id: str) -> tuple[LogLine, ...]:
    """Leave out lines of other messages that had the same queue id before or after: the short ones come again."""
    grouped: dict[str, list[LogLine]] = {}
    for line in lines:
        if line.queue_id:
            grouped.setdefault(line.queue_id, []).append(line)
    kept = {id(line) for each in grouped.values() for line in _stay(each, message_id)}
    return tuple(line for line in lines if id(line) in kept)


def _stay(lines: Sequence[LogLine], message_id: str) -> Sequence[LogLine]:
    middle = next((index for index, line in enumerate(lines) if is_cleanups(line, message_id)), None)
    if middle is None:
        return ()
    begins = [index for index in range(middle) if lines[index].text.startswith(("client=", "uid="))]
    ends = [index for index in range(middle, len(lines)) if lines[index].text in REMOVED]
    return lines[begins[-1] if begins else middle : ends[0] + 1 if ends else len(lines)]


def _leg(queue_id: str, lines: Sequence[LogLine], material: Material) -> Leg:
    queued = material.queued.get(queue_id)
    arrived = next(filter(None, (_ARRIVED.match(line.text) for line in lines if line.service == "qmgr")), None)
    expired = next(filter(None, (_ENDED.fullmatch(line.text) for line in lines)), None)
    deliveries = {each.recipient: each for each in _deliveries(lines)}
    sender = arrived["sender"] if arrived else queued.sender if queued else None
    return Leg(
        queue_id=queue_id,
        lines=tuple(lines),
        sender=sender,
        count=int(arrived["count"]) if arrived else None,
        deliveries=tuple(deliveries.values()),
        removed=any(line.text in REMOVED for line in lines),
        canceled=any(line.text == CANCELED for line in lines),
        expired=f"{expired['status']}, {expired['reason']}" if expired else None,
        queued=queued,
        from_mailman=bool(sender and _BOUNCES.fullmatch(sender) and material.addresses.near(sender)),
    )


def _deliveries(lines: Iterable[LogLine]) -> Iterable[Delivery]:
    for line in lines:
        match = _DELIVERY.fullmatch(line.text)
        if match:
            fields = dict(pair.split("=", 1) for pair in match["fields"].split(", ") if "=" in pair)
            yield Delivery(
                recipient=match["to"],
                asked=match["asked"],
                status=match["status"],
                relay=fields.get("relay", "none"),
                reason=match["reason"] or "",
                agent=line.service,
                delay=_number(fields.get("delay", "")),
                line=line,
            )


def _number(text: str) -> float | None:
    return float(text) if _NUMBER.fullmatch(text) else None
