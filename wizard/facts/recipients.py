"""Which recipients Postfix accepts at RCPT, by its address classes and their maps (ADDRESS_CLASS_README)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from wizard.errors import CommandError
from wizard.facts import address_class, maps, rewriting
from wizard.facts.address_class import entries
from wizard.host import Host

MAPS = {
    "mydestination": "local_recipient_maps",
    "virtual_mailbox_domains": "virtual_mailbox_maps",
    "relay_domains": "relay_recipient_maps",
}
"""By where a class has its domains: where it has its recipients; an empty one accepts everybody."""
LISTED = frozenset({*maps.COMPILED, "texthash", "inline"})
"""The types of tables whose keys postmap(1) can list."""
OWN_KEYS = frozenset({"YP_LAST_MODIFIED", "YP_MASTER_NAME", "@"})
"""What postalias(1), or sendmail in its place, adds to a table of aliases for itself."""
MOST_KEYS = 5000
"""Keys of one table that are looked at."""
LIMIT = 10.0
"""Seconds for one table."""


@dataclass
class Acceptance:
    """What one configuration accepts; tables are asked as they are now."""

    host: Host
    values: Mapping[str, str]
    """Of main.cf, expanded."""
    unread: set[str] = field(default_factory=set)
    """The tables that could not be read, with what that has left unknown."""

    def domain(self, name: str) -> tuple[str, tuple[str, ...]]:
        """Tell the class of a domain, by its parameter (empty: none), and the tables of its recipients."""
        for parameter in address_class.PARAMETERS:
            if self._holds(self.values.get(parameter, ""), name):
                return parameter, entries(self.values.get(MAPS.get(parameter, ""), ""))
        return "", ()

    def accepted(self, addresses: Iterable[str]) -> frozenset[str]:
        """Tell which of these are accepted at RCPT from anywhere."""
        wanted = tuple(addresses)
        found: set[str] = set()
        by_domain: dict[str, list[str]] = {}
        for each in wanted:
            by_domain.setdefault(each.rpartition("@")[2], []).append(each)
        rewritten = tuple(table for name in rewriting.CLASSES for table in entries(self.values.get(name, "")))
        for domain, members in by_domain.items():
            kind, tables = self.domain(domain)
            if kind in MAPS and not tables:
                found.update(members)
            else:
                found |= self._known(members, (*rewritten, *tables), local=kind == "mydestination")
        return frozenset(found)

    def _known(self, addresses: Iterable[str], tables: Iterable[str], *, local: bool) -> set[str]:
        """Tell which addresses are in one of these tables, by any form of key."""
        delimiter = self.values.get("recipient_delimiter", "")
        forms = {each: rewriting.keys(each, delimiter=delimiter, local=local) for each in addresses}
        found: set[str] = set()
        for table in tables:
            patterns = rewriting.PATTERNS.match(table)
            asked = dict.fromkeys(key for each, keys in forms.items() for key in ([each] if patterns else keys))
            answers = self._lookups(table, tuple(asked))
            found |= {each for each, keys in forms.items() if answers & {each, *(() if patterns else keys)}}
        return found

    def _lookups(self, table: str, keys: tuple[str, ...]) -> frozenset[str]:
        try:
            # What proxymap(8) would answer, also where it does not run.
            return frozenset(maps.lookups(self.host, table.removeprefix("proxy:"), keys, limit=LIMIT))
        except (CommandError, ValueError):
            self.unread.add(table)
            return frozenset()

    def _holds(self, value: str, name: str) -> bool:
        try:
            return address_class.holds(self.host, value, name)
        except (CommandError, OSError, ValueError):
            self.unread.add(value)
            return False


def keys_of(host: Host, table: str) -> tuple[str, ...] | None:
    """List the keys of a table, `MOST_KEYS` at most; None if it cannot be listed."""
    plain = table.removeprefix("proxy:")
    if plain.partition(":")[0] not in LISTED:
        return None
    done = host.run(["postmap", "-s", plain], limit=LIMIT)
    if not done.ok:
        return None
    found = (line.partition("\t")[0] for line in done.stdout.split("\n")[:MOST_KEYS] if "\t" in line)
    return tuple(key for key in found if key not in OWN_KEYS)
