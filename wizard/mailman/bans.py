"""Who is banned: those may neither join nor post."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from wizard.mailman import rest


def of(client: Any, mailing_list: Any) -> frozenset[str]:
    """Tell the bans of a list and those of the whole site; both arguments are mailmanclient's.

    Raises:
        RestError: REST did not answer.
    """
    with rest.said():
        return frozenset(str(each.email) for each in (*mailing_list.bans, *client.bans))


def fitting(people: Iterable[str], known: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Tell who is banned by what; what begins with ``^`` is a regular expression, as Mailman's IBanManager has it."""
    ordered = sorted(known)
    return tuple((person, ban) for person in people for ban in ordered if _fits(ban, person))


def _fits(ban: str, person: str) -> bool:
    if not ban.startswith("^"):
        return ban.lower() == person.lower()
    try:
        return re.match(ban, person, re.IGNORECASE) is not None
    except re.error:
        return False  # Mailman does not take such a pattern, so that it can stop nobody
