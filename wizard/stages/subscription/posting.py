"""The settings of a list that keep its members' posts back; stage 4 posts already, so that it must be free to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wizard.mailman import lists
from wizard.mailman.lists import KEEPING
from wizard.plan import MailmanObject, Why
from wizard.site import Site

SMALLEST, USUAL = 10, 40
"""Kilobytes: a limit below the first keeps ordinary mail back; the second is Mailman's default."""


def settings(site: Site, client: Any, stage: int) -> Iterator[MailmanObject]:
    """Plan what lets members' posts pass; `client` is mailmanclient's."""
    for each in lists.of_site(client, site):
        action, size = str(each.setting("default_member_action")), int(each.setting("max_message_size"))
        if each.setting("emergency"):
            yield _setting(stage, each.address, "emergency", "True", "False", "every post is held while it is on")
        if action in KEEPING:
            why = "what members post does not go out"
            yield _setting(stage, each.address, "default_member_action", action, "defer", why)
        if 0 < size < SMALLEST:
            why = "ordinary posts are bigger than that many kilobytes, and held"
            yield _setting(stage, each.address, "max_message_size", str(size), str(USUAL), why)


def _setting(stage: int, address: str, key: str, before: str, after: str, why: str) -> MailmanObject:
    return MailmanObject(stage, "setting", address, key, before=before, after=after, why=(Why(key, why),))
