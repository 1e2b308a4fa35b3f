"""What the server has now of what the form asks: Postfix's settings, Mailman's, and the site's lists."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from wizard.errors import CommandError, RefusedError
from wizard.facts import address_class, answered, postconf
from wizard.host import Host
from wizard.mailman import answered as of_mailman
from wizard.mailman import cfg, lists, rest
from wizard.mailman.cfg import Config
from wizard.mailman.lists import SiteList
from wizard.mailman.rest import RestError
from wizard.printable import printable
from wizard.redact import Redactor
from wizard.site import Site, hardening

REST_LIMIT = 3.0
"""Seconds for one request: a form does not wait for a Mailman that hangs."""
KINDS = {parameter: kind for kind, parameter in address_class.BY_ANSWER.items()}
"""What the answer ``mail.domain_class`` is by the parameter that holds the domain."""


def present(host: Host, site: Site) -> dict[str, str]:
    """Tell it by the answers' keys; passwords are hidden, and what cannot be asked is left out."""
    found: dict[str, str] = {}
    with suppress(CommandError):
        found |= _of_postfix(postconf.settings(host, names=POSTFIX))
        found |= answered.by_main_cf(host)
        found["mail.domain_class"] = _class(host, site.mail.domain)
    with suppress(RefusedError, OSError):
        config = cfg.read(host)
        found |= _of_mailman(config) if config else {}
        found |= _of_lists(host, config, site) if config else {}
    return {key: printable(value) for key, value in found.items() if value}


POSTFIX = ("mydomain", *hardening.POSTFIX)


def _of_postfix(settings: Mapping[str, str]) -> dict[str, str]:
    return {
        "mail.domain": settings.get("mydomain", ""),
        "mail.refused": ", ".join(f"{name} = {settings[name]}" for name in hardening.POSTFIX if name in settings),
    }


def _of_mailman(config: Config) -> dict[str, str]:
    database = of_mailman.by_cfg(config).get("mailman.database", "sqlite")
    return {
        "mailman.site_owner": config.get("mailman", "site_owner"),
        "mailman.database": Redactor().text(database),
        "mailman.lmtp": "{}:{}".format(*config.lmtp),
        "mailman.rest": "{}:{}".format(*config.rest),
        "mailman.refused": f"show_tracebacks = {config.get('webservice', 'show_tracebacks', 'yes')}",
    }


def _class(host: Host, domain: str) -> str:
    held = [name for name in address_class.of(host, domain) if name in KINDS]
    if not held:
        return f"{domain} is in no class"
    return " and ".join(KINDS[name] for name in held)


def _of_lists(host: Host, config: Config, site: Site) -> dict[str, str]:
    """Ask Mailman for the site's lists, if somebody listens at its REST port."""
    if not any(each.port == config.rest[1] for each in host.listeners()):
        return {}
    found: dict[str, str] = {}
    with suppress(RestError):
        there = {each.address: each for each in lists.of_site(rest.connect(config, limit=REST_LIMIT), site)}
        for number, spec in enumerate(site.lists):
            known = there.get(site.list_address(spec))
            found[f"lists.{number}.name"] = f"{spec.name} is there" if known else f"no list {site.list_address(spec)}"
            if known:
                found |= _of_list(f"lists.{number}", known)
    return found


def _of_list(key: str, found: SiteList) -> dict[str, str]:
    with rest.said():
        owners = ", ".join(sorted(str(each.address.email) for each in found.there.owners))
    return {f"{key}.owner": owners, f"{key}.subscription_policy": str(found.setting("subscription_policy"))}
