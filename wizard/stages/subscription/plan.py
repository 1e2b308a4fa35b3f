"""What stage 4 changes: each list's policies, requests that swallow the next one, posts kept back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wizard.host import Host
from wizard.mailman import cfg, lists, rest
from wizard.plan import MailmanObject, Plan, Why
from wizard.probes import accounts
from wizard.site import Site
from wizard.site.hardening import MAILMAN
from wizard.stages.subscription import posting

NUMBER = 4
KEY, MITIGATION = "subscription_policy", "dmarc_mitigate_action"


def plan(site: Site, host: Host) -> Plan:
    """Plan the stage on this machine as it is now; all of it if Mailman does not answer."""
    config = cfg.read(host)
    client = rest.connect(config) if config is not None and rest.answers(config) else None
    free = posting.settings(site, client, NUMBER) if client is not None else ()
    return Plan(NUMBER, (*_policies(site, client), *_mitigation(site, client), *_pending(site, client), *free))


def _policies(site: Site, client: Any | None) -> Iterator[MailmanObject]:
    for spec in site.lists:
        address = site.list_address(spec)
        before = _present(client, address, KEY)
        if before != spec.subscription_policy:
            why = (Why(KEY, "what it takes to join, as answered"),)
            yield MailmanObject(NUMBER, "setting", address, KEY, before=before, after=spec.subscription_policy, why=why)


def _mitigation(site: Site, client: Any | None) -> Iterator[MailmanObject]:
    """Plan what is done about DMARC where nothing is; what somebody has chosen instead stays."""
    for spec in site.lists if MITIGATION not in site.mailman.refused else ():
        address = site.list_address(spec)
        before = _present(client, address, MITIGATION)
        if before in {None, "no_mitigation"}:
            why = (Why(MITIGATION, MAILMAN[MITIGATION]),)
            yield MailmanObject(NUMBER, "setting", address, MITIGATION, before=before, after="munge_from", why=why)


def _present(client: Any | None, address: str, key: str) -> str | None:
    found = rest.find_list(client, address) if client is not None else None
    if found is None:
        return None
    with rest.said():
        return str(found.settings[key])


def _pending(site: Site, client: Any | None) -> Iterator[MailmanObject]:
    """Discard what those whom the admin named have asked for and not confirmed: it swallows their next request."""
    named = {person.address for person in accounts.named(site)}
    for each in lists.of_site(client, site) if named and client is not None else ():
        for person in sorted(each.asked() & named):
            why = (Why(person, "until it expires, Mailman drops every further request"),)
            yield MailmanObject(NUMBER, "request", each.address, person, before="pending", why=why)
