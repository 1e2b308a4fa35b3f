"""Warning of a new recipient map, or of another address class, by which mail is refused that was accepted until now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from wizard import staging
from wizard.facts import address_class, postconf
from wizard.facts.address_class import entries
from wizard.facts.recipients import MAPS, Acceptance, keys_of
from wizard.host import Host
from wizard.mailman.cfg import LMTP_MAP
from wizard.plan import File, Why
from wizard.site import SUBADDRESSES, Site
from wizard.stages import main_cf

CHANGING = frozenset({"myhostname", *address_class.PARAMETERS, *MAPS.values()})
"""The parameters that decide it and that plans change; ``$myhostname`` is in most servers' mydestination."""
WHOLE = ("transport_maps", "virtual_mailbox_maps", "relay_recipient_maps", "virtual_alias_maps")
"""Where the keys are whole addresses, as far as they are any."""
USERS = ("alias_maps", "local_recipient_maps")
"""Where they are users' names, too."""
NAMES = (*CHANGING, *WHOLE, *USERS, "recipient_canonical_maps", "canonical_maps", "recipient_delimiter")
NOBODY = "mwz-nobody-has-this-name"
"""A user whom only those know who know everybody."""
NAMED = 12
"""Addresses that one warning names."""
PEOPLE = range(1000, 60000)
"""The user ids of people (Debian's policy, 9.2.2)."""


@dataclass(frozen=True, slots=True)
class Lost:
    """What is refused from now on."""

    addresses: tuple[str, ...] = ()
    """Those that are known by name, people's first."""
    everybody: tuple[str, ...] = ()
    """The domains in which any address was accepted until now, and is no more."""
    unlisted: tuple[str, ...] = ()
    """The tables that know more addresses, and cannot be listed or read."""


def noted(site: Site, host: Host, files: tuple[File, ...]) -> tuple[File, ...]:
    """Add to a change of main.cf the warning of what it would refuse, if anything.

    Raises:
        CommandError: postconf failed.
    """
    changed = {why.what for file in files for why in file.why} & CHANGING
    after = next((file.after for file in files if file.path == main_cf.PATH), None)
    if not changed or after is None:
        return files
    before = Acceptance(host, postconf.settings(host, names=NAMES))
    with staging.staged({staging.MAIN: after}) as directory:
        found = lost(site, before, Acceptance(host, postconf.settings(host, config=directory, names=NAMES)))
    return main_cf.noted(files, warnings(found))


def warnings(found: Lost) -> Iterator[Why]:
    """Say what is refused from now on; nothing if there is nothing."""
    if found.addresses:
        more = len(found.addresses) - NAMED
        named = ", ".join(found.addresses[:NAMED]) + (f" and {more} more" if more > 0 else "")
        yield Why("warning", f"accepted until now, and refused from now on: {named}")
    if found.everybody:
        yield Why(
            "warning",
            f"until now, any address of {', '.join(found.everybody)} was accepted; from now on, only known ones are",
        )
    if found.unlisted:
        yield Why("warning", f"whom else this refuses is not known: {', '.join(found.unlisted)} cannot be listed")


def lost(site: Site, before: Acceptance, after: Acceptance) -> Lost:
    """Tell what one configuration accepts and another refuses.

    Mail for lists is not lost: it is accepted when stage 3 is done.
    """
    domains = tuple(each for each in _domains(site, before) if _less(before.domain(each), after.domain(each)))
    if not domains:
        return Lost()
    named = dict.fromkeys(_candidates(before, domains))
    nobody = {f"{NOBODY}@{domain}": domain for domain in domains}
    was = before.accepted((*named, *nobody))
    gone = was - after.accepted(was) - frozenset(_lists(site, before, was))
    tables = {table for domain in domains for table in before.domain(domain)[1]}
    unlisted = {table for table in tables if keys_of(before.host, table) is None and not _users(table)}
    return Lost(
        addresses=tuple(each for each in named if each in gone),
        everybody=tuple(domain for each, domain in nobody.items() if each in gone),
        unlisted=tuple(sorted(unlisted | before.unread)),
    )


def _less(before: tuple[str, tuple[str, ...]], after: tuple[str, tuple[str, ...]]) -> bool:
    """Tell whether a domain may lose recipients, from its class and tables before and after."""
    kind, tables = before
    return bool(kind) and (kind != after[0] or not set(tables) <= set(after[1]) or (not tables and bool(after[1])))


def _domains(site: Site, before: Acceptance) -> tuple[str, ...]:
    """List the domains that are in a class, as far as they can be listed."""
    found = [site.mail.domain]
    for name in address_class.PARAMETERS:
        for entry in entries(before.values.get(name, "")):
            inside = keys_of(before.host, entry) if ":" in entry else (entry,)
            found += [each.lower() for each in inside or () if not each.startswith(("/", "!", "[", "."))]
    return tuple(dict.fromkeys(found))


def _candidates(before: Acceptance, domains: tuple[str, ...]) -> Iterator[str]:
    """Give addresses of these domains that somebody may have, people's first."""
    keys = {name: tuple(_keys(before, name)) for name in (*WHOLE, *USERS)}
    local = [each for each in domains if before.domain(each)[0] == "mydestination"]
    people, others = _passwd(before.host)
    users = (*people, *(key for name in USERS for key in keys[name] if "@" not in key), *others)
    for key in (key for found in keys.values() for key in found):
        user, at, domain = key.partition("@")
        if user and at and domain.lower() in domains:
            yield key.lower()
    yield from (f"{user}@{domain}" for user in users for domain in local if user.isprintable() and " " not in user)


def _keys(before: Acceptance, name: str) -> Iterator[str]:
    for table in entries(before.values.get(name, "")):
        yield from keys_of(before.host, table) or ()


def _passwd(host: Host) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """List the users: people and root, and the others."""
    rows = [line.split(":") for line in host.run(["getent", "passwd"]).stdout.split("\n") if line.count(":") > 1]
    people = tuple(row[0] for row in rows if row[0] == "root" or (row[2].isdecimal() and int(row[2]) in PEOPLE))
    return people, tuple(row[0] for row in rows if row[0] not in people)


def _users(table: str) -> bool:
    """Tell whether a table is that of the machine's users, who are listed otherwise."""
    return table.removeprefix("proxy:") == "unix:passwd.byname"


def _lists(site: Site, before: Acceptance, addresses: Iterable[str]) -> Iterator[str]:
    """Give the addresses of lists: those of the answers, and those that Mailman has in its map."""
    yield from (site.list_address(spec, sub).lower() for spec in site.lists for sub in SUBADDRESSES)
    tables = [each for each in entries(before.values.get("transport_maps", "")) if each.endswith(f"/{LMTP_MAP}")]
    for table in tables:
        known = frozenset(keys_of(before.host, table) or ())
        yield from (each for each in addresses if each in known)
