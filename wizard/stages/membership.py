"""Joining and leaving by mail, as a subscriber does it, and seeing it in the roster."""

from __future__ import annotations

from collections.abc import Sequence

from wizard.mail import confirmation
from wizard.mail.message import ProbeMessage
from wizard.mailman import rest
from wizard.probes.accounts import Subscriber
from wizard.probes.lists import ProbeList
from wizard.scene import Scene
from wizard.stages import proof

CONFIRMED = frozenset({"confirm", "confirm_then_moderate"})
MODERATED = frozenset({"moderate", "confirm_then_moderate"})


def join(scene: Scene, mailing_list: ProbeList, people: Sequence[Subscriber]) -> tuple[str, ...]:
    """Let people join by mail: command, confirmation, reply, roster.

    Raises:
        CheckFailedError: one of the steps was not seen at the limit.
    """
    policy = mailing_list.setting("subscription_policy")
    said = _request(scene, mailing_list, people, "join", policy)
    wanted = {person.address for person in people}

    def subscribed() -> bool | None:
        return True if wanted <= mailing_list.roster() else None

    proof.waited(scene, subscribed, lambda: _roster(mailing_list, "must be in it", wanted))
    return (*said, f"in the roster of {mailing_list.address}: {', '.join(sorted(wanted))}")


def leave(scene: Scene, mailing_list: ProbeList, people: Sequence[Subscriber]) -> tuple[str, ...]:
    """Let people leave by mail; as `join`."""
    policy = mailing_list.setting("unsubscription_policy")
    said = _request(scene, mailing_list, people, "leave", policy)
    gone = {person.address for person in people}

    def unsubscribed() -> bool | None:
        return None if gone & mailing_list.roster() else True

    proof.waited(scene, unsubscribed, lambda: _roster(mailing_list, "must not be in it", gone))
    return (*said, f"no longer in the roster of {mailing_list.address}: {', '.join(sorted(gone))}")


def ask(scene: Scene, mailing_list: ProbeList, person: Subscriber, command: str) -> tuple[ProbeMessage, bytes]:
    """Send a command and return it with the confirmation mail that it brought."""
    message = scene.bench.command(person, mailing_list.sub(command))
    proof.send(scene, message)
    return message, _confirmations(scene, mailing_list, {message: person}, command)[message]


def subscribe(mailing_list: ProbeList, people: Sequence[Subscriber]) -> None:
    """Subscribe people through REST, where joining is not what is to be proven.

    Raises:
        RestError: REST refused.
    """
    present = mailing_list.roster()
    with rest.said():
        for person in people:
            if person.address not in present:
                mailing_list.mailing_list.subscribe(
                    person.address,
                    pre_verified=True,
                    pre_confirmed=True,
                    pre_approved=True,
                    send_welcome_message=False,
                )


def unsubscribe(mailing_list: ProbeList, people: Sequence[Subscriber]) -> None:
    """Take people off the list through REST; raises as `subscribe`."""
    present = mailing_list.roster()
    with rest.said():
        for person in people:
            if person.address in present:
                mailing_list.mailing_list.unsubscribe(person.address, pre_confirmed=True, pre_approved=True)


def _request(
    scene: Scene, mailing_list: ProbeList, people: Sequence[Subscriber], command: str, policy: str
) -> tuple[str, ...]:
    sent = {scene.bench.command(person, mailing_list.sub(command)): person for person in people}
    for message in sent:
        proof.send(scene, message)
    said = [f"{len(sent)} mail(s) to {mailing_list.sub(command)}"]
    if policy in CONFIRMED:
        confirmations = _confirmations(scene, mailing_list, sent, command)
        for message, asked in confirmations.items():
            _reply(scene, mailing_list, sent[message], asked)
        said.append(f"{len(sent)} confirmation(s) arrived and were answered")
    if policy in MODERATED:
        _approve(scene, mailing_list, people)
        said.append(f"{len(sent)} request(s) accepted for the moderator")
    return tuple(said)


def _confirmations(
    scene: Scene, mailing_list: ProbeList, sent: dict[ProbeMessage, Subscriber], command: str
) -> dict[ProbeMessage, bytes]:
    """Wait until everybody has a confirmation mail that was not answered before."""
    wanted = confirmation.confirming(mailing_list.address, frozenset(scene.bench.cookies))
    found = {}
    for message, person in sent.items():
        arrivals = proof.arrived(
            scene,
            [person],
            wanted,
            what=f"the confirmation of {command} for {person.address}",
            message=message,
        )
        found[message] = arrivals.each[0].copies[-1]
    for raw in found.values():
        cookie = confirmation.confirmation_token(raw, mailing_list.address)
        assert cookie is not None
        scene.redactor.learn(cookie)
        scene.bench.cookies.add(cookie)
    return found


def _reply(scene: Scene, mailing_list: ProbeList, person: Subscriber, asked: bytes) -> None:
    proof.send(
        scene,
        confirmation.reply(
            asked,
            posting=mailing_list.address,
            token=scene.bench.token,
            number=scene.bench.next_number(),
            sender=person.address,
            date=scene.host.now(),
        ),
    )


def _approve(scene: Scene, mailing_list: ProbeList, people: Sequence[Subscriber]) -> None:
    """Accept the requests, as the moderator would."""
    wanted = {person.address for person in people}

    def pending() -> dict[str, str] | None:
        with rest.said():
            requests = mailing_list.mailing_list.get_requests(token_owner="moderator")  # noqa: S106 (a role)
        found = {str(each["email"]): str(each["token"]) for each in requests if each["email"] in wanted}
        return found if len(found) == len(wanted) else None

    tokens = proof.waited(scene, pending, lambda: "not every request came to the moderator")
    scene.redactor.learn(*tokens.values())
    with rest.said():
        for token in tokens.values():
            mailing_list.mailing_list.moderate_request(token, "accept")


def _roster(mailing_list: ProbeList, must: str, people: set[str]) -> str:
    present = ", ".join(sorted(mailing_list.roster())) or "nobody"
    return f"the roster of {mailing_list.address} has {present}; {', '.join(sorted(people))} {must}"
