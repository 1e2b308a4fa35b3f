"""Refusing what would cut other domains of this Postfix off from their mail."""

from __future__ import annotations

from wizard import packages
from wizard.errors import RefusedError
from wizard.facts import address_class, postconf
from wizard.facts.address_class import entries
from wizard.host import Host
from wizard.mailman.cfg import DOMAINS_MAP
from wizard.site import Site

PLACES = {
    "dedicated": ("relay_domains", "relay_recipient_maps"),
    "virtual": ("virtual_mailbox_domains", "virtual_mailbox_maps"),
}
"""By the site's domain_class: where its domain goes, and the recipients' maps of that address class."""


def require(site: Site, host: Host) -> None:
    """Refuse to give other domains a recipient map that knows none of their users.

    An empty recipient map accepts everybody (ADDRESS_CLASS_README); with Mailman's map in it, only lists.

    Raises:
        RefusedError: names the domains, and says what to do.
    """
    if site.mail.domain_class not in PLACES or packages.installed(host, ("postfix",))["postfix"] is None:
        return
    domains, recipients = PLACES[site.mail.domain_class]
    values = postconf.settings(host, names=(domains, recipients, "mydestination"))
    others = [each for each in entries(values[domains]) if not _ours(site, host, each, values["mydestination"])]
    if others and not entries(values[recipients]):
        raise RefusedError(
            f"{domains} holds {', '.join(others)}, and {recipients} is empty: with Mailman's map in it, all mail for "
            f"those would be refused. Give {recipients} a map of their recipients first (an entry '@DOMAIN OK' accepts "
            "all of a domain), then start again; nothing was changed."
        )


def _ours(site: Site, host: Host, entry: str, mydestination: str) -> bool:
    """Tell whether an entry is the lists' own, or a domain of this machine's users, whom another map knows."""
    lists = entry.endswith(f"/{DOMAINS_MAP}") or entry == site.mail.domain
    return lists or address_class.holds(host, mydestination, entry)
