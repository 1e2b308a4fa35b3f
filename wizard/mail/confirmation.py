"""Mailman's confirmation mails: finding the token in one, answering it, and keeping the token secret.

Whoever knows the token can join or leave in the subscriber's name, so it never goes to a log or a screen.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from datetime import datetime
from email import message_from_bytes
from email.utils import getaddresses

from wizard.mail.message import ProbeMessage, build, plain
from wizard.printable import printable
from wizard.redact import HIDDEN

_SECRET = re.compile(r"(-confirm(?:\+|%2b|=2b)|\bconfirm\s+(?=[0-9a-f]{40}\b))[^\s@<>=]+", re.IGNORECASE)
_IDENTITY = re.compile(r"<[!-;=?-~]+>")
_COOKIE = re.compile(r"[A-Za-z0-9_-]{8,128}")


def confirmation_token(raw: bytes, posting: str) -> str | None:
    """Find the token in a confirmation mail of one list: a secret.

    Mailman sends it from ``LIST-confirm+TOKEN@DOMAIN`` (its `verp_confirm_format`).

    Args:
        raw: the mail as it arrived.
        posting: the list's posting address, ``LIST@DOMAIN``.

    Returns:
        The token, or None if this is not a confirmation mail of that list.
    """
    name, _, domain = posting.partition("@")
    message = message_from_bytes(raw)
    headers = [str(value) for key in ("Reply-To", "From") for value in message.get_all(key, [])]
    for _, found in getaddresses(headers):
        local, _, at = found.rpartition("@")
        stem, _, cookie = local.partition("+")
        same = (stem.lower(), at.lower()) == (f"{name}-confirm".lower(), domain.lower())
        if same and _COOKIE.fullmatch(cookie):
            return cookie
    return None


def confirming(posting: str, known: Collection[str] = ()) -> Callable[[bytes], bool]:
    """Recognise a confirmation mail of a list, but for those whose tokens are known already."""

    def wanted(raw: bytes) -> bool:
        token = confirmation_token(raw, posting)
        return token is not None and token not in known

    return wanted


def reply(confirmation: bytes, *, posting: str, token: str, number: int, sender: str, date: datetime) -> ProbeMessage:
    """Answer a confirmation mail, as its reader's mail program would: any answer confirms.

    It goes to the confirm address of that list and to no other, whatever the mail says.

    Args:
        confirmation: the mail as it arrived.
        posting: the list's posting address, ``LIST@DOMAIN``.
        token: the probe's token, as in `wizard.mail.message.compose`; not the one to be confirmed.
        number: as in `wizard.mail.message.compose`.
        sender: who was asked, and now confirms.
        date: when it is sent, with a time zone.

    Raises:
        ValueError: not a confirmation mail of that list, or as `wizard.mail.message.compose`.
    """
    cookie = confirmation_token(confirmation, posting)
    if cookie is None:
        raise ValueError(f"not a confirmation mail of {posting}")
    return answer(confirmation, cookie, posting=posting, token=token, number=number, sender=sender, date=date)


def answer(
    confirmation: bytes,
    cookie: str,
    *,
    posting: str,
    token: str,
    number: int,
    sender: str,
    date: datetime,
) -> ProbeMessage:
    """Answer a confirmation mail with a given token, also one that Mailman never gave out.

    Raises:
        ValueError: as `wizard.mail.message.compose`.
    """
    name, _, domain = posting.partition("@")
    message = message_from_bytes(confirmation)
    # The subject goes into the probe's record, where no token may stand; Mailman does not read it.
    asked = printable(" ".join(str(message.get("Subject", "")).split())).replace(cookie, HIDDEN)
    identity = _IDENTITY.search(str(message.get("Message-ID", "")))
    return build(
        f"Re: {asked}",
        plain,
        token=token,
        number=number,
        sender=sender,
        recipient=f"{name}-confirm+{cookie}@{domain}",
        date=date,
        answers=identity[0] if identity else None,
    )


def without_tokens(text: str) -> str:
    """Hide the token of every confirm address and confirm command in a text; the rest stays."""
    return _SECRET.sub(rf"\1{HIDDEN}", text)
