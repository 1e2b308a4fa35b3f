"""Judging what was found of a message: in which state it is at each of the six hops. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from wizard.facts import mailman_log, postfix_log
from wizard.facts.queues import QueueFile
from wizard.trace import verdicts
from wizard.trace.legs import Delivery, Leg, legs
from wizard.trace.material import Material
from wizard.trace.model import Hop, Name, Recipients, State, Straggler, Trace, shown, worst
from wizard.trace.verdicts import Said

PATIENCE = 60.0
"""Seconds after which what waits is stuck; every runner and Postfix's queue manager look at once."""
GRACE = 10.0
"""Seconds in which a step that leaves no trace between two queues may still be under way."""
SHOWN = 8
"""Log lines given with a hop, the newest."""
TRACEBACK_SHOWN = 12
"""Lines of a traceback: its first, and the last ones, which name the error."""
PROCESSED = ("in", "pipeline", "command", "bounces", "virgin")
"""Mailman's queues before the one to Postfix; digest and archive get copies, which concern nobody's mailbox."""
SENDING = ("out", "retry")


def judge(material: Material) -> Trace:
    """Say how far a message came, and why no farther."""
    return _Judge(material).trace()


def log_line(line: postfix_log.LogLine | mailman_log.LogLine) -> str:
    """Write a line of either log as it is shown."""
    at = f"{line.at:%b %d %H:%M:%S}" if line.at else "earlier"
    if isinstance(line, postfix_log.LogLine):
        return shown(f"{at} {line.program}: {line.queue_id}: {line.text}")
    return shown(f"{at} {line.file}: {line.text}")


@dataclass(frozen=True, slots=True)
class _Stay:
    """A recipient's copy in Postfix: where it went, or that it is still there."""

    leg: Leg
    address: str
    delivery: Delivery | None
    waits: str | None
    """Why Postfix still has it, in its own words or ours; None if it has not."""


