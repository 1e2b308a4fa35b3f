"""The site's lists, as Mailman has them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from wizard.mailman import rest
from wizard.site import ListAnswers, Site

KEEPING = frozenset({"hold", "reject", "discard"})
"""The actions by which a member's post does not go out (Mailman's ``Action``)."""


@dataclass(frozen=True, slots=True)
class SiteList:
    """One list of the answers, and what Mailman has of it."""

    spec: ListAnswers
    address: str
    there: Any
    """mailmanclient's list."""

    def setting(self, key: str) -> Any:
        """Tell one of its settings.

        Raises:
            RestError: REST did not answer.
        """
        with rest.said():
            return self.there.settings[key]

    def asked(self) -> frozenset[str]:
        """Tell who has asked to join and not confirmed.

        Raises:
            RestError: REST did not answer.
        """
        with rest.said():
            found = self.there.get_requests(token_owner="subscriber")  # noqa: S106 (a role)
        return frozenset(str(each["email"]) for each in found)


def of_site(client: Any, site: Site) -> Iterator[SiteList]:
    """Give the lists of the answers that Mailman has; `client` is mailmanclient's.

    Raises:
        RestError: REST did not answer.
    """
    for spec in site.lists:
        address = site.list_address(spec)
        found = rest.find_list(client, address)
        if found is not None:
            yield SiteList(spec, address, found)
