"""The probe mails: what is sent to prove that mail flows, as RFC 5322 octets."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from enum import StrEnum

TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{5,39}")
"""What a token may be: unique in a run, safe in a Message-ID, a Subject and a search through raw mail."""

OPENING = "Probe of the mail system, sent by mailman-wizard. It needs no answer."
"""The first line of every body. Mailman takes a body that opens with a command word (help, join, ...) for a
misdirected command and holds it."""

_POLICY = policy.SMTP.clone(max_line_length=400)
"""Long enough for a Message-ID of any domain: one that is folded is read back with a space before it."""

RANDOM_SIZE = 4096
"""Octets of noise in a binary probe, after one of each value."""


class Kind(StrEnum):
    """What a probe's body is made of."""

    TEXT = "text"
    """ASCII, 7bit."""
    FROM = "from"
    """The same with a line that opens as an mbox's separator does. Not for lists: Mailman writes ">" before it."""
    UTF8 = "utf8"
    """UTF-8 in 8bit with what mail software likes to damage, and an encoded-word Subject (RFC 2047)."""
    BINARY = "binary"
    """ASCII text and an attachment with every octet value, base64."""


@dataclass(frozen=True, slots=True)
class ProbeMessage:
    """One message, ready to be sent."""

    message_id: str
    """With its angle brackets, ``<token.N@domain>``."""
    subject: str
    sender: str
    """The address in From, to be given as the envelope sender too."""
    recipient: str = field(repr=False)
    """The one address in To. Not shown: in a reply to a confirmation it is a secret."""
    raw: bytes = field(repr=False)
    """The message as sent over SMTP: lines end in CRLF, nothing is dot-stuffed."""


def compose(kind: Kind, *, token: str, number: int, sender: str, recipient: str, date: datetime) -> ProbeMessage:
    """Compose a probe mail.

    Args:
        kind: what its body is made of.
        token: see `TOKEN`; stands in the Subject, the Message-ID and the body.
        number: tells apart the messages of one token.
        sender: address for From; its domain is also that of the Message-ID.
        recipient: address for To: a list or a user.
        date: when it is sent, with a time zone.

    Raises:
        ValueError: a token, number or address that cannot stand in a header.
    """
    body = {Kind.TEXT: plain, Kind.FROM: _from, Kind.UTF8: _utf8, Kind.BINARY: _binary}[kind]
    subject = f"Probe {token} {_SUBJECTS[kind]}"
    return build(subject, body, token=token, number=number, sender=sender, recipient=recipient, date=date)


def command(*, token: str, number: int, sender: str, recipient: str, date: datetime) -> ProbeMessage:
    """Compose a command mail: its recipient, ``LIST-join`` or ``LIST-leave``, is the command.

    It carries no ``Precedence``: Mailman drops commands that call themselves bulk.

    Raises:
        ValueError: as `compose`.
    """
    subject = f"Probe {token} command"
    return build(subject, plain, token=token, number=number, sender=sender, recipient=recipient, date=date)


def build(  # noqa: PLR0913 - a mail has these parts
    subject: str,
    fill: Callable[[EmailMessage, str], None],
    *,
    token: str,
    number: int,
    sender: str,
    recipient: str,
    date: datetime,
    answers: str | None = None,
) -> ProbeMessage:
    """Put a message together; `fill` gives it a body.

    Args:
        subject: one line.
        fill: called with the message and the token.
        token: as in `compose`.
        number: as in `compose`.
        sender: as in `compose`.
        recipient: as in `compose`.
        date: as in `compose`.
        answers: the Message-ID that this is an answer to, for In-Reply-To and References.

    Raises:
        ValueError: as `compose`.
    """
    if not TOKEN.fullmatch(token):
        raise ValueError(f"not a token: {token!r}")
    if number < 0 or date.tzinfo is None:
        raise ValueError("a probe has a number from 0 on and a date with a time zone")
    origin = address(sender)
    message_id = f"<{token}.{number}@{origin.domain}>"
    message = EmailMessage(policy=_POLICY)
    message["From"] = origin
    message["To"] = address(recipient)
    message["Subject"] = subject
    message["Date"] = date
    message["Message-ID"] = message_id
    if answers is not None:
        message["In-Reply-To"] = answers
        message["References"] = answers
    message["X-No-Archive"] = "yes"
    fill(message, token)
    return ProbeMessage(message_id, subject, sender, recipient, message.as_bytes())


def address(text: str) -> Address:
    """Read one bare address, ``local@domain``, of printable ASCII without spaces.

    Raises:
        ValueError: it is anything else: two addresses, a display name, a line end ...
    """
    if not text.isascii() or not text.isprintable() or set(text) & set(" <>"):
        raise ValueError(f"not one plain address: {text!r}")
    try:
        found = Address(addr_spec=text)
    except Exception as error:  # the parser of the standard library lets IndexError and others out
        raise ValueError(f"not one plain address: {text!r}") from error
    if not found.username or not found.domain or found.addr_spec != text:
        raise ValueError(f"not one plain address: {text!r}")
    return found


def plain(message: EmailMessage, token: str) -> None:
    """Give a message the plain body; a `fill` for `build`."""
    message.set_content(f"{OPENING}\n\nToken: {token}\n", charset="us-ascii", cte="7bit")


def _from(message: EmailMessage, token: str) -> None:
    lines = (OPENING, "", f"Token: {token}", "", "From here on nothing follows.")
    message.set_content("\n".join(lines) + "\n", charset="us-ascii", cte="7bit")


_SUBJECTS = {
    Kind.TEXT: "plain",
    Kind.FROM: "separator",
    # One word: where an encoded word is folded at a space, the standard library loses the space.
    Kind.UTF8: "Grüße·письмо·郵件",
    Kind.BINARY: "attachment",
}


def _utf8(message: EmailMessage, token: str) -> None:
    lines = (
        OPENING,
        "",
        f"Token: {token}",
        "Latin: äöü ß é ñ — €",
        "Cyrillic: письмо",
        "Greek: γράμμα",
        "Hebrew: שלום",
        "Han: 郵件",
        "beyond 16 bits: 📬",
        "",
        "What mail software likes to damage:",
        ".",
        "..two dots open this line",
        "spaces end this line   ",
        "\ta tab opens and ends this one\t",
        "=3D looks like quoted-printable",
        "é" * 449,
        "-- ",
        "the end",
    )
    message.set_content("\n".join(lines) + "\n", charset="utf-8", cte="8bit")


def _binary(message: EmailMessage, token: str) -> None:
    plain(message, token)
    # Noise that is the same for a token, so that a failure can be looked at again.
    noise = hashlib.shake_256(token.encode("ascii")).digest(RANDOM_SIZE)
    message.add_attachment(
        bytes(range(256)) + noise, maintype="application", subtype="octet-stream", filename="probe.bin"
    )
