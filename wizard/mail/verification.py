"""Postfix's report on where it would deliver to, as ``sendmail -bv`` has it mailed (RFC 3464); no mail is delivered."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message

REPORT, NOTE = "message/delivery-status", "text/plain"
_LINE = re.compile(r"<(?P<final>[^>]+)>(?: \(expanded from <[^>]+>\))?: (?P<said>.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Verified:
    """What became of one recipient."""

    asked: str
    """As it was asked for."""
    final: str
    """What Postfix made of it."""
    deliverable: bool
    said: str
    """Which way, and what was answered there: ``delivery via 127.0.0.1[127.0.0.1]:8024: 250 Ok``."""

    def __str__(self) -> str:
        """Say it in one line."""
        became = "" if self.final == self.asked else f" became {self.final}"
        return f"{self.asked}{became}: {self.said}"


def read(raw: bytes) -> tuple[Verified, ...]:
    """Read a report: one entry for each address that mail would be delivered to; none from any other message."""
    message = message_from_bytes(raw)
    said = dict(_said(message))
    return tuple(
        Verified(
            asked=_address(each["Original-Recipient"] or each["Final-Recipient"]),
            final=_address(each["Final-Recipient"]),
            deliverable=str(each["Action"]) == "deliverable",
            said=said.get(_address(each["Final-Recipient"]), str(each["Diagnostic-Code"])),
        )
        for each in _entries(message)
    )


def _entries(message: Message) -> Iterator[Message]:
    for part in message.walk():
        if part.get_content_type() == REPORT:
            blocks = part.get_payload()
            yield from (each for each in blocks if isinstance(each, Message) and each["Final-Recipient"])


def _said(message: Message) -> Iterator[tuple[str, str]]:
    """Give what the part that people read says of each address: the port is only there."""
    for part in message.walk():
        text = part.get_payload(decode=True) if part.get_content_type() == NOTE else None
        for paragraph in text.decode("utf-8", "replace").split("\n\n") if isinstance(text, bytes) else ():
            match = _LINE.fullmatch(" ".join(paragraph.split()))
            if match:
                yield match["final"], match["said"]


def _address(field: str) -> str:
    return str(field).partition(";")[2].strip()
