"""How far a message came: entry → lmtp → mailman → outbound → postfix-out → mailbox.

Postfix logs the same Message-ID twice for a post: on its way into Mailman, and again on its way out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from wizard.errors import UnseenError
from wizard.facts import mailman_log, postfix_log
from wizard.host import Host
from wizard.logs import Logs
from wizard.site import Site

Name: TypeAlias = Literal["entry", "lmtp", "mailman", "outbound", "postfix-out", "mailbox"]
HOPS: tuple[Name, ...] = ("entry", "lmtp", "mailman", "outbound", "postfix-out", "mailbox")
SHOWN = 8
"""Log lines given as evidence, the newest."""


@dataclass(frozen=True, slots=True)
class Hop:
    """One hop that a message was seen to pass, with the line that shows it."""

    name: Name
    line: str


def last_seen(_host: Host, logs: Logs, message_id: str, site: Site) -> tuple[str, ...]:
    """Say which hop was the last one seen, and give the log lines about the message."""
    try:
        postfix = logs.postfix()
    except UnseenError as unseen:
        return (f"last hop seen: unknown ({unseen})",)
    mailman = logs.mailman()
    found = hops(postfix, mailman, message_id, lmtp=str(site.mailman.lmtp))
    lines = about(postfix, mailman, message_id)[-SHOWN:]
    if not found:
        return ("last hop seen: none; Postfix logged nothing of this message", *lines)
    return (f"last hop seen: {found[-1].name} ({found[-1].line})", *lines)


def hops(
    postfix: Sequence[postfix_log.LogLine],
    mailman: Iterable[mailman_log.LogLine],
    message_id: str,
    *,
    lmtp: str,
) -> tuple[Hop, ...]:
    """Tell the hops that a message was seen to pass, in their order.

    Args:
        postfix: lines of Postfix's log.
        mailman: lines of Mailman's logs.
        message_id: with its angle brackets.
        lmtp: host and port of Mailman's lmtp runner, ``127.0.0.1:8024``.
    """
    identity = message_id.strip("<>")
    queue_ids = _queue_ids(postfix, identity)
    found: list[Hop] = []
    for number, queue_id in enumerate(queue_ids):
        found += _of_queue_id(postfix, queue_id, lmtp, first=number == 0)
    for line in mailman:
        if f"<{identity}>" in line.text:
            outbound = line.file == "smtp.log"
            found.append(Hop("outbound" if outbound else "mailman", line.text))
    return tuple(sorted(found, key=lambda hop: HOPS.index(hop.name)))


def about(
    postfix: Sequence[postfix_log.LogLine], mailman: Iterable[mailman_log.LogLine], message_id: str
) -> tuple[str, ...]:
    """Collect the log lines about a message, Postfix's first."""
    identity = message_id.strip("<>")
    queue_ids = set(_queue_ids(postfix, identity))
    said = [f"{line.program}: {line.queue_id}: {line.text}" for line in postfix if line.queue_id in queue_ids]
    return (*said, *(f"{line.file}: {line.text}" for line in mailman if f"<{identity}>" in line.text))


def _queue_ids(postfix: Iterable[postfix_log.LogLine], identity: str) -> tuple[str, ...]:
    mark = f"message-id=<{identity}>"
    return tuple(dict.fromkeys(line.queue_id for line in postfix if line.queue_id and mark in line.text))


def _of_queue_id(postfix: Iterable[postfix_log.LogLine], queue_id: str, lmtp: str, *, first: bool) -> list[Hop]:
    port = lmtp.rpartition(":")[2]
    found: list[Hop] = []
    for line in postfix:
        if line.queue_id != queue_id:
            continue
        if "message-id=" in line.text:
            found.append(Hop("entry" if first else "postfix-out", line.text))
        elif "status=sent" in line.text and "relay=none" not in line.text:  # discard(8) sends to nobody
            to_mailman = f"]:{port}," in line.text
            found.append(Hop("lmtp" if to_mailman else "mailbox", line.text))
    return found
