"""Whom a message did not reach, and why. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from wizard.trace.copies import Copies, Stay
from wizard.trace.material import Material
from wizard.trace.model import State, Straggler, shown
from wizard.trace.verdicts import Said

PATIENCE = 60.0
"""Seconds after which what waits is stuck; every runner and Postfix's queue manager look at once."""
POSTFIX_STOPPED = "Postfix does not run"
_RANKS = (State.LOST, State.STUCK, State.PENDING, State.NOT_REACHED, State.PASSED)


class Stragglers:
    """Finds them in what was found of one message."""

    def __init__(self, material: Material, said: Said, copies: Copies) -> None:
        self._material = material
        self._said = said
        self._copies = copies

    def of(self, stay: Stay, runner: str | None = None) -> Straggler:
        """Say why a copy was not handed on; `runner` is Mailman's that would have taken it."""
        delivery = stay.delivery
        if delivery is not None and delivery.discarded:
            return _of(stay, State.LOST, f"thrown away by {delivery.agent}: {delivery.reason}")
        if stay.leg.expired:
            return _of(stay, State.LOST, stay.leg.expired)
        if delivery is not None and stay.waits is None:
            return _of(stay, State.LOST, f"{delivery.status}: {delivery.reason}")
        if delivery is not None and stay.leg.removed:
            return _of(stay, State.LOST, f"removed from Postfix's queue; before that: {stay.waits}")
        idle = self._idle(runner)
        queue = stay.leg.queued.queue_name if stay.leg.queued else ""
        late = delivery is not None or queue == "hold" or self._material.age(stay.leg.at) > PATIENCE
        reason = f"{stay.waits}; {idle}" if idle else stay.waits or ""
        return _of(stay, State.STUCK if late or idle else State.PENDING, reason, halted=bool(idle))

    def _idle(self, runner: str | None = None) -> str:
        """Say who of those who must move what Postfix has does not work; nothing if all do."""
        if self._material.delivers is False:
            return POSTFIX_STOPPED
        gone = runner is not None and self._material.runners is not None and runner not in self._material.runners
        return f"Mailman's {runner} runner does not work" if gone else ""

    def refused(self) -> Iterator[Straggler]:
        """Those whom Postfix refused to Mailman."""
        taken = {stay.address for stay in self._copies.to_boxes if stay.leg.from_mailman}
        for each in self._said.refusals:
            if each.address not in taken:
                state = State.LOST if each.permanent else State.STUCK
                yield _straggler(each.address, state, f"Postfix refused it to Mailman: {each.code} {each.why}")

    def untold(self) -> Iterator[Straggler]:
        """Those of whom Postfix has logged no delivery, though it took the message for them."""
        for leg in self._copies.legs:
            told = len({stay.address for stay in self._copies.stays if stay.leg is leg})
            left = (leg.count or 0) - max(told, len(leg.deliveries))
            if left <= 0 or (not leg.from_mailman and not told):
                continue
            if leg.removed:
                reason, state = f"{leg.queue_id} was removed from Postfix's queue without a delivery", State.LOST
            else:
                late = self._material.age(leg.at) > PATIENCE or bool(self._idle())
                reason, state = f"{leg.queue_id}: not tried yet", State.STUCK if late else State.PENDING
                reason += f"; {self._idle()}" if self._idle() else ""
            for _ in range(left):
                halted = state is State.STUCK and bool(self._idle())
                yield _straggler("(not named in the log)", state, reason, halted=halted)

    def missing(self) -> list[Straggler]:
        """A probe's recipients whom Postfix says it reached, and whose mailbox does not have it."""
        if not self._material.probe:
            return []
        sent = [stay.address for stay in self._copies.to_boxes if stay.is_sent]
        reason = "Postfix says that it delivered it, and it is not in the mailbox"
        return [
            _straggler(address, State.LOST, reason)
            for address in sent
            if self._material.mailboxes.get(address) is False
        ]


def why(stragglers: Sequence[Straggler]) -> str:
    """Say whom it did not reach: the worst of them, and how many there are."""
    if not stragglers:
        return ""
    first = min(stragglers, key=lambda each: rank(each.state))
    more = f" (and {len(stragglers) - 1} more)" if len(stragglers) > 1 else ""
    return f"not {first.address}{more}: {first.reason}"


def rank(state: State) -> int:
    """Order states, the worst first."""
    return _RANKS.index(state)


def halted(stragglers: Sequence[Straggler]) -> bool:
    """Whether none of them can be reached before somebody works who does not."""
    return any(each.halted for each in stragglers) and all(
        each.halted or each.state is State.LOST for each in stragglers
    )


def _of(stay: Stay, state: State, reason: str, *, halted: bool = False) -> Straggler:
    elsewhere = "" if stay.person == stay.address else f"sent on to {stay.address}: "
    return _straggler(stay.person, state, f"{elsewhere}{reason}", halted=halted)


def _straggler(address: str, state: State, reason: str, *, halted: bool = False) -> Straggler:
    return Straggler(shown(address), state, shown(reason), halted)
