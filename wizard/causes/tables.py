"""Causes in the tables that main.cf names: each is opened by some daemon, and one that cannot be stops all mail."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from wizard.causes.ground import LOOKUP_LIMIT, Ground
from wizard.causes.model import Cause, Found
from wizard.errors import CommandError
from wizard.facts import address_class, maps, postconf, rewriting
from wizard.mailman.cfg import DOMAINS_MAP, LMTP_MAP
from wizard.site import SUBADDRESSES

NAMES = re.compile(r".*(?:_maps|_domains)|mydestination|mynetworks")
"""The parameters of which entries may be tables that mail needs (postconf(5)); only newaliases reads alias_database."""
TABLE = re.compile(r"(?:proxy:)?(?P<kind>[a-z][a-z0-9_]*):(?P<name>.+)", re.DOTALL)
KEY = "postmaster"


def named(main_cf: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Give the tables that main.cf sets, each with the parameter it is named in."""
    for name, value in sorted(main_cf.items()):
        if NAMES.fullmatch(name):
            yield from (
                (name, entry.removeprefix("!")) for entry in address_class.entries(value) if TABLE.fullmatch(entry)
            )


def kind(table: str) -> str:
    """Tell a table's type."""
    match = TABLE.fullmatch(table)
    return match["kind"] if match else ""


def _explicit(ground: Ground) -> Iterable[tuple[str, str]]:
    names = postconf.explicit(ground.host)
    return named({name: ground.main_cf.get(name, "") for name in names})


def unknown_type(ground: Ground) -> Found | None:
    """A table has a type that this Postfix was built without."""
    types = postconf.map_types(ground.host)
    for name, table in _explicit(ground):
        if kind(table) not in types:
            values = {"table": table, "parameter": name, "types": " ".join(sorted(types))}
            return Found(values, (f"{name} = {table}",), fixable=_mailmans(table))
    return None


def unreadable(ground: Ground) -> Found | None:
    """A table cannot be opened, or its lookup hangs: whatever needs it puts all mail off."""
    types = postconf.map_types(ground.host)
    for name, table in _explicit(ground):
        by_proxy = table.startswith("proxy:") and not ground.postfix_masters
        if kind(table) not in types or _missing(ground, table) or by_proxy:
            continue
        try:
            maps.lookups(ground.host, table, (KEY,), limit=LOOKUP_LIMIT)
        except CommandError as error:
            fixable = _mailmans(table) or _newaliases_makes(ground, table)
            return Found({"table": table, "parameter": name}, (str(error),), fixable=fixable)
    return None


def _newaliases_makes(ground: Ground, table: str) -> bool:
    """Tell whether a table is one of the aliases' that is not compiled, which stage 1 has done."""
    bare = table.removeprefix("proxy:")
    return bare in ground.tables("alias_database") and not maps.compiled_state(ground.host, bare).current


def _mailmans(table: str) -> bool:
    return table.endswith((f"/{LMTP_MAP}", f"/{DOMAINS_MAP}"))


def _missing(ground: Ground, table: str) -> bool:
    """Tell whether a table is a map of Mailman's that is not there."""
    if not _mailmans(table):
        return False
    state = maps.compiled_state(ground.host, table)
    return state.source_mtime is None or (state.compiled is not None and state.compiled_mtime is None)


def mailman_map_missing(ground: Ground) -> Found | None:
    """A map of Mailman's that main.cf names is not there: a missing map puts off all mail that needs it."""
    for name, table in _explicit(ground):
        if _missing(ground, table):
            path = str(maps.compiled_state(ground.host, table).source)
            return Found({"table": table, "parameter": name, "path": path}, (f"{table}: not there, or not compiled",))
    return _not_looked_for_again(ground)


def _not_looked_for_again(ground: Ground) -> Found | None:
    """A map is there by now, and Postfix's router began without it."""
    tables_of = [table for table in ground.tables("transport_maps") if _mailmans(table)]
    for table, pid in maps.unopened(ground.host, tables_of).items():
        values = {"table": table, "parameter": "transport_maps", "path": table.partition(":")[2]}
        said = f"{table}: there now, and not open in {maps.ROUTER} (process {pid}), which began without it"
        return Found(values, (said,))
    return None


def hijacked(ground: Ground) -> Found | None:
    """A table of Postfix's leads mail of the list elsewhere before anybody looks for Mailman."""
    addresses = [ground.site.list_address(spec, sub) for spec in ground.site.lists for sub in SUBADDRESSES]
    for found in rewriting.away(ground.host, addresses, limit=LOOKUP_LIMIT):
        return Found(rewritten(found), (str(found),))
    return None


def rewritten(found: rewriting.Rewrite) -> dict[str, str]:
    """Give the values for the texts of the code that says so."""
    return {
        "address": found.address,
        "key": found.key,
        "target": found.target,
        "table": found.table,
        "parameter": found.parameter,
    }


CAUSES: tuple[Cause, ...] = (
    Cause("MW110", unknown_type),
    Cause("MW115", mailman_map_missing),
    Cause("MW111", unreadable),
    Cause("MW112", hijacked),
)
