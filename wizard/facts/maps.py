"""Postfix's lookup tables: what they answer, and whether their compiled files are current."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from wizard.errors import CommandError
from wizard.host import Host

COMPILED = {"hash": ".db", "btree": ".db", "lmdb": ".lmdb", "cdb": ".cdb", "dbm": ".pag", "sdbm": ".pag"}
"""The suffix of the file that postmap(1) compiles, by table type; types missing here have none."""
ROUTER = "trivial-rewrite"
"""The daemon that opens transport_maps, before it takes its first request (trivial-rewrite(8))."""
MASTER = "master"
_KEPT_OPEN = frozenset({"hash", "btree", "lmdb"})
"""The types whose compiled file stays open for as long as a daemon uses it."""
_NOT_FOUND = 1
_FAILURES = ("fatal:", "panic:", "error:")


@dataclass(frozen=True, slots=True)
class CompiledState:
    """A table's source and its compiled file; times are seconds since the epoch, None is "not there"."""

    source: Path
    source_mtime: float | None
    compiled: Path | None
    """None for a table that is read as it is (texthash, regexp, pcre, cidr)."""
    compiled_mtime: float | None
    now: float

    @property
    def current(self) -> bool:
        """Whether Postfix, opening the table now, gets what the source says."""
        if self.source_mtime is None:
            return False
        if self.compiled is None:
            return True
        return self.compiled_mtime is not None and self.compiled_mtime >= self.source_mtime

    @property
    def hopeless(self) -> bool:
        """Whether compiling it does not make it current: its source is of the future, since the clock was set back."""
        if self.source_mtime is None or self.compiled_mtime is None:
            return False
        return self.source_mtime > self.now


def parse_answers(text: str) -> dict[str, str]:
    """Parse what ``postmap -q -`` prints: key, tab, value."""
    rows = (line.partition("\t") for line in text.split("\n"))
    return {key: value for key, tab, value in rows if tab}


def lookup(host: Host, table: str, key: str) -> str | None:
    """Look one key up, or None if the table does not have it; otherwise as `lookups`."""
    return lookups(host, table, (key,)).get(key)


def lookups(host: Host, table: str, keys: Iterable[str], *, limit: float = 60) -> dict[str, str]:
    """Look keys up in a table such as ``hash:/etc/aliases``, in one go, with ``postmap -q -``.

    The keys go in on standard input, so that none can be taken for an option.

    Args:
        host: the machine.
        table: ``type:name``.
        keys: what to look up.
        limit: seconds; a table behind proxymap(8) that cannot be opened hangs for a while.

    Returns:
        The value of each key that the table has.

    Raises:
        ValueError: a key is empty or has a line end or a tab in it.
        CommandError: the table cannot be opened or read; the message says why.
    """
    wanted = tuple(keys)
    bad = next((key for key in wanted if not key or set(key) & set("\r\n\t\0")), None)
    if bad is not None:
        raise ValueError(f"not a key that postmap can look up: {bad!r}")
    done = host.run(["postmap", "-q", "-", table], stdin="".join(f"{key}\n" for key in wanted), limit=limit)
    # Exit 1 is "not found" and also "cannot open"; only what was said tells them apart.
    failed = any(word in line for line in done.stderr.split("\n") for word in _FAILURES)
    if done.code not in {0, _NOT_FOUND} or failed:
        raise CommandError(f"postmap cannot read {table}: {done.said}")
    answers = parse_answers(done.stdout)
    return {key: answers[key] for key in wanted if key in answers}


def compiled_state(host: Host, table: str) -> CompiledState:
    """Compare a table's source with its compiled file.

    Args:
        host: the machine.
        table: ``type:path``; a ``proxy:`` before it makes no difference.

    Raises:
        ValueError: the table is not a type and the path of a file.
    """
    kind, _, name = table.removeprefix("proxy:").partition(":")
    if not kind or not name.startswith("/"):
        raise ValueError(f"not a lookup table in a file: {table!r}")
    source = Path(name)
    suffix = COMPILED.get(kind)
    compiled = Path(f"{name}{suffix}") if suffix else None
    return CompiledState(
        source=source,
        source_mtime=_mtime(host, source),
        compiled=compiled,
        compiled_mtime=_mtime(host, compiled) if compiled else None,
        now=host.now().timestamp(),
    )


def unopened(host: Host, tables: Iterable[str]) -> dict[str, int]:
    """Name the tables of transport_maps that Postfix goes on without, each with the process that has not opened it.

    A daemon that could not open a table when it started answers every lookup with an error until it ends, also when the
    table has been there for long.
    """
    files = {f"{table.partition(':')[2]}{COMPILED[kind]}": table for table in tables if (kind := _kind(table))}
    there = host.processes() if files else ()
    masters = {each.pid for each in there if each.name == MASTER}
    # One that has left its master serves the clients it has to their end, and gets no others.
    routers = [each.pid for each in there if each.name == ROUTER and each.parent in masters]
    found: dict[str, int] = {}
    for pid in routers:
        looked = host.run(["find", f"/proc/{pid}/fd", "-type", "l", "-printf", r"%l\n"])
        opened = {line.removesuffix(" (deleted)") for line in looked.stdout.split("\n")}
        if looked.ok:  # it may have ended
            found |= {table: pid for name, table in files.items() if name not in opened and host.state(Path(name))}
    return found


def _kind(table: str) -> str:
    kind = table.partition(":")[0]
    return kind if kind in _KEPT_OPEN else ""


def _mtime(host: Host, path: Path) -> float | None:
    state = host.state(path)
    return state.mtime if state else None
