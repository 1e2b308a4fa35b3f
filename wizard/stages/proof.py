"""What the stages' checks have in common: sending, waiting for arrival, and saying what was seen last."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from wizard import wait
from wizard.check import CheckFailedError
from wizard.mail import conversation
from wizard.mail.arrivals import Arrivals, arrivals
from wizard.mail.dialogue import LIMIT, ConversationError, Endpoint, Reply
from wizard.mail.mailbox import Wanted, copy_of
from wizard.mail.message import ProbeMessage
from wizard.mailman.rest import RestError
from wizard.probes.accounts import Subscriber
from wizard.scene import Scene
from wizard.stages.vain import InVainError, Messages, Vain
from wizard.trace import journey

LOOPBACK = "127.0.0.1"
T = TypeVar("T")


def smtp(scene: Scene) -> Endpoint:
    """Where Postfix takes mail on this machine."""
    return Endpoint(LOOPBACK, scene.site.smtp_port)


def talk_limit(scene: Scene) -> float:
    """Seconds that one conversation may take: no longer than a message's whole way."""
    return min(LIMIT, scene.limit)


def send(scene: Scene, message: ProbeMessage) -> Reply:
    """Give one message to Postfix by SMTP.

    Raises:
        CheckFailedError: Postfix did not take it.
    """
    try:
        reply = conversation.submit(
            smtp(scene), message.sender, [message.recipient], message.raw, limit=talk_limit(scene)
        )
    except ConversationError as error:
        raise CheckFailedError(f"Postfix did not take the message: {error}") from error
    scene.passages.sent(message)
    return reply


def refused(scene: Scene, recipient: str, code: int) -> str:
    """Prove that a recipient is refused at RCPT with a code; return the evidence.

    Raises:
        CheckFailedError: it was accepted, or refused otherwise.
    """
    reply = rcpt(scene, smtp(scene), recipient)
    if reply.code != code:
        raise CheckFailedError(f"RCPT TO:<{recipient}> must be answered {code}; the answer was: {reply}")
    return f"RCPT TO:<{recipient}> → {reply}"


def rcpt(scene: Scene, server: Endpoint, recipient: str, *, source: str | None = None, lmtp: bool = False) -> Reply:
    """Ask a server about a recipient; no mail is sent.

    Raises:
        CheckFailedError: the conversation did not get to the answer.
    """
    sender = scene.bench.outsider.address
    try:
        return conversation.rcpt(server, sender, recipient, source_address=source, lmtp=lmtp, limit=talk_limit(scene))
    except ConversationError as error:
        raise CheckFailedError(f"no answer to RCPT TO:<{recipient}>: {error}") from error


def arrived(
    scene: Scene,
    people: Sequence[Subscriber],
    wanted: Wanted,
    *,
    what: str,
    message: ProbeMessage,
    want: int = 1,
) -> Arrivals:
    """Wait until each of the people has the message.

    Args:
        scene: where.
        people: who must have it.
        wanted: recognises it in a mailbox.
        what: what it is called in words.
        message: what was sent, to say how far it came.
        want: how many copies.

    Raises:
        CheckFailedError: somebody does not have it at the limit; says who, and which hop was seen last.
    """
    scene.waits(f"{what} in {len(people)} mailbox(es)")
    mailboxes = [person.mailbox for person in people]

    def tell(number: int, seconds: float) -> None:
        address = people[number].address
        scene.emit("probe.arrived", message_id=message.message_id, address=address, seconds=seconds, of=len(people))

    try:
        found = arrivals(
            mailboxes, wanted, limit=scene.limit, want=want, meanwhile=Vain(scene, lambda: (message,)), arrived=tell
        )
    except InVainError as vain:
        said = f"{what} did not come to {len(people)} mailbox(es)"
        raise _given_up(vain, said, *last_seen(scene, message)) from None
    scene.passages.look(now=True)
    if not found.complete:
        missing = [person.address for person in people if person.mailbox in found.missing]
        raise CheckFailedError(
            f"{what} did not reach {', '.join(missing)} within {scene.limit:g} s", *last_seen(scene, message)
        )
    return found


