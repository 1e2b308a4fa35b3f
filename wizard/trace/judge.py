"""Judging what was found of a message: in which state it is at each of the six hops. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from wizard.facts import mailman_log, postfix_log
from wizard.facts.queues import QueueFile
from wizard.trace import verdicts
from wizard.trace.copies import Copies, Stay
from wizard.trace.evidence import SHOWN, hop_of, log_line, with_traceback
from wizard.trace.material import Material
from wizard.trace.model import Hop, Recipients, State, Trace, shown, worst
from wizard.trace.stragglers import PATIENCE, POSTFIX_STOPPED, Stragglers, halted, rank, why
from wizard.trace.verdicts import Said

GRACE = 10.0
"""Seconds in which a step that leaves no trace between two queues may still be under way."""
PROCESSED = ("in", "pipeline", "command", "bounces", "virgin")
"""Mailman's queues before the one to Postfix; digest and archive get copies, which concern nobody's mailbox."""
SENDING = ("out", "retry")


def judge(material: Material) -> Trace:
    """Say how far a message came, and why no farther."""
    return _Judge(material).trace()


class _Judge:
    """The judgement of one message; each hop looks at the ones before."""

    def __init__(self, material: Material) -> None:
        self.material = material
        self.said: Said = verdicts.read(material.mailman, material.message_id)
        self.copies = Copies(material)
        self.stragglers = Stragglers(material, self.said, self.copies)

    def trace(self) -> Trace:
        hops = [self.entry()]
        for look in (self.lmtp, self.mailman, self.outbound, self.postfix_out, self.mailbox):
            hops += [look(hops[-1])]
        return Trace(self.material.message_id, tuple(hops), self.material.unseen)

    # The hops.

    def entry(self) -> Hop:
        coming = [leg for leg in self.copies.legs if not leg.from_mailman]
        if coming and all(leg.canceled for leg in coming):
            says = f"not taken: whoever brought it broke off before it was whole ({coming[0].brought.text})"
            return hop_of("entry", State.LOST, says, coming[0].lines, queue_id=coming[0].queue_id)
        if coming:
            leg = next(leg for leg in coming if not leg.canceled)
            lines = [line for line in leg.lines if line.text.startswith(("client=", "uid=", "from=", "message-id="))]
            who = leg.brought.text if leg.brought.text.startswith(("client=", "uid=")) else "somebody"
            sender = f" from <{leg.sender}>" if leg.sender is not None else ""
            says = f"Postfix took it{sender}, brought by {who}"
            return hop_of("entry", State.PASSED, says, lines, leg.accepted.at, leg.took, leg.queue_id)
        if not self.copies.legs and not self.said.verdicts and not self.material.files:
            return hop_of("entry", State.NOT_REACHED, "nothing of this message is in the logs and queues")
        if self.said.verdicts or self.material.files:
            return hop_of("entry", State.NOT_REACHED, "not in the part of Postfix's log that was read; seen later")
        return hop_of("entry", State.NOT_REACHED, "Mailman wrote it itself: it did not come in")

    def lmtp(self, before: Hop) -> Hop:
        del before
        if not self.copies.to_mailman:
            if self.copies.untried() and not self.copies.to_boxes:
                return self._untold()
            return hop_of(
                "lmtp", State.NOT_REACHED, "it is not for Mailman" if self.copies.to_boxes else "it did not come here"
            )
        lines = [stay.delivery.line for stay in self.copies.to_mailman if stay.delivery]
        stragglers = tuple(
            self.stragglers.of(stay, runner="lmtp") for stay in self.copies.to_mailman if not stay.is_sent
        )
        sent = [stay.delivery for stay in self.copies.to_mailman if stay.delivery and stay.delivery.sent]
        count = Recipients(len(self.copies.to_mailman), stragglers)
        names = ", ".join(dict.fromkeys(stay.address for stay in self.copies.to_mailman))
        says = why(stragglers) or f"Mailman took it, for {names}"
        at = max((each.line.at for each in sent), default=None)
        took = max((each.delay or 0.0 for each in sent), default=None)
        state = worst(*(each.state for each in stragglers))
        where = self.copies.to_mailman[0].leg.queue_id
        return hop_of("lmtp", state, says, lines, at, took, where, count, halted=halted(stragglers))

    def mailman(self, before: Hop) -> Hop:
        said, material = self.said, self.material
        waiting = [file for file in material.files if file.queue in PROCESSED]
        shunted = [file for file in material.files if file.queue == "shunt"]
        bad = [file for file in material.files if file.queue == "bad"]
        taken = [stay for stay in self.copies.to_mailman if stay.delivery and stay.delivery.sent]
        if not (taken or said.verdicts or waiting or shunted or bad):
            if said.sendings:
                return hop_of("mailman", State.PASSED, "Mailman wrote it itself", at=said.sendings[0].line.at)
            return hop_of("mailman", State.NOT_REACHED, "it did not come here")
        found = [(State.LOST, f"kept as unreadable: {file.path}") for file in bad]
        found += [(State.STUCK, f"shunted after an exception: {file.path}") for file in shunted]
        found += list(self._decisions())
        found += [(self._waits(file), self._where(file)) for file in waiting]
        found += list(self._silent(taken, waiting, shunted, before.at))
        commands = {command for stay in taken if (command := material.addresses.command(stay.address))}
        if not found and not commands:
            found.append((State.PASSED, "its decision is not in its logs; it has sent it on"))
        if commands:
            found.append((State.PASSED, f"processed as mail to -{', -'.join(sorted(commands))}; that is not posted"))
        lines: list[str] = [text for each in (*said.failures, *said.shunted) for text in with_traceback(each)]
        lines = [log_line(each.line) for each in said.verdicts] + lines
        ats = [each.line.at for each in said.verdicts if each.line.at] + [each.at for each in said.shunted if each.at]
        state = worst(*(state for state, _ in found))
        at = max(ats, default=before.at if state is State.PASSED else None)
        kept = [*shunted, *bad, *waiting]
        says = "; ".join(dict.fromkeys(text for _, text in sorted(found, key=lambda each: rank(each[0]))))
        return Hop(
            name="mailman",
            state=state,
            evidence=(shown(says), *lines),
            at=at,
            seconds=_between(before.at, at),
            queue_id=shown(str(kept[0].path)) if kept else None,
            halted=self._halted(waiting) and all(state is not State.PENDING for state, _ in found),
        )

    def outbound(self, before: Hop) -> Hop:
        said = self.said
        waiting = [file for file in self.material.files if file.queue in SENDING]
        if said.sendings or waiting:
            recipients = sum(each.count for each in said.sendings)
            names = ", ".join(dict.fromkeys(each.mailing_list for each in said.sendings))
            parts = [self._where(file) for file in waiting]
            parts += [each.text for each in said.others if "SMTP server" in each.text][-1:] if waiting else []
            parts += [f"Mailman sent it for {names} to {recipients} recipient(s)"] if said.sendings else []
            lines = [*(each.line for each in said.sendings), *said.others]
            at = max((each.line.at for each in said.sendings if each.line.at), default=None)
            took = sum(each.seconds for each in said.sendings) if said.sendings else None
            state = worst(*(self._waits(file) for file in waiting))
            where = str(waiting[0].path) if waiting else None
            halts = self._halted(waiting)
            return hop_of("outbound", state, "; ".join(parts), lines, at, took, where, halted=halts)
        if self.copies.leaving:
            return hop_of("outbound", State.PASSED, "Postfix has it from Mailman", at=self.copies.leaving[0].at)
        posted = [each for each in said.verdicts if each.kind in {"accepted", "approved", "owner"}]
        if not posted or before.state is not State.PASSED:
            away = "it is not to be sent on" if before.state is State.PASSED else "it did not come here"
            return hop_of("outbound", State.NOT_REACHED, away)
        since = posted[-1].line.at
        if self.material.age(since) < GRACE:
            return hop_of("outbound", State.PENDING, "between two of Mailman's queues")
        says = "Mailman accepted it and has not sent it; it is in none of its queues: has the list no member?"
        return hop_of("outbound", State.LOST, says)

    def postfix_out(self, before: Hop) -> Hop:
        said = self.said
        refused = tuple(self.stragglers.refused())
        if not self.copies.leaving and not refused:
            if before.state is not State.PASSED or not any(each.count for each in said.sendings):
                return hop_of("postfix-out", State.NOT_REACHED, "it did not come here")
            if self.material.age(before.at) < GRACE:
                return hop_of("postfix-out", State.PENDING, "Mailman has just sent it")
            return hop_of("postfix-out", State.LOST, "Mailman says that it sent it, and Postfix has not logged it")
        accepted = sum(self.copies.recipients_of(leg) for leg in self.copies.leaving)
        count = Recipients(accepted + len(refused), refused)
        ids = ", ".join(leg.queue_id for leg in self.copies.leaving[:SHOWN])
        more = f" and {len(self.copies.leaving) - SHOWN} more" if len(self.copies.leaving) > SHOWN else ""
        says = why(refused) or "Postfix took it from Mailman"
        says += f"; {accepted} recipient(s), queue id {ids}{more}" if self.copies.leaving else ""
        lines: list[postfix_log.LogLine | mailman_log.LogLine] = [each.line for each in said.refusals]
        lines += [leg.accepted for leg in self.copies.leaving][: SHOWN - min(len(lines), SHOWN // 2)]
        at = max((leg.accepted.at for leg in self.copies.leaving), default=None)
        took = max((leg.took for leg in self.copies.leaving), default=None)
        where = self.copies.leaving[0].queue_id if self.copies.leaving else None
        return hop_of("postfix-out", worst(*(each.state for each in refused)), says, lines, at, took, where, count)

    def mailbox(self, before: Hop) -> Hop:
        del before
        stragglers = [self.stragglers.of(stay) for stay in self.copies.to_boxes if not stay.is_sent]
        stragglers += [*self.stragglers.refused(), *self.stragglers.untold(), *self.stragglers.missing()]
        sent = [stay.delivery for stay in self.copies.to_boxes if stay.delivery and stay.delivery.sent]
        expected = len(stragglers) + len(sent) - len(self.stragglers.missing())
        if not expected:
            return hop_of("mailbox", State.NOT_REACHED, "it did not come here")
        count = Recipients(expected, tuple(stragglers))
        bad = [stay.delivery.line for stay in self.copies.to_boxes if stay.delivery and not stay.delivery.sent]
        looked = self.material.mailboxes
        says = why(stragglers) or "it reached every recipient"
        says = f"{count.reached} of {expected} reached; {says}" if stragglers else f"{says} ({expected})"
        says += f"; it is in {sum(looked.values())} of {len(looked)} mailboxes looked into" if looked else ""
        away = sum(1 for each in sent if each.relay not in {"local", "virtual"})
        says += f"; {away} left this server" if away else ""
        lines = [*(each.line for each in sent)][-(SHOWN - min(len(bad), SHOWN - 1)) :]
        state = worst(*(each.state for each in stragglers))
        at = max((each.line.at for each in sent), default=None)
        took = max((each.delay or 0.0 for each in sent), default=None)
        where = next((stay.leg.queue_id for stay in self.copies.to_boxes if not stay.is_sent), None)
        where = where or next((stay.leg.queue_id for stay in self.copies.to_boxes), None)
        return hop_of("mailbox", state, says, [*lines, *bad], at, took, where, count, halted=halted(stragglers))

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
        self, taken: Sequence[Stay], waiting: Sequence[QueueFile], shunted: Sequence[QueueFile], since: datetime | None
    ) -> Iterator[tuple[State, str]]:
        """Say of how many posts that Mailman took nothing is seen any more."""
        posts = {stay.address for stay in taken if self.material.addresses.command(stay.address) is None}
        first = [each for each in self.said.verdicts if each.kind != "approved"]
        # A file that was shunted on the way out had its verdict before.
        early = 0 if first else len(shunted)
        left = len(posts) - len(first) - len(waiting) - early
        sent = self.said.sendings or self.copies.leaving or any(file.queue in SENDING for file in self.material.files)
        if left <= 0 or sent:
            return
        if self.material.age(since) < GRACE:
            yield State.PENDING, "Mailman has just taken it"
        else:
            yield State.LOST, f"Mailman took it, and {left} of it is in no queue and no log"

    def _waits(self, file: QueueFile) -> State:
        late = self.material.age(file.queued) > PATIENCE or file.queue == "retry"
        return State.STUCK if late or self._idle(file.queue) else State.PENDING

    def _where(self, file: QueueFile) -> str:
        idle = self._idle(file.queue)
        return f"waits in Mailman's queue {file.queue}: {file.path}" + (f"; {idle}" if idle else "")

    def _halted(self, waiting: Sequence[QueueFile]) -> bool:
        return bool(waiting) and all(self._idle(file.queue) for file in waiting)

    def _idle(self, queue: str) -> str:
        """Say who of those who must move what is in a queue of Mailman's does not work; nothing if all do."""
        if self.material.runners is not None and queue not in self.material.runners:
            return f"Mailman's {queue} runner does not work"
        return POSTFIX_STOPPED if queue in SENDING and self.material.delivers is False else ""

    def _untold(self) -> Hop:
        """Say that it came in and that nobody has tried to deliver it."""
        leg = self.copies.untried()[0]
        stopped = self.material.delivers is False
        late = stopped or self.material.age(leg.at) > PATIENCE
        says = "Postfix has not tried to deliver it yet" + (f"; {POSTFIX_STOPPED}" if stopped else "")
        state = State.STUCK if late else State.PENDING
        return hop_of("lmtp", state, says, leg.lines[-1:], queue_id=leg.queue_id, halted=stopped)


def _because(why: str) -> str:
    return f": {why}" if why else ""


def _between(before: datetime | None, after: datetime | None) -> float | None:
    return max((after - before).total_seconds(), 0.0) if before and after else None
