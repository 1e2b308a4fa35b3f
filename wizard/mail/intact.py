"""Whether a mail arrived as it was sent, to the octet.

Two questions, for two ways of a mail. Straight to a mailbox nobody may touch it: the body must be the same
octets. Through a list, Mailman may re-encode a part for transfer, wrap the whole in a multipart and add a
footer, as a part or at the end of a text; what each part of the sender's *decodes to* must still be there.

In both, line ends count as one: SMTP carries CRLF, local(8) writes LF.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message

DESCRIBING = ("MIME-Version", "Content-Type", "Content-Transfer-Encoding")
"""The headers without which a body cannot be read as it was meant."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it was sent."""

    where: str
    """``body``, a header's name, or ``part N (type/subtype)`` with N from 1."""
    octet: int | None
    """Index of the first octet that differs, from 0, line ends counted as one; None: the whole is missing."""
    words: str

    def __str__(self) -> str:
        """Say it in one line."""
        return f"{self.where}: {self.words}"


@dataclass(frozen=True, slots=True)
class _Leaf:
    """A part with content of its own."""

    type: str
    charset: str | None
    content: bytes

    @property
    def is_text(self) -> bool:
        return self.type.startswith("text/")


def compare_direct(sent: bytes, received: bytes) -> tuple[Difference, ...]:
    """Compare a mail with what arrived of it without a list between.

    The body must be the same octets, and the headers that say how to read it the same text. Headers that
    servers add on the way do not count.

    Args:
        sent: as it went into SMTP, not dot-stuffed.
        received: as `wizard.mail.mailbox` gives it.

    Returns:
        What differs; empty if nothing does.
    """
    before, after = message_from_bytes(sent), message_from_bytes(received)
    headers = tuple(
        Difference(name, None, f"was {_value(before, name)!r}, is {_value(after, name)!r}")
        for name in DESCRIBING
        if _value(before, name) != _value(after, name)
    )
    wanted, found = _body(sent), _body(received)
    if wanted == found:
        return headers
    return (*headers, _unlike("body", wanted, found))


def compare_post(sent: bytes, received: bytes) -> tuple[Difference, ...]:
    """Compare a post with the copy of it that a list sent to a subscriber.

    Each part of the sender's must be there, in its order, with its type:

    - a text: whole lines of a text part of the copy, without a gap, alone or with other lines before or after
      (a footer); its charset the same, which only plain ASCII may change;
    - anything else: exactly the octets of a part of the copy.

    Args:
        sent: as it went into SMTP, not dot-stuffed.
        received: as `wizard.mail.mailbox` gives it.

    Returns:
        What differs; empty if nothing does.
    """
    rest = list(_leaves(received))
    differences: list[Difference] = []
    for number, wanted in enumerate(_leaves(sent), 1):
        where = f"part {number} ({wanted.type})"
        alike = [index for index, leaf in enumerate(rest) if leaf.type == wanted.type]
        if not alike:
            differences.append(Difference(where, None, "is missing"))
            continue
        index = next((index for index in alike if _holds(rest[index], wanted)), alike[0])
        differences.extend(_judge(where, wanted, rest[index]))
        del rest[: index + 1]
    return tuple(differences)


def _leaves(raw: bytes) -> Iterator[_Leaf]:
    for part in message_from_bytes(raw).walk():
        if part.is_multipart():
            continue
        payload = part.get_payload(decode=True)
        content = payload if isinstance(payload, bytes) else b""
        kind = part.get_content_type()
        if kind.startswith("text/"):
            content = _with_lf(content)
        yield _Leaf(kind, part.get_content_charset(), content)


def _holds(found: _Leaf, wanted: _Leaf) -> bool:
    if not wanted.is_text or not wanted.content:
        return wanted.is_text or found.content == wanted.content
    return b"\n" + _ended(wanted.content) in b"\n" + _ended(found.content)


def _judge(where: str, wanted: _Leaf, found: _Leaf) -> tuple[Difference, ...]:
    if not _holds(found, wanted):
        return (_unlike(where, wanted.content, found.content),)
    if found.charset != wanted.charset and not wanted.content.isascii():
        return (Difference(where, None, f"its charset was {wanted.charset}, is {found.charset}"),)
    return ()


def _unlike(where: str, wanted: bytes, found: bytes) -> Difference:
    shorter = min(len(wanted), len(found))
    octet = next((index for index in range(shorter) if wanted[index] != found[index]), shorter)
    if octet == len(found):
        words = f"ends after {octet} of {len(wanted)} octets"
    elif octet == len(wanted):
        words = f"goes on for {len(found) - octet} octets after its end at {octet}"
    else:
        words = f"octet {octet} of {len(wanted)} was 0x{wanted[octet]:02x}, is 0x{found[octet]:02x}"
    return Difference(where, octet, words)


def _body(raw: bytes) -> bytes:
    _, _, body = _with_lf(raw).partition(b"\n\n")
    # A message without a line end after its last line gets one from SMTP: that end counts for neither.
    return body.removesuffix(b"\n")


def _ended(lines: bytes) -> bytes:
    return lines if lines.endswith(b"\n") else lines + b"\n"


def _with_lf(raw: bytes) -> bytes:
    return raw.replace(b"\r\n", b"\n")


def _value(message: Message, name: str) -> str:
    return " ".join(str(message.get(name, "absent")).split())
