"""What a domain, an address and a list may be called.

Each rule takes what the admin wrote and gives back its normal form, or raises `ValueError` whose message
says what it may be. All that is accepted is plain ASCII out of a small set of characters, so that it can
stand in a template, a command line, a map or a header as it is.
"""

from __future__ import annotations

import re

import email_validator
from email_validator import EmailNotValidError, validate_email

# A private server may well be called mail.local or lists.test: RFC 6761 keeps such names out of the
# public DNS, not out of Postfix. The library names this list as the place to say so.
email_validator.SPECIAL_USE_DOMAIN_NAMES.clear()

ADDRESS_LENGTH = 254
"""Octets of an address: a path of 256 less its angle brackets (RFC 5321, 4.5.3.1.3)."""
LOCAL_LENGTH = 64
"""Octets before the @ (RFC 5321, 4.5.3.1.1)."""
DOMAIN_LENGTH = ADDRESS_LENGTH - len("postmaster@")
"""Characters of a domain, which must have a postmaster (RFC 5321, 4.5.1); DNS would take 253."""

SUBADDRESSES = (
    "",
    "-bounces",
    "-confirm",
    "-join",
    "-leave",
    "-owner",
    "-request",
    "-subscribe",
    "-unsubscribe",
)
"""What follows a list's name in its nine addresses; the posting address is first (mailman.runners.lmtp)."""
LONGEST_SUBADDRESS = max(map(len, SUBADDRESSES))
LIST_NAME_LENGTH = LOCAL_LENGTH - LONGEST_SUBADDRESS
"""So that `NAME-unsubscribe` is still a legal local part."""

RESERVED = ("postmaster", "mailer-daemon", "double-bounce", "noreply", "root")
"""Not for lists: RFC 5321 (4.5.1) wants a person behind the first, Postfix uses the next two itself,
Mailman sends as the fourth, and the last is where a machine's own mail goes."""

_NOT_IN_DOMAIN = re.compile(r"[^A-Za-z0-9.-]")
_LOCAL_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_+=~-]*(?:\.[A-Za-z0-9_+=~-]+)*")
_LIST_NAME = re.compile(r"[a-z0-9](?:[a-z0-9_-]|\.(?!\.))*(?<=[a-z0-9])")


def domain(text: str) -> str:
    """Check a fully qualified domain name (RFC 1123, 2.1) and return it in lower case.

    Raises:
        ValueError: what it may be.
    """
    if not text:
        raise ValueError("a fully qualified name, such as mail.local.edu; it is empty")
    if len(text) > DOMAIN_LENGTH:
        raise ValueError(
            f"at most {DOMAIN_LENGTH} characters, so that postmaster@ fits (RFC 5321, 4.5.3.1.3); it has {len(text)}"
        )
    if not text.isascii():
        raise ValueError(f"a name in ASCII{_in_ascii(text)}: this server does not speak SMTPUTF8")
    if wrong := _NOT_IN_DOMAIN.search(text):
        raise ValueError(f"letters, digits, '-' and '.' only (RFC 1123, 2.1), so without {wrong[0]!r}")
    if text.endswith("."):
        raise ValueError(f"the name without the dot at its end, such as {text.rstrip('.') or 'local.edu'}")
    if "." not in text:
        raise ValueError("a fully qualified name, with at least one dot, such as mail.local.edu")
    if text.rpartition(".")[2].isdigit():
        raise ValueError("a name and not an IP address, such as mail.local.edu")
    if not _valid(f"postmaster@{text}"):
        raise ValueError(
            "labels of 1 to 63 letters, digits and inner dashes (RFC 1123, 2.1), "
            "and those that start with xn-- in IDNA's form (RFC 5890)"
        )
    return text.lower()


def address(text: str) -> str:
    """Check a mail address (RFC 5321, 4.1.2, less its quoted forms) and return it, the domain in lower case.

    Raises:
        ValueError: what it may be.
    """
    local, at, host = text.partition("@")
    if not at or not host:
        raise ValueError("an address with its domain, such as alice@local.edu")
    if len(local) > LOCAL_LENGTH:
        raise ValueError(f"at most {LOCAL_LENGTH} characters before the @ (RFC 5321, 4.5.3.1.1)")
    if not _LOCAL_PART.fullmatch(local):
        raise ValueError(
            "before the @ letters, digits and '_', and after the first of them also single '.', "
            "'+', '-', '=', '~', such as alice@local.edu"
        )
    try:
        found = f"{local}@{domain(host)}"
    except ValueError as error:
        raise ValueError(f"after the @ {error}") from None
    if len(found) > ADDRESS_LENGTH or not _valid(found):
        raise ValueError(f"an address of at most {ADDRESS_LENGTH} characters (RFC 5321, 4.5.3.1.3)")
    return found


def list_name(text: str) -> str:
    """Check the name of a list, the local part of its posting address.

    Mailman takes `[-_.0-9a-z]` (schema.cfg, listname_chars) and reads what follows the last dash of a local
    part as one of its own subaddresses, so that a list called `staff-owner` could never be posted to.

    Raises:
        ValueError: what it may be.
    """
    if len(text) > LIST_NAME_LENGTH:
        raise ValueError(
            f"at most {LIST_NAME_LENGTH} characters, so that NAME{SUBADDRESSES[-1]} has "
            f"at most {LOCAL_LENGTH} (RFC 5321, 4.5.3.1.1)"
        )
    if not _LIST_NAME.fullmatch(text):
        raise ValueError("lower case letters, digits and inner '-', '_' and single '.', such as reading-group")
    if text in RESERVED:
        raise ValueError(f"a name other than {', '.join(RESERVED)}, which mail systems use themselves")
    if taken := next((suffix for suffix in SUBADDRESSES[1:] if text.endswith(suffix)), None):
        raise ValueError(f"a name that does not end in {taken}, which Mailman takes for another list's address")
    return text


def _valid(text: str) -> bool:
    try:
        validate_email(text, check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError:
        return False
    return True


def _in_ascii(text: str) -> str:
    try:
        found = validate_email(f"x@{text}", check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError:
        return ""
    return f", {found.ascii_domain}"
