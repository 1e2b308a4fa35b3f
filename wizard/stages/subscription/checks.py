"""What proves stage 4: a subscriber joins and leaves by mail, and a wrong token changes nothing."""

from __future__ import annotations

import secrets
from typing import Any

from wizard.check import Check, CheckFailedError, Evidence
from wizard.mail import confirmation
from wizard.mail.mailbox import holding
from wizard.mail.message import Kind
from wizard.mailman import bans, lists, rest
from wizard.mailman.lists import SiteList
from wizard.probes.lists import ProbeList
from wizard.scene import Scene
from wizard.stages import membership, proof


def policy(scene: Scene) -> Evidence:
    """Each list takes members as the answers say, by Mailman's own account, and bans nobody who is to join."""
    client, said = scene.client(), []
    people = [person.address for person in (*scene.bench.subscribers, scene.bench.outsider)]
    for each in _lists(scene, client):
        present, wanted = str(each.setting("subscription_policy")), each.spec.subscription_policy
        if present != wanted:
            raise CheckFailedError(f"{each.address}: subscription_policy is {present}, not {wanted}")
        banned = bans.fitting(people, bans.of(client, each.there))
        if banned:
            raise CheckFailedError(
                *(f"{each.address} bans {ban}: {person} can neither join nor post" for person, ban in banned)
            )
        said.append(f"{each.address}: subscription_policy is {present}; nobody who is to join is banned")
    return said


def _lists(scene: Scene, client: Any) -> tuple[SiteList, ...]:
    """Give the site's lists.

    Raises:
        CheckFailedError: Mailman lacks one.
    """
    found = tuple(lists.of_site(client, scene.site))
    missing = {scene.site.list_address(spec) for spec in scene.site.lists} - {each.address for each in found}
    if missing:
        raise CheckFailedError(f"Mailman has no list {', '.join(sorted(missing))}")
    return found


def pending(scene: Scene) -> Evidence:
    """Nobody whom the admin named has a request waiting that would swallow the next one."""
    said = []
    people = {person.address for person in scene.bench.subscribers}
    for each in _lists(scene, scene.client()):
        waiting = each.asked()
        swallowed = sorted(people & waiting)
        if swallowed:
            raise CheckFailedError(f"{each.address} has a pending request of {', '.join(swallowed)}")
        said.append(f"{each.address}: {len(waiting)} requests wait, none of {len(people)} subscribers")
    return said


def join(scene: Scene) -> Evidence:
    """Join by mail, seen in the roster."""
    first = scene.bench.subscribers[:1]
    return [said for each in scene.bench.lists for said in membership.join(scene, each, first)]


def wrong_token(scene: Scene) -> Evidence:
    """A reply with a token that Mailman never gave out makes nobody a member."""
    return [said for each in scene.bench.lists for said in _wrong(scene, each)]


def _wrong(scene: Scene, mailing_list: ProbeList) -> tuple[str, ...]:
    person = scene.bench.outsider
    asked = membership.ask(scene, mailing_list, person)
    right = confirmation.confirmation_token(asked, mailing_list.address)
    assert right is not None
    wrong = confirmation.answer(
        asked,
        secrets.token_hex(len(right) // 2),
        posting=mailing_list.address,
        token=scene.bench.token,
        number=scene.bench.next_number(),
        sender=person.address,
        date=scene.host.now(),
    )

    def answered() -> bool | None:
        if person.address in mailing_list.roster():
            raise CheckFailedError(f"{person.address} became a member of {mailing_list.address} by a wrong token")
        return True if person.mailbox.find(holding(wrong.message_id)) else None

    proof.send(scene, wrong)
    what = f"Mailman's answer to a wrong token for {person.address}"
    proof.seen(scene, answered, what=what, message=wrong, paths=person.mailbox.watched)
    answered()
    _discard(mailing_list, person.address)
    return (f"Mailman answered the wrong token, and {person.address} is not in the roster",)


def _discard(mailing_list: ProbeList, address: str) -> None:
    """Take the pending request back: while it stands, Mailman drops the next one silently."""
    with rest.said():
        for request in mailing_list.mailing_list.get_requests():
            if request["email"] == address:
                mailing_list.mailing_list.moderate_request(request["token"], "discard")


def leave(scene: Scene) -> Evidence:
    """Leave by mail, seen in the roster."""
    first = scene.bench.subscribers[:1]
    return [said for each in scene.bench.lists for said in membership.leave(scene, each, first)]


def silent(scene: Scene) -> Evidence:
    """After leaving, a post that reaches somebody else does not reach the leaver."""
    return [_silent(scene, each) for each in scene.bench.lists]


def _silent(scene: Scene, mailing_list: ProbeList) -> str:
    leaver, reader = scene.bench.subscribers[0], scene.bench.owner
    membership.subscribe(mailing_list, [reader])
    message = scene.bench.compose(Kind.TEXT, reader, mailing_list.address)
    proof.send(scene, message)
    wanted = proof.message_with(message)
    found = proof.arrived(scene, [reader], wanted, what=f"the post to {mailing_list.address}", message=message)
    proof.none_left(scene)
    if leaver.mailbox.find(wanted):
        raise CheckFailedError(f"{leaver.address} has left {mailing_list.address} and still got the post")
    seconds = proof.slowest(found)
    return f"a post reached {reader.address} after {seconds:.1f} s and not {leaver.address}, who has left"


CHECKS: tuple[Check[Scene], ...] = (
    Check(
        id="subscription.policy",
        title="What it takes to join",
        proves="Each list's subscription policy is the one of the answers, and neither the list nor the site bans "
        "those who are to join.",
        see=("mailman-wizard plan --stage 4",),
        look=policy,
    ),
    Check(
        id="subscription.pending",
        title="No request in the way",
        proves="Nobody who is to join has an older request waiting, which would swallow the new one.",
        see=("mailman-wizard plan --stage 4",),
        look=pending,
    ),
    Check(
        id="subscription.join",
        title="Join by mail",
        proves="A mail to LIST-join brings a confirmation, the reply to it makes a member, seen in the roster.",
        see=("runuser -u list -- mailman members {list}", "tail /var/log/mailman3/mailman.log"),
        look=join,
        limit=1300,
    ),
    Check(
        id="subscription.wrong-token",
        title="A wrong token changes nothing",
        proves="A reply with a token that Mailman never gave out is answered, and makes nobody a member.",
        see=("runuser -u list -- mailman members {list}",),
        look=wrong_token,
        limit=1300,
    ),
    Check(
        id="subscription.leave",
        title="Leave by mail",
        proves="A mail to LIST-leave brings a confirmation, and after the reply the member is gone.",
        see=("runuser -u list -- mailman members {list}",),
        look=leave,
        needs=("subscription.join",),
        limit=1300,
    ),
    Check(
        id="subscription.silence-after-leave",
        title="Nothing after leaving",
        proves="A later post reaches somebody who stayed, and not the one who left.",
        see=("runuser -u list -- mailman members {list}", "tail /var/log/mailman3/smtp.log"),
        look=silent,
        needs=("subscription.leave",),
        limit=700,
    ),
)
