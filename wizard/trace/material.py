"""What is known of one message, collected but not yet judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from wizard.facts import mailman_log, postfix_log
from wizard.facts.postqueue import QueuedMessage
from wizard.facts.queues import QueueFile
from wizard.site import SUBADDRESSES


@dataclass(frozen=True, slots=True)
class Addresses:
    """The addresses that belong to Mailman, as its map for Postfix has them."""

    known: frozenset[str] = frozenset()

    def __contains__(self, address: str) -> bool:
        """Whether mail for an address goes to Mailman; what stands after ``+`` does not matter."""
        return _plain(address) in self.known

    def near(self, address: str) -> bool:
        """Whether an address is in a domain that has lists here; any is while none of them is known."""
        domain = address.lower().rpartition("@")[2]
        return not self.known or any(each.endswith(f"@{domain}") for each in self.known)

    def command(self, address: str) -> str | None:
        """Tell which command address of a list this is (``join``, ``owner`` …); None if it is the posting address."""
        name, _, domain = _plain(address).rpartition("@")
        for suffix in SUBADDRESSES:
            base = f"{name.removesuffix(suffix)}@{domain}"
            if suffix and name.endswith(suffix) and (base in self.known or not self.known):
                return suffix.removeprefix("-")
        return None


def _plain(address: str) -> str:
    name, _, domain = address.lower().rpartition("@")
    return f"{name.partition('+')[0]}@{domain}"


@dataclass(frozen=True, slots=True)
class Material:
    """Everything that was found of one message."""

    message_id: str
    """With its angle brackets."""
    now: datetime
    """When it was collected."""
    lmtp: int
    """The port of Mailman's lmtp runner."""
    postfix: tuple[postfix_log.LogLine, ...] = ()
    """The lines with its queue ids, in their order."""
    mailman: tuple[mailman_log.LogLine, ...] = ()
    """The lines with its message-id or a name of its queue files, tracebacks before SHUNTING among them."""
    queued: Mapping[str, QueuedMessage] = field(default_factory=dict)
    """What Postfix has of it, by queue id."""
    files: tuple[QueueFile, ...] = ()
    """What Mailman's queues have of it."""
    held: frozenset[str] | None = None
    """The lists that hold it for their moderator; None if nobody was asked."""
    addresses: Addresses = Addresses()
    runners: frozenset[str] | None = None
    """The names of the runners that are at work; None if it was not looked."""
    delivers: bool | None = None
    """Whether Postfix runs; None if it was not looked."""
    mailboxes: Mapping[str, bool] = field(default_factory=dict)
    """Whether it is in a local recipient's mailbox, by address; those that were not looked into are missing."""
    probe: bool = False
    """Whether it is a probe's mail, which nobody reads or moves: it must be in the mailboxes."""
    unseen: tuple[str, ...] = ()
    """What could not be looked at, and why."""

    def age(self, moment: datetime | None) -> float:
        """Seconds since a moment; 0 for one that is not known."""
        return max((self.now - moment).total_seconds(), 0.0) if moment else 0.0

    def path(self, name: str) -> Path | None:
        """Return the path of one of its queue files by the name without a suffix."""
        return next((file.path for file in self.files if file.path.name.startswith(name)), None)
