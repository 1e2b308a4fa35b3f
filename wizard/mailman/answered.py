"""What mailman.cfg, and Mailman itself, say to the questions of site.toml, by their keys and as it would be typed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wizard.mailman import lists, rest
from wizard.mailman.cfg import Config
from wizard.site import Site

PLACEHOLDER = "changeme@example.com"
"""The site owner of a mailman.cfg that nobody has looked into (schema.cfg, ``[mailman]``)."""


def by_cfg(config: Config) -> dict[str, str]:
    """Read what is set in mailman.cfg. The database's URL may hold a password."""
    found = {
        "mailman.site_owner": config.get("mailman", "site_owner").replace(PLACEHOLDER, ""),
        "mailman.database": config.get("database", "url"),
        "mailman.lmtp": _place(config.values, "mta", "lmtp_host", "lmtp_port"),
        "mailman.rest": _place(config.values, "webservice", "hostname", "port"),
    }
    if config.sqlite is not None:
        usual = config.sqlite == config.data_dir / "mailman.db"
        found["mailman.database"] = "sqlite" if usual else f"sqlite:///{config.sqlite}"
    return {key: text for key, text in found.items() if text}


def by_lists(client: Any, site: Site) -> dict[str, dict[str, str]]:
    """Ask Mailman for those of the site's lists that are there, by their addresses; `client` is mailmanclient's.

    Raises:
        RestError: it did not answer.
    """
    return {each.address: _by_list(each) for each in lists.of_site(client, site)}


def _by_list(found: lists.SiteList) -> dict[str, str]:
    with rest.said():
        owners = [str(each.address.email) for each in found.there.owners]
    here = found.spec.owner if found.spec.owner in owners else next(iter(owners), "")
    return {"owner": here, "subscription_policy": str(found.setting("subscription_policy"))}


def _place(values: Mapping[tuple[str, str], str], section: str, host: str, port: str) -> str:
    """Give an address and a port; ``localhost`` is what every machine has 127.0.0.1 for."""
    name, number = values.get((section, host), "localhost"), values.get((section, port), "")
    name = "127.0.0.1" if name == "localhost" else name
    return f"[{name.strip('[]')}]:{number}" if ":" in name and number else f"{name}:{number}" if number else ""
