"""Where Postfix's address tables send mail for an address: canonical(5) and virtual(5), by every form of key."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from wizard.facts import address_class, maps, postconf
from wizard.host import Host

CLASSES = {"recipient_canonical_maps": "", "canonical_maps": "canonical_classes", "virtual_alias_maps": ""}
"""The parameters that rewrite an envelope recipient, in cleanup(8)'s order, each with the one that limits it."""
RECIPIENT = "envelope_recipient"
PATTERNS = re.compile(r"(?:proxy:)?(?:regexp|pcre|cidr):.*", re.DOTALL)
"""Tables of patterns are asked for the whole address alone (regexp_table(5))."""
_SETTINGS = (*CLASSES, "canonical_classes", "recipient_delimiter", "mydestination", "myorigin")


@dataclass(frozen=True, slots=True)
class Rewrite:
    """One address that a table sends to others than itself."""

    parameter: str
    table: str
    key: str
    """The form of the address that the table has."""
    address: str
    target: str
    """As it stands in the table."""

    def __str__(self) -> str:
        """Say it in one line."""
        by = "" if self.key == self.address else f" by its entry {self.key}"
        return f"{self.parameter} sends {self.address} to {self.target} ({self.table}{by})"


def away(host: Host, addresses: Iterable[str], *, limit: float = 60) -> tuple[Rewrite, ...]:
    """Tell the addresses that a table of Postfix's sends to others alone, by the first table that does.

    Args:
        host: the machine.
        addresses: of lists, say.
        limit: seconds for the lookups in one table.

    Raises:
        CommandError: postconf failed, or a table cannot be read.
    """
    values = postconf.settings(host, names=_SETTINGS)
    wanted = tuple(addresses)
    local = frozenset(domain for domain in {_domain(each) for each in wanted} if _is_local(host, values, domain))
    forms = {each: keys(each, delimiter=values["recipient_delimiter"], local=_domain(each) in local) for each in wanted}
    found: dict[str, Rewrite] = {}
    for parameter, classes in CLASSES.items():
        if classes and RECIPIENT not in address_class.entries(values[classes]):
            continue
        for rewrite in _answers(host, parameter, address_class.entries(values[parameter]), forms, limit):
            if rewrite.address.lower() not in targets(rewrite, values["myorigin"]):
                found.setdefault(rewrite.address, rewrite)
    return tuple(found.values())


def keys(address: str, *, delimiter: str, local: bool) -> tuple[str, ...]:
    """Give the forms in which a table is asked for an address, in Postfix's order (virtual(5), TABLE SEARCH ORDER)."""
    user, _, domain = address.rpartition("@")
    base = re.split(f"[{re.escape(delimiter)}]", user, maxsplit=1)[0] if delimiter else user
    users = (user, base) if base and base != user else (user,)
    bare = users if local else ()
    return (*(f"{each}@{domain}" for each in users), *bare, f"@{domain}")


def targets(rewrite: Rewrite, origin: str) -> frozenset[str]:
    """Give the addresses that an answer stands for: ``@domain`` keeps the user, a bare user gets ``$myorigin``."""
    user = rewrite.address.rpartition("@")[0]
    given = address_class.entries(rewrite.target.lower())
    whole = (f"{user.lower()}{each}" if each.startswith("@") else each for each in given)
    return frozenset(each if "@" in each else f"{each}@{origin.lower()}" for each in whole)


def _answers(
    host: Host, parameter: str, tables: tuple[str, ...], forms: Mapping[str, tuple[str, ...]], limit: float
) -> Iterator[Rewrite]:
    """Give what a parameter's tables answer for each address: the first key that any table has."""
    asked = {table: maps.lookups(host, table, _asked(table, forms), limit=limit) for table in tables}
    for address, forms_of in forms.items():
        hits = (
            Rewrite(parameter, table, key, address, asked[table][key])
            for key in forms_of
            for table in tables
            if key in asked[table]
        )
        yield from [hit for hit in [next(hits, None)] if hit is not None]


def _asked(table: str, forms: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    every = (key for address, keys_of in forms.items() for key in (keys_of if not PATTERNS.match(table) else [address]))
    return tuple(dict.fromkeys(every))


def _is_local(host: Host, values: Mapping[str, str], domain: str) -> bool:
    return domain == values["myorigin"] or address_class.holds(host, values["mydestination"], domain)


def _domain(address: str) -> str:
    return address.rpartition("@")[2]
