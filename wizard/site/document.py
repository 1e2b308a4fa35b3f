"""The text of site.toml: written anew, or the admin's own with only the changed values replaced."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT

from wizard.errors import AnswerError
from wizard.site import fields
from wizard.site.answers import Answers, build, given, plain
from wizard.site.model import Site


def fresh(site: Site) -> str:
    """Write every key, each below what it is for; one that follows from others is shown as a comment."""
    everything, own = plain(site), given(site)
    lines = [*_comment("schema"), _line("schema", everything["schema"])]
    for section in ("mail", "mailman", "lists", "check"):
        several = section == "lists"
        tables, kept = (everything[section], own[section]) if several else ([everything[section]], [own[section]])
        for number, (table, given_here) in enumerate(zip(tables, kept, strict=True)):
            lines += ["", f"[[{section}]]" if several else f"[{section}]"]
            for key, value in table.items():
                if number == 0:
                    lines += _comment(f"{section}.0.{key}" if several else f"{section}.{key}")
                lines.append(_line(key, value) if key in given_here else f"# {_line(key, value)}")
    return "\n".join([*lines, ""])


def edited(site: Site, original: str, before: Answers) -> str | None:
    """Replace in a text the values that differ from the site's.

    Args:
        site: the answers that it shall hold.
        original: TOML.
        before: the same, read.

    Returns:
        The new text, to be read again before it is trusted; None where its form cannot be kept.
    """
    try:
        document = tomlkit.parse(original)
        _edit(document, _meant(before), _Part(plain(site), given(site)))
        return tomlkit.dumps(document)
    except TOMLKitError:
        return None


@dataclass(frozen=True, slots=True)
class _Part:
    """All answers, or those of one table."""

    full: Answers
    """With what follows from other answers."""
    own: Answers
    """Without."""

    def __getitem__(self, section: str) -> _Part:
        return _Part(self.full.get(section, {}), self.own.get(section, {}))

    def lists(self) -> dict[str, _Part]:
        """The lists by their names."""
        pairs = zip(self.full.get("lists", ()), self.own.get("lists", ()), strict=True)
        return {full["name"]: _Part(full, own) for full, own in pairs}


_NOTHING = _Part({}, {})


def _meant(before: Answers) -> _Part:
    """What the original means, defaults included; nothing if it is not valid, so that all is written."""
    try:
        site = build(before)
    except AnswerError:
        return _NOTHING
    return _Part(plain(site), given(site))


def _edit(document: Any, old: _Part, new: _Part) -> None:
    for section in ("mail", "mailman", "check"):
        if not isinstance(document.get(section), dict) and old.own.get(section) != new.own[section]:
            document[section] = tomlkit.table()
        if section in document:
            _edit_table(document[section], old[section], new[section])
    if old.own.get("lists") != new.own["lists"]:
        _edit_lists(document, old.lists(), new.lists())


def _edit_table(table: Any, old: _Part, new: _Part) -> None:
    for key in [*table]:
        if key not in new.full:
            del table[key]
        elif old.full.get(key) != new.full[key]:
            table[key] = new.full[key]
    for key, value in new.own.items():
        if key not in table and old.own.get(key) != value:
            table[key] = value


def _edit_lists(document: Any, old: Mapping[str, _Part], new: Mapping[str, _Part]) -> None:
    """Keep the table of each list that stays, by its name."""
    present = document.get("lists")
    tables = {table.get("name"): table for table in present} if isinstance(present, AoT) else {}
    for name in tables.keys() & new.keys():
        _edit_table(tables[name], old.get(name, _NOTHING), new[name])
    if [*tables] == [*new]:
        return
    lists = tomlkit.aot()
    for name, spec in new.items():
        lists.append(tables[name] if name in tables else tomlkit.item(spec.own))
    document["lists"] = lists


def _comment(key: str) -> list[str]:
    field = fields.find(key)
    return textwrap.wrap(field.help, 100, initial_indent="# ", subsequent_indent="# ") if field else []


def _line(key: str, value: Any) -> str:
    return f"{key} = {tomlkit.item(value).as_string()}"
