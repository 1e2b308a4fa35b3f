"""What stage 3 changes: the domain and the lists in Mailman, then the maps in main.cf that lead to them.

In this order, because a map that main.cf names and that is not there defers all mail.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wizard import packages, services
from wizard.facts import maps
from wizard.host import Host
from wizard.mailman import cfg, rest
from wizard.mailman.cfg import DOMAINS_MAP, LMTP_MAP, Config
from wizard.plan import Change, MailmanObject, Plan, Rebuild, Service, Why
from wizard.site import Site
from wizard.stages import main_cf, refusals
from wizard.stages.main_cf import Parameter, fixed, holding, lacking

NUMBER = 3
DEFAULT_TYPE = "hash"


def plan(site: Site, host: Host) -> Plan:
    """Plan the stage on this machine as it is now."""
    config = cfg.read(host)
    postfix = packages.installed(host, ("postfix",))["postfix"]
    if config is None or postfix is None:
        tables = Tables(DEFAULT_TYPE, config or Config("", {}))
        files = main_cf.preview(NUMBER, parameters(site, tables))
        return Plan(NUMBER, (*_wanted_objects(site), *files, _reload()))
    tables = Tables(main_cf.present(host, ["default_database_type"])["default_database_type"], config)
    objects = _objects(site, config)
    files = refusals.noted(site, host, main_cf.change(host, NUMBER, parameters(site, tables)))
    return Plan(NUMBER, (*objects, *_maps(host, tables), *files, *((_reload(),) if files else ())))


class Tables:
    """Mailman's maps as Postfix names them; Mailman compiles them as ``default_database_type`` says."""

    def __init__(self, kind: str, config: Config) -> None:
        self.lmtp = f"{kind}:{config.data_dir / LMTP_MAP}"
        self.domains = f"{kind}:{config.data_dir / DOMAINS_MAP}"


def parameters(site: Site, tables: Tables) -> tuple[Parameter, ...]:
    """List the parameters of this stage for the site's address class (Mailman's manual, "Postfix")."""
    always = (
        Parameter("recipient_delimiter", _delimiter, "confirmations come from LIST-confirm+TOKEN"),
        Parameter("owner_request_special", fixed("no"), "LIST-owner and LIST-request are Mailman's"),
        Parameter("transport_maps", holding(tables.lmtp), "mail for lists goes to Mailman by LMTP"),
    )
    recipients = "an address of no list is refused at RCPT, not bounced later"
    by_class = {
        "shared": (Parameter("local_recipient_maps", _local(tables), f"lists are recipients; {recipients}"),),
        "dedicated": (
            Parameter("relay_domains", holding(tables.domains), "the lists' domain is relayed, to Mailman"),
            Parameter("relay_recipient_maps", holding(tables.lmtp), recipients),
        ),
        "virtual": (
            Parameter("virtual_mailbox_domains", holding(site.mail.domain), "the lists' domain"),
            Parameter("virtual_mailbox_maps", holding(tables.lmtp), recipients),
        ),
    }
    unused = {
        "dedicated": (
            Parameter("relay_domains", lacking(tables.domains), "the lists' domain is in another class now"),
        ),
    }
    others = [each for name, found in unused.items() if name != site.mail.domain_class for each in found]
    return (*always, *by_class[site.mail.domain_class], *others)


def _delimiter(value: str) -> str:
    return value if "+" in value else f"+{value}"


def _local(tables: Tables) -> Callable[[str], str]:
    return holding("proxy:unix:passwd.byname", "$alias_maps", tables.lmtp)


def _reload() -> Service:
    return Service(NUMBER, services.POSTFIX, "reload", (Why("reload", "the configuration changed"),))


def _wanted_objects(site: Site) -> tuple[MailmanObject, ...]:
    domain = MailmanObject(
        NUMBER, "domain", site.mail.domain, after="present", why=(Why(site.mail.domain, "the lists' domain"),)
    )
    made: list[MailmanObject] = [domain]
    for spec in site.lists:
        address = site.list_address(spec)
        made.append(
            MailmanObject(NUMBER, "list", address, after="present", why=(Why(address, "a list of the answers"),))
        )
        why = (Why(spec.owner, "who answers for the list"),)
        made.append(MailmanObject(NUMBER, "address", spec.owner, after="present", why=why))
        made.append(MailmanObject(NUMBER, "owner", address, spec.owner, after="present", why=why))
    return tuple(dict.fromkeys(made))


def _objects(site: Site, config: Config) -> tuple[MailmanObject, ...]:
    """Plan what Mailman lacks; all of it if Mailman does not answer, because then nobody knows."""
    wanted = _wanted_objects(site)
    if not rest.answers(config):
        return wanted
    client = rest.connect(config)
    return tuple(each for each in wanted if not _there(client, each))


def _there(client: Any, wanted: MailmanObject) -> bool:
    if wanted.what == "domain":
        return rest.find_domain(client, wanted.name) is not None
    if wanted.what == "address":
        return rest.find_user(client, wanted.name) is not None
    found = rest.find_list(client, wanted.name)
    if found is None or wanted.what == "list":
        return found is not None
    with rest.said():
        return wanted.key in {owner.address.email for owner in found.owners}


def _maps(host: Host, tables: Tables) -> tuple[Change, ...]:
    stale = [table for table in (tables.lmtp, tables.domains) if not maps.compiled_state(host, table).current]
    if not stale:
        return ()
    why = tuple(Why(table, "it is missing, or its compiled map is older than its source") for table in stale)
    return (Rebuild(NUMBER, "Mailman's maps", (*cfg.COMMAND, "aliases"), cfg.USER, why),)
