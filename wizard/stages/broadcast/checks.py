"""What proves stage 5: posts to every subscriber, counted and compared byte for byte in the mailboxes."""

from __future__ import annotations

from collections.abc import Iterator
from email import message_from_bytes

from wizard.check import Check, CheckFailedError, Evidence
from wizard.mail import intact
from wizard.mail.message import Kind
from wizard.probes.accounts import Subscriber
from wizard.probes.bench import Posted
from wizard.probes.lists import ProbeList
from wizard.scene import Scene
from wizard.stages import membership, proof

KINDS = (Kind.TEXT, Kind.UTF8, Kind.BINARY)
HEADERS = ("List-Post", "List-Unsubscribe", "List-Id")


def delivery(scene: Scene) -> Evidence:
    """Each post reaches each subscriber."""
    return [said for each in scene.bench.lists for said in _deliver(scene, each)]


def _deliver(scene: Scene, mailing_list: ProbeList) -> Iterator[str]:
    people = scene.bench.subscribers
    membership.subscribe(mailing_list, people)
    sent = [Posted(mailing_list, kind, scene.bench.compose(kind, people[0], mailing_list.address)) for kind in KINDS]
    scene.bench.posts.extend(sent)
    for post in sent:
        proof.send(scene, post.message)
    for post in sent:
        wanted = proof.message_with(post.message)
        what = f"the post to {mailing_list.address} ({post.kind})"
        found = proof.arrived(scene, people, wanted, what=what, message=post.message)
        seconds = proof.slowest(found)
        yield f"{post.kind}: {len(people)} of {len(people)} mailboxes within {seconds:.1f} s"


def once(scene: Scene) -> Evidence:
    """When nothing is on its way any more, each subscriber has exactly one copy."""
    proof.none_left(scene)
    for post, person, copies in _copies(scene, scene.bench.subscribers):
        if len(copies) != 1:
            raise CheckFailedError(
                f"{person.address} has {len(copies)} copies of the post to {post.mailing_list.address} ({post.kind})"
            )
    people = len(scene.bench.subscribers)
    return (f"{len(scene.bench.posts)} posts, {people} subscribers: one copy each, and none on its way",)


def unchanged(scene: Scene) -> Evidence:
    """The sender's content is inside every copy, byte for byte."""
    count = 0
    for post, person, copies in _copies(scene, scene.bench.subscribers):
        for copy in copies:
            differences = intact.compare_post(post.message.raw, copy)
            if differences:
                raise CheckFailedError(
                    f"the copy of {person.address} ({post.kind}) was altered", *map(str, differences)
                )
            count += 1
    return (f"{count} copies compared with what was sent: text, UTF-8 and an attachment are unchanged",)


def headers(scene: Scene) -> Evidence:
    """Every copy says how to post and how to leave (RFC 2369)."""
    shown = ""
    for post, person, copies in _copies(scene, scene.bench.subscribers):
        for copy in copies:
            message = message_from_bytes(copy)
            missing = [name for name in HEADERS if message[name] is None]
            if missing:
                raise CheckFailedError(f"the copy of {person.address} ({post.kind}) lacks {', '.join(missing)}")
            shown = str(message["List-Post"])
    return (f"{', '.join(HEADERS)} in every copy, for instance List-Post: {shown}",)


def nobody_else(scene: Scene) -> Evidence:
    """Somebody who is not subscribed gets nothing."""
    proof.none_left(scene)
    for post, person, copies in _copies(scene, (scene.bench.outsider,)):
        if copies:
            raise CheckFailedError(f"{person.address} is not subscribed and got the post ({post.kind})")
    return (f"{scene.bench.outsider.address}, not subscribed, has none of {len(scene.bench.posts)} posts",)


def _copies(scene: Scene, people: tuple[Subscriber, ...]) -> Iterator[tuple[Posted, Subscriber, tuple[bytes, ...]]]:
    for person in people:
        raws = person.mailbox.messages()
        for post in scene.bench.posts:
            wanted = proof.message_with(post.message)
            yield post, person, tuple(raw for raw in raws if wanted(raw))


CHECKS: tuple[Check[Scene], ...] = (
    Check(
        id="broadcast.delivery",
        title="A post reaches each subscriber",
        proves="A plain text, a UTF-8 text and an attachment, posted by a subscriber, are in each subscriber's "
        "mailbox.",
        see=("tail /var/log/mailman3/smtp.log", "{mail_log}", "ls /var/lib/mailman3/queue/out"),
        look=delivery,
        limit=1300,
    ),
    Check(
        id="broadcast.once",
        title="Exactly one copy",
        proves="When nothing of it is on its way any more, each subscriber has one copy of each post.",
        see=("postqueue -p", "ls /var/lib/mailman3/queue/*"),
        look=once,
        needs=("broadcast.delivery",),
    ),
    Check(
        id="broadcast.intact",
        title="Content intact",
        proves="What the sender wrote is inside each copy, byte for byte.",
        see=("tail -n 60 /var/mail/USER",),
        look=unchanged,
        needs=("broadcast.delivery",),
    ),
    Check(
        id="broadcast.headers",
        title="The list's headers",
        proves="Each copy carries List-Post and List-Unsubscribe, which mail programs show as buttons.",
        see=("grep -i '^List-' /var/mail/USER",),
        look=headers,
        needs=("broadcast.delivery",),
    ),
    Check(
        id="broadcast.nobody-else",
        title="Nobody else gets it",
        proves="Somebody who is not subscribed has no copy.",
        see=("runuser -u list -- mailman members {list}",),
        look=nobody_else,
        needs=("broadcast.delivery",),
    ),
)
