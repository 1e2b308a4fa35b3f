"""Postfix's queue, as ``postqueue -j`` tells it; see postqueue(1)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from wizard.errors import CommandError
from wizard.host import Host
from wizard.printable import printable

_REASONS = ("delay_reason", "bounce_reason", "other_reason")
"""From 3.11 on, recipients whom Postfix has given up are listed until their sender is told; those have the others."""


@dataclass(frozen=True, slots=True)
class QueuedRecipient:
    """Somebody who has not got a queued message yet."""

    address: str
    delay_reason: str | None
    """Why not, in Postfix's words; None if it was not tried yet."""


@dataclass(frozen=True, slots=True)
class QueuedMessage:
    """One message in the queue; its texts are printable."""

    queue_name: str
    """maildrop, hold, incoming, active or deferred."""
    queue_id: str
    arrival_time: datetime
    """In UTC, to the second."""
    size: int
    """In bytes."""
    sender: str
    """``MAILER-DAEMON`` stands for the empty sender."""
    recipients: tuple[QueuedRecipient, ...]


def parse(text: str) -> tuple[QueuedMessage, ...]:
    """Parse JSON Lines; a line that is not a message is left out."""
    found = (parse_line(line) for line in text.split("\n"))
    return tuple(message for message in found if message)


def parse_line(line: str) -> QueuedMessage | None:
    """Parse one line, or None if it is not a message."""
    try:
        fields = json.loads(line, strict=False)
        return QueuedMessage(
            queue_name=_text(fields["queue_name"]),
            queue_id=_text(fields["queue_id"]),
            arrival_time=datetime.fromtimestamp(int(fields["arrival_time"]), UTC),
            size=int(fields["message_size"]),
            sender=_text(fields["sender"]),
            recipients=tuple(QueuedRecipient(_text(each["address"]), _reason(each)) for each in fields["recipients"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, OSError, RecursionError):
        return None


def read(host: Host) -> tuple[QueuedMessage, ...]:
    """List the queue.

    Raises:
        CommandError: the queue cannot be listed, or a line of the list cannot be understood (a message
            that is not seen must not make a queue look empty).
    """
    text = host.run(["postqueue", "-j"]).require().stdout
    messages = parse(text)
    lines = [line for line in text.split("\n") if line.strip()]
    if len(messages) != len(lines):
        raise CommandError(f"postqueue printed {len(lines)} lines, {len(messages)} of them readable")
    return messages


def _reason(recipient: Mapping[str, object]) -> str | None:
    return next((_text(recipient[name]) for name in _REASONS if name in recipient), None)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"not a text: {value!r}")
    return printable(value)
