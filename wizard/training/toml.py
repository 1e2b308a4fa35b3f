"""Where in a text of TOML a key stands, which neither tomllib nor tomlkit tells."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

Path = tuple[str | int, ...]
_TABLE = re.compile(r"\s*(?P<open>\[{1,2})\s*(?P<name>[\w.\-]+)\s*\]{1,2}\s*(?:#.*)?$")
_KEY = re.compile(r"\s*(?P<key>[\w.\-]+)\s*=")
_LONG = re.compile(r'"""|\'\'\'')


def places(text: str) -> Mapping[Path, int]:
    """Give the line, counted from 1, of every table and of every key that begins one; bare keys only.

    A key within an inline table is not there; `line` falls back to what it is in.
    """
    found: dict[Path, int] = {(): 1}
    counts: dict[Path, int] = {}
    table: Path = ()
    inside = ""
    for number, line in enumerate(text.split("\n"), start=1):
        if not inside:
            table = _noted(line, number, table, found, counts)
        for mark in _LONG.findall(line):
            inside = "" if inside == mark else inside or mark
    return found


def _noted(line: str, number: int, table: Path, found: dict[Path, int], counts: dict[Path, int]) -> Path:
    if head := _TABLE.match(line):
        path = _opened(head["name"].split("."), counts, several=head["open"] == "[[")
        found.setdefault(path, number)
        return path
    if key := _KEY.match(line):
        found.setdefault((*table, *key["key"].split(".")), number)
    return table


def _opened(names: Sequence[str], counts: dict[Path, int], *, several: bool) -> Path:
    path: Path = ()
    for position, name in enumerate(names, start=1):
        path = (*path, name)
        if position == len(names) and several:
            counts[path] = counts.get(path, 0) + 1
        if path in counts:
            path = (*path, counts[path] - 1)
    return path


def line(found: Mapping[Path, int], path: Path) -> int:
    """Give the line of a key, or of the nearest thing around it."""
    while path not in found:
        path = path[:-1]
    return found[path]
