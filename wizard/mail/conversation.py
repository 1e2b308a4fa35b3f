"""Conversations with mail servers over SMTP (RFC 5321) and LMTP (RFC 2033), and mail by sendmail(1)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from wizard.host import Host
from wizard.mail.dialogue import LIMIT, ConversationError, Greeting, Reply, Server, dialogue
from wizard.mail.message import address

SENDMAIL = "/usr/sbin/sendmail"

TLS_FIRST = 530
"""What a server answers that wants STARTTLS first (RFC 3207), or AUTH (RFC 4954)."""
_BARE_LF = re.compile(rb"(?<!\r)\n")
_PATH = re.compile(r"[ -;=?-~]*")


def submit(
    server: Server,
    sender: str,
    recipients: Sequence[str],
    raw: bytes,
    *,
    source_address: str | None = None,
    limit: float = LIMIT,
) -> Reply:
    """Send a message by SMTP, octet by octet as it is; bare LFs become CRLF.

    Args:
        server: where to.
        sender: envelope sender; empty is the null sender.
        recipients: envelope recipients. If one is refused, nothing is sent.
        raw: the message, not dot-stuffed. BODY=8BITMIME (RFC 6152) is asked for if it has 8-bit octets.
        source_address: IP address of this machine to speak from.
        limit: seconds for the whole conversation.

    Returns:
        The server's answer to the message: it has taken it.

    Raises:
        ConversationError: it has not.
        ValueError: a sender or recipient that is not one plain address, or no recipient.
    """
    _require_plain(sender, recipients)
    message = _BARE_LF.sub(b"\r\n", raw)
    with dialogue(server, lmtp=False, source_address=source_address, limit=limit) as talk:
        extensions = talk.greet().extensions
        body = ""
        if not message.isascii():
            if "8bitmime" not in extensions:
                raise ConversationError("EHLO", None, "8BITMIME is not offered, and the message needs it")
            body = " BODY=8BITMIME"
        talk.require(f"MAIL FROM:<{sender}>{body}")
        for recipient in recipients:
            talk.require(f"RCPT TO:<{recipient}>")
        return talk.data(message)


def rcpt(
    server: Server,
    sender: str,
    recipient: str,
    *,
    source_address: str | None = None,
    lmtp: bool = False,
    limit: float = LIMIT,
) -> Reply:
    """Ask whether a server would take mail for a recipient, and leave without sending any.

    Args:
        server: whom to ask.
        sender: envelope sender; empty is the null sender.
        recipient: any form of address, also those that only try to get round a relay check.
        source_address: IP address of this machine to speak from.
        lmtp: speak LMTP.
        limit: seconds for the whole conversation.

    Returns:
        The answer to RCPT, whatever it is.

    Raises:
        ConversationError: it did not come to that answer.
        ValueError: a sender or recipient that cannot stand in a command.
    """
    return rcpts(server, sender, [recipient], source_address=source_address, lmtp=lmtp, limit=limit)[0]


def rcpts(
    server: Server,
    sender: str,
    recipients: Sequence[str],
    *,
    source_address: str | None = None,
    lmtp: bool = False,
    tls: bool = False,
    limit: float = LIMIT,
) -> tuple[Reply, ...]:
    """Ask about several recipients in one conversation; otherwise as `rcpt`.

    A server that wants STARTTLS first gets it.

    Args:
        server: whom to ask.
        sender: envelope sender.
        recipients: at least one.
        source_address: IP address of this machine to speak from.
        lmtp: speak LMTP.
        tls: speak TLS from the first octet.
        limit: seconds for the whole conversation.
    """
    for path in (sender, *recipients):
        if not _PATH.fullmatch(path):
            raise ValueError(f"cannot stand in an SMTP command: {path!r}")
    with dialogue(server, lmtp=lmtp, source_address=source_address, tls=tls, limit=limit) as talk:
        extensions = talk.greet().extensions
        begin = f"MAIL FROM:<{sender}>"
        begun = talk.say(begin)
        if begun.code == TLS_FIRST and "starttls" in extensions and not tls:
            talk.secure()
            talk.greet()
            begun = talk.say(begin)
        if not begun.accepted:
            raise ConversationError(begin, begun.code, begun.text)
        return tuple(talk.say(f"RCPT TO:<{recipient}>") for recipient in recipients)


def greet(server: Server, *, lmtp: bool = False, limit: float = LIMIT) -> Greeting:
    """See how a server introduces itself, and leave.

    Raises:
        ConversationError: it does not, or not within the limit (seconds).
    """
    with dialogue(server, lmtp=lmtp, source_address=None, limit=limit) as talk:
        return talk.greet()


def sendmail(host: Host, sender: str, recipients: Sequence[str], raw: bytes, *, limit: float = LIMIT) -> None:
    """Send a message the way programs on the machine itself do.

    Raises:
        CommandError: sendmail did not take it within the limit (seconds).
        ValueError: a sender or recipient that is not one plain address, or no recipient.
    """
    _require_plain(sender, recipients)
    text = raw.replace(b"\r\n", b"\n").decode("utf-8", "surrogateescape")
    host.run([SENDMAIL, "-i", "-f", sender, "--", *recipients], stdin=text, limit=limit).require()


def verify(host: Host, sender: str, recipients: Sequence[str], *, limit: float = LIMIT) -> None:
    """Ask Postfix to find out where it would deliver to; the report is mailed to the sender, and nothing to others.

    Raises:
        CommandError: sendmail did not take the question within the limit (seconds).
        ValueError: a sender or recipient that is not one plain address, or no recipient.
    """
    _require_plain(sender, recipients)
    host.run([SENDMAIL, "-bv", "-f", sender, "--", *recipients], limit=limit).require()


def _require_plain(sender: str, recipients: Sequence[str]) -> None:
    """Refuse what a server could take for another address, or for several."""
    if not recipients:
        raise ValueError("a message needs a recipient")
    for one in (*recipients, *([sender] if sender else [])):
        address(one)
