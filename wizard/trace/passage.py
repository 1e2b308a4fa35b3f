"""The way of a run's own messages while they are waited for: told in events, hop by hop, as the logs show it.

Only the logs are read, and of them only what is new: this is for the eye. What a check goes by, it sees itself.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace

from wizard.errors import UnseenError, WizardError
from wizard.events import Emit
from wizard.host import Host
from wizard.logs import Logs
from wizard.mail.message import ProbeMessage
from wizard.mailman import cfg
from wizard.mailman.cfg import LMTP_MAP
from wizard.site import Site
from wizard.trace import gather, legs
from wizard.trace.ending import ending
from wizard.trace.judge import judge
from wizard.trace.material import Addresses, Material
from wizard.trace.model import HOPS, Hop, State, shown

EVERY = 0.3
"""Seconds between two looks at least."""
FOLLOWED = 12
"""Messages that are looked for at once, at most: the newest."""


@dataclass
class Passages:
    """Follows the messages that a run sends.

    Events: ``probe.sent`` (message_id, to) and ``probe.hop`` (message_id, hop, state, seconds, queue_id, expected,
    reached), the latter only for hops that changed.
    """

    host: Host
    site: Site
    logs: Logs
    emit: Emit
    _known: dict[str, dict[str, Hop]] = field(default_factory=dict)
    """Of each message that has not come to its end, the hops as they were told."""
    _next: float = 0.0
    _ended: dict[str, str] = field(default_factory=dict)
    """How messages ended, by message-id."""

    def sent(self, message: ProbeMessage) -> None:
        """Follow one message from now on."""
        for old in list(self._known)[: -(FOLLOWED - 1)]:
            del self._known[old]
        self._known[message.message_id] = {}
        self.emit("probe.sent", message_id=message.message_id, to=shown(message.recipient))

    def look(self, *, now: bool = False) -> None:
        """Tell what has changed; never an error: a check does not stand on it.

        Args:
            now: also if it is not yet time to look again.
        """
        if not self._known or (time.monotonic() < self._next and not now):
            return
        with suppress(WizardError, UnseenError, OSError):
            for material in self._materials():
                self._tell(material)
                if ended := ending(material):
                    self._ended[material.message_id] = ended
        self._next = time.monotonic() + EVERY

    def ended(self, message: ProbeMessage) -> str | None:
        """Say how the logs have ended a message; None while it may still arrive."""
        return self._ended.get(message.message_id)

    def _materials(self) -> Iterator[Material]:
        config = cfg.read(self.host)
        port = config.lmtp[1] if config else self.site.mailman.lmtp.port
        addresses = Addresses()
        with suppress(OSError):
            addresses = gather.addresses(self.host, config.data_dir / LMTP_MAP) if config else addresses
        lines, said = self.logs.postfix(), self.logs.mailman()
        for message_id in list(self._known):
            ids = {line.queue_id for line in lines if legs.is_cleanups(line, message_id)}
            own = legs.own([line for line in lines if line.queue_id in ids], message_id)
            bare = Material(message_id, self.host.now(), port, postfix=own, mailman=said, addresses=addresses)
            yield replace(bare, mailman=gather.relevant(bare))

    def _tell(self, material: Material) -> None:
        known = self._known[material.message_id]
        found = judge(material)
        for hop in found.hops:
            if hop.state is State.NOT_REACHED or _same(known.get(hop.name), hop):
                continue
            known[hop.name] = hop
            count = hop.recipients
            self.emit(
                "probe.hop",
                message_id=material.message_id,
                hop=hop.name,
                state=str(hop.state),
                seconds=hop.seconds,
                queue_id=hop.queue_id,
                expected=count.expected if count else None,
                reached=count.reached if count else None,
            )
        if known.keys() == set(HOPS) and all(hop.state is State.PASSED for hop in known.values()):
            del self._known[material.message_id]


def _same(before: Hop | None, now: Hop) -> bool:
    return before is not None and (before.state, before.recipients) == (now.state, now.recipients)
