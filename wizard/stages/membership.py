"""Joining and leaving by mail, as a subscriber does it, and seeing it in the roster."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from wizard.check import CheckFailedError
from wizard.mail import confirmation
from wizard.mail.message import ProbeMessage
from wizard.mailman import rest
from wizard.probes import lists
from wizard.probes.accounts import Subscriber
from wizard.probes.lists import ProbeList
from wizard.scene import Scene
from wizard.stages import proof

CONFIRMED = frozenset({"confirm", "confirm_then_moderate"})
"""The policies by which nobody joins or leaves without answering a confirmation."""
MODERATED = frozenset({"moderate", "confirm_then_moderate"})
"""The policies by which the moderator has the last word."""


def join(scene: Scene, mailing_list: ProbeList, people: Sequence[Subscriber]) -> tuple[str, ...]:
    """Let people join by mail: command, confirmation, reply, roster.

    Raises:
        CheckFailedError: one of the steps was not seen at the limit, or somebody is in without having confirmed.
    """
    wanted = {person.address for person in people}
    request = Request(scene, mailing_list, people, "join", "subscription_policy")
    said = request.settle(lambda: wanted <= mailing_list.roster(), f"{', '.join(sorted(wanted))} must be in it")
    return (*said, f"in the roster of {mailing_list.address}: {', '.join(sorted(wanted))}")


def leave(scene: Scene, mailing_list: ProbeList, people: Sequence[Subscriber]) -> tuple[str, ...]:
    """Let people leave by mail; as `join`."""
    gone = {person.address for person in people}
    request = Request(scene, mailing_list, people, "leave", "unsubscription_policy")
    said = request.settle(lambda: not gone & mailing_list.roster(), f"{', '.join(sorted(gone))} must not be in it")
    return (*said, f"no longer in the roster of {mailing_list.address}: {', '.join(sorted(gone))}")


def ask(scene: Scene, mailing_list: ProbeList, person: Subscriber) -> bytes:
    """Ask to join, and return the confirmation mail that comes; an address that is new is always asked.

    Raises:
        CheckFailedError: it did not come within the limit.
    """
    message = scene.bench.command(person, mailing_list.sub("join"))
    proof.send(scene, message)
    wanted = confirmation.confirming(mailing_list.address, frozenset(scene.bench.cookies))
    what = f"the confirmation of join for {person.address}"
    found = proof.arrived(scene, [person], wanted, what=what, message=message).each[0].copies[-1]
    _learn(scene, mailing_list, found)
    return found


def subscribe(mailing_list: ProbeList, people: Sequence[Subscriber]) -> None:
    """Subscribe people through REST, where joining is not what is to be proven.

    Raises:
        RestError: REST refused.
    """
    lists.subscribe(mailing_list, [person.address for person in people])


def unsubscribe(mailing_list: ProbeList, people: Sequence[Subscriber]) -> None:
    """Take people off the list through REST; raises as `subscribe`."""
    present = mailing_list.roster()
    with rest.said():
        for person in people:
            if person.address in present:
                mailing_list.mailing_list.unsubscribe(person.address, pre_confirmed=True, pre_approved=True)


class Request:
    """One command of several people, and what Mailman makes of it, until the roster shows it.

    Who answers depends on the list's policy and on whether Mailman knows the address: a confirmation to be replied
    to, a request to be accepted by the moderator, both or neither. Each is answered when it is seen.
    """

    def __init__(
        self, scene: Scene, mailing_list: ProbeList, people: Sequence[Subscriber], command: str, policy: str
    ) -> None:
        self._scene = scene
        self._list = mailing_list
        self._people = people
        self._command = command
        self._policy = mailing_list.setting(policy)
        self._type = {"join": "subscription", "leave": "unsubscription"}[command]
        self._sent: dict[str, ProbeMessage] = {}
        self._confirmed: set[str] = set()
        self._moderated = 0

    def settle(self, done: Callable[[], bool], must: str) -> tuple[str, ...]:
        """Send the command for everybody, answer what comes, and wait until the roster is as it must be.

        Raises:
            CheckFailedError: it is not at the limit, or somebody got there without a confirmation.
        """
        for person in self._people:
            self._send(person, self._scene.bench.command(person, self._list.sub(self._command)))
        self._scene.waits(f"{self._command} by {len(self._people)}")

        def look() -> bool | None:
            self._reply()
            if self._policy in MODERATED:
                self._approve()
            return True if done() else None

        watched = [path for person in self._people for path in person.mailbox.watched]
        proof.patiently(self._scene, look, lambda: self._missing(must), watched, self._sent.values)
        unasked = [person.address for person in self._people if person.address not in self._confirmed]
        if self._policy in CONFIRMED and unasked:
            raise CheckFailedError(f"{self._command} took effect without a confirmation: {', '.join(unasked)}")
        return self._said()

    def _send(self, person: Subscriber, message: ProbeMessage) -> None:
        proof.send(self._scene, message)
        self._sent[person.address] = message

    def _reply(self) -> None:
        wanted = confirmation.confirming(self._list.address, frozenset(self._scene.bench.cookies))
        for person in self._people:
            for asked in (person.mailbox.messages_now() or ()) if person.address not in self._confirmed else ():
                if wanted(asked):
                    self._confirmed.add(person.address)
                    _learn(self._scene, self._list, asked)
                    self._send(person, _answered(self._scene, self._list, person, asked))

    def _approve(self) -> None:
        """Accept what waits for the moderator, as the moderator would."""
        wanted = {person.address for person in self._people}
        for token in self._list.waiting(self._type, wanted):
            self._scene.redactor.learn(token)
            self._list.accept(token)
            self._moderated += 1

    def _missing(self, must: str) -> tuple[str, ...]:
        present = ", ".join(sorted(self._list.roster())) or "nobody"
        said = [f"the roster of {self._list.address} has {present}; {must} (limit {self._scene.limit:g} s)"]
        silent = [person.address for person in self._people if person.address not in self._confirmed]
        if silent:
            said.append(f"no confirmation reached {', '.join(silent)}")
        latest = self._sent[(silent or [self._people[0].address])[0]]
        return (*said, *proof.last_seen(self._scene, latest))

    def _said(self) -> tuple[str, ...]:
        counted = [f"{len(self._people)} mail(s) to {self._list.sub(self._command)}"]
        if self._confirmed:
            counted.append(f"{len(self._confirmed)} confirmation(s) arrived and were answered")
        if self._moderated:
            counted.append(f"{self._moderated} request(s) accepted for the moderator")
        return tuple(counted)


def _learn(scene: Scene, mailing_list: ProbeList, asked: bytes) -> None:
    """Remember a confirmation's token: as a secret, and as one that was seen."""
    cookie = confirmation.confirmation_token(asked, mailing_list.address)
    assert cookie is not None
    scene.redactor.learn(cookie)
    scene.bench.cookies.add(cookie)


def _answered(scene: Scene, mailing_list: ProbeList, person: Subscriber, asked: bytes) -> ProbeMessage:
    return confirmation.reply(
        asked,
        posting=mailing_list.address,
        token=scene.bench.token,
        number=scene.bench.next_number(),
        sender=person.address,
        date=scene.host.now(),
    )
