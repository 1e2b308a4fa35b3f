"""What stage 1 changes: the package, main.cf, master.cf, the aliases' map, the service."""

from __future__ import annotations

import stat
from collections.abc import Callable, Mapping
from dataclasses import replace

from wizard import packages, services, staging
from wizard.errors import AnswerError
from wizard.facts import answered, maps, postconf, postfix_log
from wizard.facts.address_class import entries
from wizard.host import Host
from wizard.plan import Access, File, Packages, Plan, Rebuild, Service, Why
from wizard.render import render
from wizard.site import Site, changed
from wizard.stages import main_cf, refusals
from wizard.stages.main_cf import Parameter, fixed, lacking
from wizard.stages.postfix import hardening, rotation, tables

NUMBER = 1
PACKAGE = "postfix"
LOG = "/var/log/mail.log"
SMTP_SERVICE = ("smtp/inet", "smtp inet n - y - - smtpd")
POSTLOG_SERVICE = ("postlog/unix-dgram", "postlog unix-dgram n - n - 1 postlogd")
ANSWERS = {
    "myhostname": "mail.hostname",
    "mynetworks": "mail.networks",
    "inet_interfaces": "mail.interfaces",
    "home_mailbox": "mail.mailbox",
}
"""The parameters that one answer alone decides."""
LISTENS = {
    "loopback-only": 'mail comes from this machine alone; others are heard with mail.interfaces = "all"',
    "all": "mail comes from the network, too",
}


def plan(site: Site, host: Host) -> Plan:
    """Plan the stage on this machine as it is now."""
    if packages.installed(host, (PACKAGE,))[PACKAGE] is None:
        return Plan(
            NUMBER,
            (
                Packages(NUMBER, (PACKAGE,), (Why(PACKAGE, "the mail server itself"),)),
                *main_cf.preview(NUMBER, (*parameters(site, logs_to_file=False), *_hardening(site))),
                Service(NUMBER, services.POSTFIX, "start", (Why("start", "it does not run"),)),
            ),
        )
    if host.state(main_cf.PATH) is None:
        return Plan(NUMBER, (_first(host),))
    ours = postfix_log.find(host) is None or main_cf.present(host, ["maillog_file"])["maillog_file"] == LOG
    values = main_cf.present(host, (*tables.NAMES, *hardening.NAMES, "default_database_type"))
    closed = hardening.parameters(site, values, certificate=hardening.certificate(host))
    asked = _as_written(site, answered.by_main_cf(host), parameters(site, logs_to_file=ours))
    wanted = main_cf.merged(asked, closed, tables.parameters(host, values))
    main = refusals.noted(site, host, main_cf.change(host, NUMBER, wanted))
    files = (*main_cf.noted(main, hardening.refused(site, values)), *_master(host))
    rotated = rotation.plan(host, NUMBER, LOG) if ours else ()
    maps_of_mailman = tables.missing(host, NUMBER, values)
    aliases = _aliases(host)
    missing = tuple(each for each in aliases if any(host.state(path) is None for path in each.makes))
    opened = _opened(host)
    legible = tables.legible(host, NUMBER) if maps_of_mailman else ()
    rebuilt = (*maps_of_mailman, *aliases)
    unseen = bool(maps_of_mailman or missing or tables.unopened(host, values))
    return Plan(NUMBER, (*files, *rotated, *opened, *legible, *rebuilt, *_service(host, files, unseen=unseen)))


def _first(host: Host) -> File:
    """Plan a main.cf where the package was told to leave none; everything else can be planned only with one."""
    kind = postconf.parse_settings(host.run(["postconf", "-d", "default_database_type"]).require().stdout)
    content = render("postfix/main.cf.j2", table=f"{kind['default_database_type']}:/etc/aliases").encode()
    why = (Why("main.cf", "Postfix was installed without a configuration"),)
    return File(NUMBER, main_cf.PATH, None, content, main_cf.MODE, main_cf.OWNER, main_cf.GROUP, why)


def parameters(site: Site, *, logs_to_file: bool) -> tuple[Parameter, ...]:
    """List the parameters of this stage (postconf(5)); `logs_to_file`: the machine keeps no log otherwise."""
    mail = site.mail
    log = (Parameter("maillog_file", fixed(LOG), "nothing on this machine keeps a mail log otherwise"),)
    return (
        Parameter("myhostname", fixed(mail.hostname), "the name this server greets with"),
        Parameter("mydestination", _destinations(site), "the domains whose mail is for this machine's users"),
        *_classes(site),
        Parameter("mynetworks", _networks(mail.networks), "only these clients may relay"),
        Parameter("inet_interfaces", fixed(mail.interfaces), LISTENS.get(mail.interfaces, "it listens at these")),
        Parameter("home_mailbox", fixed(mail.home_mailbox), "where mail is put"),
        Parameter("local_recipient_maps", _recipients(site), "unknown users are refused at RCPT, not bounced later"),
        Parameter("enable_long_queue_ids", fixed("yes"), "queue ids are unique over time, so logs can be read"),
        *(log if logs_to_file else ()),
    )


def _as_written(site: Site, now: Mapping[str, str], wanted: tuple[Parameter, ...]) -> tuple[Parameter, ...]:
    """Leave a parameter as it is written where it says what the answer says, by variables or names perhaps."""
    more = _more_interfaces(site, now)
    said = {name: main_cf.holding() for name, key in ANSWERS.items() if _says(site, now, key)}
    said |= {"inet_interfaces": main_cf.holding(*more)} if more else {}
    return tuple(replace(each, becomes=said.get(each.name, each.becomes)) for each in wanted)


