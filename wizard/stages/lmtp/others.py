"""Refusing what cannot be had together: other domains without a map of their recipients, names split at dashes."""

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
    """Refuse to give other domains a recipient map that knows none of their users, and lists whose names are split.

    An empty recipient map accepts everybody (ADDRESS_CLASS_README); with Mailman's map in it, only lists.

    Raises:
        RefusedError: names the domains, and says what to do.
    """
    if packages.installed(host, ("postfix",))["postfix"] is None:
        return
    _require_whole_names(host)
    if site.mail.domain_class not in PLACES:
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


def _require_whole_names(host: Host) -> None:
    """Refuse a dash in recipient_delimiter.

    Postfix splits an address at the first of the delimiters that is in it (postconf(5)): of LIST-confirm+TOKEN, only
    what is before the first dash would be left, which is nobody's address.
    """
    value = postconf.settings(host, names=("recipient_delimiter",)).get("recipient_delimiter", "")
    if "-" in value:
        raise RefusedError(
            f"recipient_delimiter is {value!r}: with a dash in it, Postfix splits LIST-confirm+TOKEN at its first "
            "dash, and no reply to a confirmation ever comes back to Mailman. Set it to '+' if nobody uses addresses "
            "with an extension after a dash; where somebody does, lists need another machine. Nothing was changed."
        )


def _ours(site: Site, host: Host, entry: str, mydestination: str) -> bool:
    """Tell whether an entry is the lists' own, or a domain of this machine's users, whom another map knows."""
    lists = entry.endswith(f"/{DOMAINS_MAP}") or entry == site.mail.domain
    return lists or address_class.holds(host, mydestination, entry)