def _given_up(vain: InVainError, *evidence: str) -> CheckFailedError:
    said = f"waiting ended after {vain.seconds:.1f} s, in vain: {vain}"
    return CheckFailedError(*evidence[:1], said, *evidence[1:], diagnosis=vain.diagnosis)


def last_seen(scene: Scene, message: ProbeMessage) -> tuple[str, ...]:
    """Say how far a message came: the last hop seen, and the log lines of it."""
    return journey.last_seen(scene.host, scene.logs, message.message_id, scene.site)


def message_with(message: ProbeMessage) -> Wanted:
    """Recognise one message by its Message-ID."""
    return copy_of(message.message_id, message.recipient)


def seen(
    scene: Scene,
    look: Callable[[], T | None],
    *,
    what: str,
    message: ProbeMessage,
    paths: Iterable[Path] = (),
) -> T:
    """Wait for something that Mailman must show.

    Args:
        scene: where.
        look: gives it, or None while it is not there.
        what: what it is called in words.
        message: what was sent, to say how far it came.
        paths: files whose change is worth another look.

    Raises:
        CheckFailedError: it was not seen at the limit; says which hop was seen last.
    """
    scene.waits(what)
    return patiently(
        scene,
        look,
        lambda: (f"{what}: not seen (limit {scene.limit:g} s)", *last_seen(scene, message)),
        paths,
        lambda: (message,),
    )


def patiently(
    scene: Scene,
    look: Callable[[], T | None],
    failure: Callable[[], Sequence[str]],
    paths: Iterable[Path] = (),
    messages: Messages = tuple,
) -> T:
    """Wait for something that Mailman is asked about again and again, and that some messages bring about.

    Mailman answers 500 where what it lists is taken away under its hands (a request that is just being confirmed);
    such an answer is "not yet". One that lasts is told with the failure.

    Raises:
        CheckFailedError: it was not seen at the limit, with the evidence that `failure` gives then.
    """
    refused: list[str] = []
    vain = Vain(scene, messages)

    def tolerant() -> T | None:
        found = None
        try:
            found = look()
        except RestError as error:
            refused[:] = [str(error)]
        else:
            refused.clear()
        if found is None:
            try:
                vain()
            except InVainError as ended:
                # It may have come between the two looks: a message's end may be the very thing.
                with suppress(RestError):
                    found = look() if ended.diagnosis is None else None
                if found is None:
                    raise
        return found

    try:
        found = wait.until(tolerant, limit=scene.limit, paths=paths)
    except wait.LimitError:
        raise CheckFailedError(*failure(), *refused) from None
    except InVainError as error:
        raise _given_up(error, *failure(), *refused) from None
    scene.passages.look(now=True)
    return found


def answered(scene: Scene, ask: Callable[[], T], failure: Callable[[], str]) -> T:
    """Ask something that may take its time, and see meanwhile whether that is in vain.

    Raises:
        CheckFailedError: there was no answer at the limit, or a cause why there will be none.
        Exception: what `ask` raised.
    """
    answer: Future[T] = Future()

    def wait_for() -> None:
        try:
            answer.set_result(ask())
        except Exception as error:  # noqa: BLE001 (it is raised below, where the answer is taken)
            answer.set_exception(error)

    # What is asked has a limit of its own, so the thread ends too.
    threading.Thread(target=wait_for, daemon=True, name="asking").start()
    patiently(scene, lambda: answer.done() or None, lambda: (failure(),))
    return answer.result()


def waited(scene: Scene, look: Callable[[], T | None], what: Callable[[], str]) -> T:
    """Wait for something; at the limit, `what` says what was seen instead.

    Raises:
        CheckFailedError: it was not seen at the limit.
    """
    return patiently(scene, look, lambda: (f"{what()} (limit {scene.limit:g} s)",))


def none_left(scene: Scene) -> None:
    """Wait until no mail of the bench is on its way.

    Raises:
        CheckFailedError: some still is at the limit.
    """
    left = scene.bench.drained(scene.limit)
    if left:
        raise CheckFailedError(f"{len(left)} message(s) still on their way: {', '.join(left)}")


def slowest(found: Arrivals) -> float:
    """Return the seconds until the last mailbox had it."""
    return max(arrival.seconds or 0.0 for arrival in found.each)