class _Judge:
    """The judgement of one message; each hop looks at the ones before."""

    def __init__(self, material: Material) -> None:
        self.material = material
        self.said: Said = verdicts.read(material.mailman, material.message_id)
        self.legs = legs(material)
        self.stays = tuple(self._stays())
        self.to_mailman = tuple(stay for stay in self.stays if self._is_mailmans(stay))
        self.to_boxes = tuple(stay for stay in self.stays if stay not in self.to_mailman)
        self.leaving = tuple(leg for leg in self.legs if leg.from_mailman and self._leaves(leg))

    def trace(self) -> Trace:
        hops = [self.entry()]
        for look in (self.lmtp, self.mailman, self.outbound, self.postfix_out, self.mailbox):
            hops += [look(hops[-1])]
        return Trace(self.material.message_id, tuple(hops), self.material.unseen)

    # Where Postfix's copies are.

    def _stays(self) -> Iterator[_Stay]:
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
                    yield _Stay(leg, each.recipient, each, reason if each.status == "deferred" else None)
            known = {each.recipient for each in leg.deliveries}
            where = leg.queued.queue_name if leg.queued else ""
            for address, delay in queued.items():
                if address not in known:
                    yield _Stay(leg, address, None, delay or f"in Postfix's queue ({where}), not tried yet")

    def _is_mailmans(self, stay: _Stay) -> bool:
        if stay.delivery is not None and stay.delivery.agent in {"lmtp", "error"}:
            known = stay.delivery.agent == "lmtp" and stay.delivery.for_port(self.material.lmtp)
            return known or (not stay.delivery.sent and stay.address in self.material.addresses)
        return stay.delivery is None and stay.address in self.material.addresses

    def _leaves(self, leg: Leg) -> bool:
        mine = [stay for stay in self.stays if stay.leg is leg]
        return not mine or any(stay in self.to_boxes for stay in mine)

    # The hops.

    def entry(self) -> Hop:
        coming = [leg for leg in self.legs if not leg.from_mailman]
        if coming:
            leg = coming[0]
            lines = [line for line in leg.lines if line.text.startswith(("client=", "uid=", "from=", "message-id="))]
            who = leg.brought.text if leg.brought.text.startswith(("client=", "uid=")) else "somebody"
            sender = f" from <{leg.sender}>" if leg.sender is not None else ""
            says = f"Postfix took it{sender}, brought by {who}"
            return _hop("entry", State.PASSED, says, lines, leg.accepted.at, leg.took, leg.queue_id)
        if not self.legs and not self.said.verdicts and not self.material.files:
            return _hop("entry", State.NOT_REACHED, "nothing of this message is in the logs and queues")
        if self.said.verdicts or self.material.files:
            return _hop("entry", State.NOT_REACHED, "not in the part of Postfix's log that was read; seen later")
        return _hop("entry", State.NOT_REACHED, "Mailman wrote it itself: it did not come in")

    def lmtp(self, before: Hop) -> Hop:
        del before
        if not self.to_mailman:
            if self._untried() and not self.to_boxes:
                return self._untold()
            return _hop("lmtp", State.NOT_REACHED, "it is not for Mailman" if self.to_boxes else "it did not come here")
        lines = [stay.delivery.line for stay in self.to_mailman if stay.delivery]
        stragglers = tuple(self._straggler(stay, runner="lmtp") for stay in self.to_mailman if not _is_sent(stay))
        sent = [stay.delivery for stay in self.to_mailman if stay.delivery and stay.delivery.sent]
        count = Recipients(len(self.to_mailman), stragglers)
        names = ", ".join(dict.fromkeys(stay.address for stay in self.to_mailman))
        says = _why(stragglers) or f"Mailman took it, for {names}"
        at = max((each.line.at for each in sent), default=None)
        took = max((each.delay or 0.0 for each in sent), default=None)
        state = worst(*(each.state for each in stragglers))
        return _hop("lmtp", state, says, lines, at, took, self.to_mailman[0].leg.queue_id, count)

    def mailman(self, before: Hop) -> Hop:
        said, material = self.said, self.material
        waiting = [file for file in material.files if file.queue in PROCESSED]
        shunted = [file for file in material.files if file.queue == "shunt"]
        bad = [file for file in material.files if file.queue == "bad"]
        taken = [stay for stay in self.to_mailman if stay.delivery and stay.delivery.sent]
        if not (taken or said.verdicts or waiting or shunted or bad):
            if said.sendings:
                return _hop("mailman", State.PASSED, "Mailman wrote it itself", at=said.sendings[0].line.at)
            return _hop("mailman", State.NOT_REACHED, "it did not come here")
        found = [(State.LOST, f"kept as unreadable: {file.path}") for file in bad]
        found += [(State.STUCK, f"shunted after an exception: {file.path}") for file in shunted]
        found += list(self._decisions())
        found += [(self._waits(file), f"waits in Mailman's queue {file.queue}: {file.path}") for file in waiting]
        found += list(self._silent(taken, waiting, shunted, before.at))
        commands = {command for stay in taken if (command := material.addresses.command(stay.address))}
        if commands:
            found.append((State.PASSED, f"processed as mail to -{', -'.join(sorted(commands))}; that is not posted"))
        lines: list[str] = [text for each in (*said.failures, *said.shunted) for text in _told(each)]
        lines = [log_line(each.line) for each in said.verdicts] + lines
        ats = [each.line.at for each in said.verdicts if each.line.at] + [each.at for each in said.shunted if each.at]
        state = worst(*(state for state, _ in found))
        at = max(ats, default=before.at if state is State.PASSED else None)
        kept = [*shunted, *bad, *waiting]
        says = "; ".join(dict.fromkeys(text for _, text in sorted(found, key=lambda each: _rank(each[0]))))
        return Hop(
            name="mailman",
            state=state,
            evidence=(shown(says), *lines),
            at=at,
            seconds=_between(before.at, at),
            queue_id=shown(str(kept[0].path)) if kept else None,
        )

    def outbound(self, before: Hop) -> Hop:
        said = self.said
        waiting = [file for file in self.material.files if file.queue in SENDING]
        if said.sendings or waiting:
            recipients = sum(each.count for each in said.sendings)
            names = ", ".join(dict.fromkeys(each.mailing_list for each in said.sendings))
            parts = [f"waits in Mailman's queue {file.queue}: {file.path}" for file in waiting]
            parts += [each.text for each in said.others if "SMTP server" in each.text][-1:] if waiting else []
            parts += [f"Mailman sent it for {names} to {recipients} recipient(s)"] if said.sendings else []
            lines = [*(each.line for each in said.sendings), *said.others]
            at = max((each.line.at for each in said.sendings if each.line.at), default=None)
            took = sum(each.seconds for each in said.sendings) if said.sendings else None
            state = worst(*(self._waits(file) for file in waiting))
            where = str(waiting[0].path) if waiting else None
            return _hop("outbound", state, "; ".join(parts), lines, at, took, where)
        posted = [each for each in said.verdicts if each.kind in {"accepted", "approved", "owner"}]
        if not posted or before.state is not State.PASSED:
            away = "it is not to be sent on" if before.state is State.PASSED else "it did not come here"
            return _hop("outbound", State.NOT_REACHED, away)
        if self.leaving:
            return _hop("outbound", State.PASSED, "Postfix has it from Mailman", at=self.leaving[0].at)
        since = posted[-1].line.at
        if self.material.age(since) < GRACE:
            return _hop("outbound", State.PENDING, "between two of Mailman's queues")
        says = "Mailman accepted it and has not sent it; it is in none of its queues: has the list no member?"
        return _hop("outbound", State.LOST, says)

    def postfix_out(self, before: Hop) -> Hop:
        said = self.said
        refused = tuple(self._refused())
        if not self.leaving and not refused:
            if before.state is not State.PASSED or not any(each.count for each in said.sendings):
                return _hop("postfix-out", State.NOT_REACHED, "it did not come here")
            if self.material.age(before.at) < GRACE:
                return _hop("postfix-out", State.PENDING, "Mailman has just sent it")
            return _hop("postfix-out", State.LOST, "Mailman says that it sent it, and Postfix has not logged it")
        accepted = sum(self._recipients_of(leg) for leg in self.leaving)
        count = Recipients(accepted + len(refused), refused)
        ids = ", ".join(leg.queue_id for leg in self.leaving[:SHOWN])
        more = f" and {len(self.leaving) - SHOWN} more" if len(self.leaving) > SHOWN else ""
        says = _why(refused) or "Postfix took it from Mailman"
        says += f"; {accepted} recipient(s), queue id {ids}{more}" if self.leaving else ""
        lines: list[postfix_log.LogLine | mailman_log.LogLine] = [each.line for each in said.refusals]
        lines += [leg.accepted for leg in self.leaving][: SHOWN - min(len(lines), SHOWN // 2)]
        at = max((leg.accepted.at for leg in self.leaving), default=None)
        took = max((leg.took for leg in self.leaving), default=None)
        where = self.leaving[0].queue_id if self.leaving else None
        return _hop("postfix-out", worst(*(each.state for each in refused)), says, lines, at, took, where, count)

    def mailbox(self, before: Hop) -> Hop:
        del before
        stragglers = [self._straggler(stay) for stay in self.to_boxes if not _is_sent(stay)]
        stragglers += [*self._refused(), *self._untold_recipients(), *self._missing()]
        sent = [stay.delivery for stay in self.to_boxes if stay.delivery and stay.delivery.sent]
        expected = len(stragglers) + len(sent) - len(self._missing())
        if not expected:
            return _hop("mailbox", State.NOT_REACHED, "it did not come here")
        count = Recipients(expected, tuple(stragglers))
        bad = [stay.delivery.line for stay in self.to_boxes if stay.delivery and not stay.delivery.sent]
        looked = self.material.mailboxes
        says = _why(stragglers) or "it reached every recipient"
        says = f"{count.reached} of {expected} reached; {says}" if stragglers else f"{says} ({expected})"
        says += f"; it is in {sum(looked.values())} of {len(looked)} mailboxes looked into" if looked else ""
        away = sum(1 for each in sent if each.relay not in {"local", "virtual"})
        says += f"; {away} left this server" if away else ""
        lines = [*(each.line for each in sent)][-(SHOWN - min(len(bad), SHOWN - 1)) :]
        state = worst(*(each.state for each in stragglers))
        at = max((each.line.at for each in sent), default=None)
        took = max((each.delay or 0.0 for each in sent), default=None)
        where = next((stay.leg.queue_id for stay in self.to_boxes if not _is_sent(stay)), None)
        where = where or next((stay.leg.queue_id for stay in self.to_boxes), None)
        return _hop("mailbox", state, says, [*lines, *bad], at, took, where, count)

    # Their parts.

    def _decisions(self) -> Iterator[tuple[State, str]]:
        """Say what the chains decided; a holding is over when the moderator has decided too."""
        said = self.said
        approved = len(said.of("approved"))
        for each in said.of("accepted"):
            yield State.PASSED, "accepted" + (f" ({each.why})" if each.why else "")
        for each in said.of("owner"):
            yield State.PASSED, f"sent on to the list's owners{each.why}"
        for each in said.of("rejected"):
            yield State.LOST, f"rejected{_because(each.why)}"
        for each in said.of("discarded"):
            yield State.LOST, f"discarded{_because(each.why)}"
        for number, each in enumerate(said.of("held")):
            if number < approved:
                yield State.PASSED, f"held{_because(each.why)}, then approved by the moderator"
            elif self.material.held is None or each.mailing_list in self.material.held:
                yield State.STUCK, f"held for the moderator of {each.mailing_list}{_because(each.why)}"
            else:
                yield State.LOST, f"held{_because(each.why)}, then dropped by the moderator of {each.mailing_list}"

    def _silent(
        self, taken: Sequence[_Stay], waiting: Sequence[QueueFile], shunted: Sequence[QueueFile], since: datetime | None
    ) -> Iterator[tuple[State, str]]:
        """Say of how many posts that Mailman took nothing is seen any more."""
        posts = {stay.address for stay in taken if self.material.addresses.command(stay.address) is None}
        first = [each for each in self.said.verdicts if each.kind != "approved"]
        # A file that was shunted on the way out had its verdict before.
        early = 0 if first else len(shunted)
        left = len(posts) - len(first) - len(waiting) - early
        if left <= 0 or self.said.sendings or any(file.queue in SENDING for file in self.material.files):
            return
        if self.material.age(since) < GRACE:
            yield State.PENDING, "Mailman has just taken it"
        else:
            yield State.LOST, f"Mailman took it, and {left} of it is in no queue and no log"

    def _waits(self, file: QueueFile) -> State:
        runner = self.material.runners is None or file.queue in self.material.runners
        late = self.material.age(file.queued) > PATIENCE or file.queue == "retry"
        return State.STUCK if late or not runner else State.PENDING

    def _straggler(self, stay: _Stay, runner: str | None = None) -> Straggler:
        delivery = stay.delivery
        if delivery is not None and delivery.discarded:
            return _straggler(stay.address, State.LOST, f"thrown away by {delivery.agent}: {delivery.reason}")
        if stay.leg.expired:
            return _straggler(stay.address, State.LOST, stay.leg.expired)
        if delivery is not None and stay.waits is None:
            return _straggler(stay.address, State.LOST, f"{delivery.status}: {delivery.reason}")
        if delivery is not None and stay.leg.removed:
            return _straggler(stay.address, State.LOST, f"removed from Postfix's queue; before that: {stay.waits}")
        gone = runner is not None and self.material.runners is not None and runner not in self.material.runners
        queue = stay.leg.queued.queue_name if stay.leg.queued else ""
        late = delivery is not None or queue == "hold" or self.material.age(stay.leg.at) > PATIENCE
        reason = f"{stay.waits}; Mailman's {runner} runner does not work" if gone else stay.waits or ""
        return _straggler(stay.address, State.STUCK if late or gone else State.PENDING, reason)

    def _refused(self) -> Iterator[Straggler]:
        taken = {stay.address for stay in self.to_boxes if stay.leg.from_mailman}
        for each in self.said.refusals:
            if each.address not in taken:
                state = State.LOST if each.permanent else State.STUCK
                yield _straggler(each.address, state, f"Postfix refused it to Mailman: {each.code} {each.why}")

    def _untried(self) -> list[Leg]:
        """The stays of which nothing is known but that they began."""
        return [leg for leg in self.legs if not any(stay.leg is leg for stay in self.stays) and not self._is_over(leg)]

    def _is_over(self, leg: Leg) -> bool:
        ids = {each.queue_id for each in self.legs}
        return leg.removed or any(each.passed_on_as in ids for each in leg.deliveries)

    def _untold(self) -> Hop:
        """Say that it came in and that nobody has tried to deliver it."""
        leg = self._untried()[0]
        late = self.material.age(leg.at) > PATIENCE
        says = "Postfix has not tried to deliver it yet"
        return _hop("lmtp", State.STUCK if late else State.PENDING, says, leg.lines[-1:], queue_id=leg.queue_id)

    def _untold_recipients(self) -> Iterator[Straggler]:
        """Those of whom Postfix has logged no delivery, though it took the message for them."""
        for leg in self.legs:
            told = len({stay.address for stay in self.stays if stay.leg is leg})
            left = (leg.count or 0) - max(told, len(leg.deliveries))
            if left <= 0 or (not leg.from_mailman and not told):
                continue
            if leg.removed:
                reason, state = f"{leg.queue_id} was removed from Postfix's queue without a delivery", State.LOST
            else:
                late = self.material.age(leg.at) > PATIENCE
                reason, state = f"{leg.queue_id}: not tried yet", State.STUCK if late else State.PENDING
            for _ in range(left):
                yield _straggler("(not named in the log)", state, reason)

    def _missing(self) -> list[Straggler]:
        """A probe's recipients whom Postfix says it reached, and whose mailbox does not have it."""
        if not self.material.probe:
            return []
        sent = [stay.address for stay in self.to_boxes if _is_sent(stay)]
        reason = "Postfix says that it delivered it, and it is not in the mailbox"
        return [
            _straggler(address, State.LOST, reason) for address in sent if self.material.mailboxes.get(address) is False
        ]

    def _recipients_of(self, leg: Leg) -> int:
        return leg.count if leg.count is not None else len([stay for stay in self.stays if stay.leg is leg])


def _hop(  # noqa: PLR0913, PLR0917 (a hop has these parts)
    name: Name,
    state: State,
    says: str,
    lines: Iterable[postfix_log.LogLine | mailman_log.LogLine] = (),
    at: datetime | None = None,
    seconds: float | None = None,
    queue_id: str | None = None,
    recipients: Recipients | None = None,
) -> Hop:
    told = [log_line(line) for line in lines][-SHOWN:]
    where = shown(queue_id) if queue_id else None
    return Hop(name, state, (shown(says), *told), at, seconds, where, recipients)


def _straggler(address: str, state: State, reason: str) -> Straggler:
    return Straggler(shown(address), state, shown(reason))


def _is_sent(stay: _Stay) -> bool:
    return stay.delivery is not None and stay.delivery.sent


def _why(stragglers: Sequence[Straggler]) -> str:
    """Say whom it did not reach: the worst of them, and how many there are."""
    if not stragglers:
        return ""
    first = min(stragglers, key=lambda each: _rank(each.state))
    more = f" (and {len(stragglers) - 1} more)" if len(stragglers) > 1 else ""
    return f"not {first.address}{more}: {first.reason}"


def _rank(state: State) -> int:
    return (State.LOST, State.STUCK, State.PENDING, State.NOT_REACHED, State.PASSED).index(state)


def _because(why: str) -> str:
    return f": {why}" if why else ""


def _told(line: mailman_log.LogLine) -> list[str]:
    """Write a line with its traceback, shortened in the middle."""
    rest = line.rest
    if len(rest) > TRACEBACK_SHOWN:
        rest = (*rest[:1], f"… {len(rest) - TRACEBACK_SHOWN} lines …", *rest[1 - TRACEBACK_SHOWN :])
    return [log_line(line), *(shown(f"  {text}") for text in rest)]


def _between(before: datetime | None, after: datetime | None) -> float | None:
    return max((after - before).total_seconds(), 0.0) if before and after else None
