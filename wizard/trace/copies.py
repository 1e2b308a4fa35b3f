"""Where Postfix's copies of a message are: one for each recipient, on each stay of it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from wizard.trace.legs import Delivery, Leg, legs
from wizard.trace.material import Material


@dataclass(frozen=True, slots=True)
class Stay:
    """A recipient's copy in Postfix: where it went, or that it is still there."""

    leg: Leg
    address: str
    delivery: Delivery | None
    waits: str | None
    """Why Postfix still has it, in its own words or ours; None if it has not."""

    @property
    def person(self) -> str:
        """Whom it is for, by the address that the sender, or Mailman, wrote to."""
        return (self.delivery.asked if self.delivery else None) or self.address

    @property
    def is_sent(self) -> bool:
        """Whether it was handed on."""
        return self.delivery is not None and self.delivery.sent


class Copies:
    """A message's stays in Postfix, those on the way to Mailman apart from those on the way to mailboxes."""

    def __init__(self, material: Material) -> None:
        self._material = material
        self.legs = legs(material)
        self.stays = tuple(self._stays())
        self.to_mailman = tuple(stay for stay in self.stays if self._is_mailmans(stay))
        self.to_boxes = tuple(stay for stay in self.stays if stay not in self.to_mailman)
        self.leaving = tuple(leg for leg in self.legs if leg.from_mailman and self._leaves(leg))
        """What Postfix has from Mailman for mailboxes."""

    def untried(self) -> list[Leg]:
        """The stays of which nothing is known but that they began."""
        return [leg for leg in self.legs if not any(stay.leg is leg for stay in self.stays) and not self._is_over(leg)]

    def recipients_of(self, leg: Leg) -> int:
        """Count whom a stay is for."""
        return leg.count if leg.count is not None else len([stay for stay in self.stays if stay.leg is leg])

    def _stays(self) -> Iterator[Stay]:
        ids = {leg.queue_id for leg in self.legs}
        done = {(each.recipient, leg.from_mailman) for leg in self.legs for each in leg.deliveries if each.sent}
        for leg in self.legs:
            queued = {each.address: each.delay_reason for each in leg.queued.recipients} if leg.queued else {}
            for each in leg.deliveries:
                if each.passed_on_as in ids:
                    continue
                requeued = not leg.removed and leg.queued is None and (each.recipient, leg.from_mailman) in done
                if each.sent or not requeued:
                    reason = queued.get(each.recipient) or each.reason
                    yield Stay(leg, each.recipient, each, reason if each.status == "deferred" else None)
            known = {each.recipient for each in leg.deliveries}
            where = leg.queued.queue_name if leg.queued else ""
            for address, delay in queued.items():
                if address not in known:
                    yield Stay(leg, address, None, delay or f"in Postfix's queue ({where}), not tried yet")

    def _is_mailmans(self, stay: Stay) -> bool:
        if stay.delivery is not None and stay.delivery.agent in {"lmtp", "error"}:
            known = stay.delivery.agent == "lmtp" and stay.delivery.for_port(self._material.lmtp)
            return known or (not stay.delivery.sent and stay.address in self._material.addresses)
        return stay.delivery is None and stay.address in self._material.addresses

    def _leaves(self, leg: Leg) -> bool:
        mine = [stay for stay in self.stays if stay.leg is leg]
        return not mine or any(stay in self.to_boxes for stay in mine)

    def _is_over(self, leg: Leg) -> bool:
        ids = {each.queue_id for each in self.legs}
        return leg.removed or any(each.passed_on_as in ids for each in leg.deliveries)
