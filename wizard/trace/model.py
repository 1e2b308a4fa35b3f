"""A message's way as data: six hops, each with its state and what shows it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal, TypeAlias

from wizard.errors import AnswerError, Problem
from wizard.printable import printable, shortened

Name: TypeAlias = Literal["entry", "lmtp", "mailman", "outbound", "postfix-out", "mailbox"]
HOPS: tuple[Name, ...] = ("entry", "lmtp", "mailman", "outbound", "postfix-out", "mailbox")
_IDENTITY = re.compile(r"<[^<>]{1,995}>|[^\s<>]{1,995}")
"""RFC 5322, 3.6.4, no longer than a line may be; some programs write blanks into it, which only the brackets hold."""
_SECRET = re.compile(r"(-confirm\+)[0-9a-f]{40}")
"""Whoever has the token can confirm in another one's name."""


class State(StrEnum):
    """How a message fares at a hop."""

    PASSED = "passed"
    PENDING = "pending"
    """It is there, and not for long."""
    STUCK = "stuck"
    """It is there, and will not go on by itself now."""
    LOST = "lost"
    """It, or a recipient's copy of it, ended here."""
    NOT_REACHED = "not-reached"
    """It never came here, because it stopped before or because its way does not lead here."""


STOPS = (State.LOST, State.STUCK, State.PENDING)
"""The states that end a way, the worst first."""


def worst(*states: State) -> State:
    """Choose the worst of some states; PASSED if none of them is a stop."""
    return next((state for state in STOPS if state in states), State.PASSED)


@dataclass(frozen=True, slots=True)
class Straggler:
    """A recipient whom the message did not reach."""

    address: str
    state: State
    reason: str
    halted: bool = False
    """Whether it is stuck because whoever must move it does not work."""

    def data(self) -> dict[str, object]:
        """Return it as the command line's JSON has it."""
        return {"address": self.address, "state": str(self.state), "reason": self.reason}


@dataclass(frozen=True, slots=True)
class Recipients:
    """How many a hop had the message for, and whom it did not reach."""

    expected: int
    stragglers: tuple[Straggler, ...] = ()

    @property
    def reached(self) -> int:
        """How many got it."""
        return self.expected - len(self.stragglers)

    def data(self) -> dict[str, object]:
        """Return them as the command line's JSON has them."""
        exceptions = [straggler.data() for straggler in self.stragglers]
        return {"expected": self.expected, "reached": self.reached, "exceptions": exceptions}


@dataclass(frozen=True, slots=True)
class Hop:
    """One of the six, and what became of the message there."""

    name: Name
    state: State = State.NOT_REACHED
    evidence: tuple[str, ...] = ()
    """First what it means in a sentence, then log lines; printable."""
    at: datetime | None = None
    """When it was over, in UTC."""
    seconds: float | None = None
    """How long it took."""
    queue_id: str | None = None
    """Postfix's queue id, or the path of Mailman's queue file."""
    recipients: Recipients | None = None
    halted: bool = False
    """Whether it is stuck here because whoever must move it does not work."""

    def data(self) -> dict[str, object]:
        """Return it as the command line's JSON has it."""
        return {
            "hop": self.name,
            "state": str(self.state),
            "at": self.at.isoformat() if self.at else None,
            "seconds": None if self.seconds is None else round(self.seconds, 3),
            "queue_id": self.queue_id,
            "evidence": list(self.evidence),
            "recipients": self.recipients.data() if self.recipients else None,
        }


@dataclass(frozen=True, slots=True)
class Trace:
    """One message's way."""

    message_id: str
    """With its angle brackets."""
    hops: tuple[Hop, ...]
    """All six, in their order."""
    unseen: tuple[str, ...] = ()
    """What could not be looked at; where there is something, the trace may lack it."""

    @property
    def stopped_at(self) -> Hop | None:
        """The first hop that it did not pass; the entry if it was seen nowhere; None if it reached everything."""
        stopped = next((hop for hop in self.hops if hop.state in STOPS), None)
        seen = any(hop.state is State.PASSED for hop in self.hops)
        return stopped or (None if seen else self.hops[0])

    @property
    def final(self) -> bool:
        """Whether nothing changes any more without somebody doing something."""
        waiting = any(hop.state in {State.PENDING, State.STUCK} and not hop.halted for hop in self.hops)
        return not waiting and any(hop.state is not State.NOT_REACHED for hop in self.hops)

    def hop(self, name: Name) -> Hop:
        """Return one of the six."""
        return self.hops[HOPS.index(name)]

    def data(self) -> dict[str, object]:
        """Return it as the command line's JSON has it."""
        stopped = self.stopped_at
        return {
            "schema": 1,
            "message_id": shown(self.message_id),
            "hops": [hop.data() for hop in self.hops],
            "stopped_at": stopped.name if stopped else None,
            "unseen": list(self.unseen),
        }


def identity(text: str) -> str:
    """Read a message-id as somebody types it, with or without its brackets; returns it with them.

    Raises:
        AnswerError: it cannot be one.
    """
    bare = text.strip()
    if not _IDENTITY.fullmatch(bare) or not bare.isprintable():
        given = repr(shown(text[:60]))
        raise AnswerError((Problem("MESSAGE-ID", given, "what a mail's Message-ID header has: <something@somewhere>"),))
    return bare if bare.startswith("<") else f"<{bare}>"


def shown(text: str) -> str:
    """Return text from elsewhere as it may be shown: printable, not too long, and without a request's token."""
    return shortened(_SECRET.sub(r"\1…", printable(text)))
