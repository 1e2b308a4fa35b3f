"""The settings of a list that keep its members' posts back; stage 4 posts already, so that it must be free to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wizard.mailman import rest
from wizard.plan import MailmanObject, Why
from wizard.site import Site

KEEPING = frozenset({"hold", "reject", "discard"})
"""The actions by which a member's post does not go out."""
SMALLEST, USUAL = 10, 40
"""Kilobytes: a limit below the first keeps ordinary mail back; the second is Mailman's default."""


def settings(site: Site, client: Any, stage: int) -> Iterator[MailmanObject]:
    """Plan what lets members' posts pass; `client` is mailmanclient's."""
    for spec in site.lists:
        address = site.list_address(spec)
        found = rest.find_list(client, address)
        if found is None:
            continue
        with rest.said():
            present = found.settings
            emergency, action = bool(present["emergency"]), str(present["default_member_action"])
            size = int(present["max_message_size"])
        if emergency:
            yield _setting(stage, address, "emergency", "True", "False", "every post is held while it is on")
        if action in KEEPING:
            yield _setting(
                stage, address, "default_member_action", action, "defer", "what members post does not go out"
            )
        if 0 < size < SMALLEST:
            why = "ordinary posts are bigger than that many kilobytes, and held"
            yield _setting(stage, address, "max_message_size", str(size), str(USUAL), why)


def _setting(stage: int, address: str, key: str, before: str, after: str, why: str) -> MailmanObject:
    return MailmanObject(stage, "setting", address, key, before=before, after=after, why=(Why(key, why),))
