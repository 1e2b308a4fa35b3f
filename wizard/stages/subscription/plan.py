"""What stage 4 changes: each list's subscription policy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wizard.host import Host
from wizard.mailman import cfg, rest
from wizard.plan import MailmanObject, Plan, Why
from wizard.site import Site

NUMBER = 4
KEY = "subscription_policy"


def plan(site: Site, host: Host) -> Plan:
    """Plan the stage on this machine as it is now; all of it if Mailman does not answer."""
    config = cfg.read(host)
    client = rest.connect(config) if config is not None and rest.answers(config) else None
    return Plan(NUMBER, tuple(_policies(site, client)))


def _policies(site: Site, client: Any | None) -> Iterator[MailmanObject]:
    for spec in site.lists:
        address = site.list_address(spec)
        before = _present(client, address)
        if before != spec.subscription_policy:
            why = (Why(KEY, "what it takes to join, as answered"),)
            yield MailmanObject(NUMBER, "setting", address, KEY, before=before, after=spec.subscription_policy, why=why)


def _present(client: Any | None, address: str) -> str | None:
    found = rest.find_list(client, address) if client is not None else None
    if found is None:
        return None
    with rest.said():
        return str(found.settings[KEY])
