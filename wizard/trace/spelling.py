"""A message-id as headers have it, and with them the logs: in its brackets, or without, as many scripts write it."""

from __future__ import annotations

import re


def both(message_id: str) -> tuple[str, str]:
    """Return both spellings of a message-id that has its brackets."""
    return message_id, message_id[1:-1]


def named(text: str, message_id: str) -> bool:
    """Whether a line of Mailman's logs is about a message.

    Without brackets an id may be somebody's address or a part of another id, so that it counts only where Mailman
    writes ids: at the beginning, after a verdict, and after ``message-id``.
    """
    whole, bare = both(message_id)
    if whole in text or bare not in text:
        return whole in text
    return re.search(rf"(?:^|message-id[=:] ?|^[A-Z]+: ){re.escape(bare)}(?=$|[\s;:])", text) is not None


def heads(data: bytes, message_id: str) -> bool:
    """Whether the bytes after a Message-ID header's name begin with this value, in a mail or in a pickle."""
    whole, bare = (each.encode("utf-8", "surrogateescape") for each in both(message_id))
    if whole in data[: len(whole) + _NEAR]:
        return True
    # Without brackets nothing but its length tells an id from the end of another one.
    pickled = (
        b"\x8c" + bytes([len(bare)]) + bare if len(bare) <= _SHORT else b"X" + len(bare).to_bytes(4, "little") + bare
    )
    return (
        pickled in data[: len(pickled) + _NEAR]
        or re.match(rb":\s*" + re.escape(bare) + rb"(?:\s|\Z)", data) is not None
    )


_NEAR = 14
"""Bytes between a header's name and its value: a pickle's marks and lengths, or a colon and a fold."""
_SHORT = 255
"""The longest text whose length a pickle writes in one byte (SHORT_BINUNICODE of pickletools)."""