def _more_interfaces(site: Site, now: Mapping[str, str]) -> tuple[str, ...]:
    """Give the addresses that are missing where Postfix listens at all the others; nothing if that is not so."""
    there, wanted = (text.split(", ") for text in (now.get("mail.interfaces", ""), site.mail.interfaces))
    return tuple(word for word in wanted if word not in there) if set(there) < set(wanted) else ()


def _says(site: Site, now: Mapping[str, str], key: str) -> bool:
    try:
        return key in now and changed(site, {key: now[key]}) == site
    except AnswerError:
        return False


def _hardening(site: Site) -> tuple[Parameter, ...]:
    """List what the newest Postfix has; the package, with its certificate, is not there yet."""
    return hardening.parameters(site, dict.fromkeys(hardening.NAMES, ""), certificate=False)


def _classes(site: Site) -> tuple[Parameter, ...]:
    """Take the list domain out of the address classes that it is not to be in."""
    places = {"virtual": "virtual_mailbox_domains", "dedicated": "relay_domains"}
    why = "the list domain belongs to one address class, and to another than this"
    return tuple(
        Parameter(name, lacking(site.mail.domain), why)
        for kind, name in places.items()
        if kind != site.mail.domain_class
    )


def _destinations(site: Site) -> Callable[[str], str]:
    wanted = (
        "$myhostname",
        "localhost",
        *((site.mail.domain,) if site.mail.domain_class == "shared" else ()),
    )

    def spelled(entry: str) -> str:
        return site.mail.hostname if entry == "$myhostname" else entry.lower()

    def becomes(value: str) -> str:
        kept = entries(value)
        if site.mail.domain_class != "shared":
            # A domain belongs to one address class; in this one, Mailman's recipient maps do not count.
            kept = tuple(entry for entry in kept if spelled(entry) != site.mail.domain)
        there = {spelled(entry) for entry in kept}
        missing = [entry for entry in wanted if spelled(entry) not in there]
        return main_cf.added(value if kept == entries(value) else ", ".join(kept), missing)

    return becomes


def _networks(networks: tuple[str, ...]) -> Callable[[str], str]:
    def becomes(value: str) -> str:
        same = set(entries(value)) - {answered.MAPPED} == set(networks)
        return value if same else " ".join(networks)

    return becomes


def _recipients(site: Site) -> Callable[[str], str]:
    """Have the users known where they share the lists' domain; an empty value switches the check of recipients off."""

    def becomes(value: str) -> str:
        users = "proxy:unix:passwd.byname $alias_maps"
        known = any(entry.removeprefix("proxy:") == "unix:passwd.byname" for entry in entries(value))
        if known or (value and site.mail.domain_class != "shared"):
            return value
        kept = [entry for entry in entries(value) if entry != "$alias_maps"]
        return ", ".join((users, *kept))

    return becomes


def missing_services(host: Host) -> dict[str, str]:
    """Tell the lines that master.cf needs and does not have, by service."""
    there = {service.place for service in postconf.services(host)}
    return {name: line for name, line in (SMTP_SERVICE, POSTLOG_SERVICE) if name not in there}


def _opened(host: Host) -> tuple[Access, ...]:
    """Let everybody read main.cf: sendmail(1) does so as its user, and postmap(1) as Mailman's."""
    state = host.state(main_cf.PATH)
    if state is None or state.mode & stat.S_IROTH:
        return ()
    mode, owner, group = was = (state.mode, state.owner, state.group)
    why = Why(str(main_cf.PATH), "who sends mail reads it, and so does Mailman when it compiles its maps")
    return (Access(NUMBER, main_cf.PATH, mode | main_cf.MODE, owner, group, was, (why,)),)


def _master(host: Host) -> tuple[File, ...]:
    missing = missing_services(host)
    if not missing:
        return ()
    path = staging.POSTFIX / staging.MASTER
    why = tuple(Why(name, "the service is missing in master.cf") for name in missing)
    content = staging.edited_master(host, missing)
    return (File(NUMBER, path, host.read(path), content, 0o644, "root", "root", why),)


def _aliases(host: Host) -> tuple[Rebuild, ...]:
    """Plan the aliases' maps: a missing one makes the lookup fail, and then no local mail is taken."""
    databases = entries(postconf.settings(host, names=("alias_database",))["alias_database"])
    found = {table: maps.compiled_state(host, table) for table in databases}
    stale = [table for table, state in found.items() if not state.current and not state.hopeless]
    if not stale:
        return ()
    why = tuple(Why(table, "its compiled map is missing or older than its source") for table in stale)
    compiled = tuple(state.compiled for state in found.values() if state.compiled)
    return (Rebuild(NUMBER, " ".join(stale), ("newaliases",), None, why, compiled),)


def _service(host: Host, files: tuple[File, ...], *, unseen: bool) -> tuple[Service, ...]:
    if not services.postfix_masters(host):
        return (Service(NUMBER, services.POSTFIX, "start", (Why("start", "it does not run"),)),)
    if unseen and not files:
        why = "daemons that could not open a map do not look for it again"
        return (Service(NUMBER, services.POSTFIX, "reload", (Why("reload", why),)),)
    if not files:
        return ()
    named = {why.what for file in files for why in file.why}
    if named & {"inet_interfaces", "smtp/inet"}:
        return (Service(NUMBER, services.POSTFIX, "restart", (Why("restart", "a reload does not move listeners"),)),)
    return (Service(NUMBER, services.POSTFIX, "reload", (Why("reload", "the configuration changed"),)),)
