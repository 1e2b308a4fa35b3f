"""Mailman's effective configuration, as ``mailman conf`` tells it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import TypeAlias

from wizard.errors import CommandError
from wizard.host import Host

Configuration: TypeAlias = Mapping[tuple[str, str], str]
"""Value by section and key. The REST password and the database URL are in it: never log it as a whole."""

USER = "list"
"""Who Mailman runs as on Debian; ``mailman`` refuses to run as root."""
LIMIT = 60.0
"""Seconds that a ``mailman`` command may take; starting Python and its imports take one or two."""
_VALUE = re.compile(r"\[(?P<section>[^\]\s]+)\] (?P<key>[A-Za-z0-9_]+):(?: (?P<value>.*))?", re.DOTALL)
_VERSION = re.compile(r"GNU Mailman ([0-9]\S*)")
_TRUE = frozenset({"1", "enable", "enabled", "on", "true", "yes"})
_ROUNDS = 10
"""How deep names may refer to one another; more is a circle."""
_LONGEST_PATH = 4096


def parse(text: str) -> dict[tuple[str, str], str]:
    """Parse ``[section] key: value`` lines.

    A line of another form carries the value before it on (joined with a newline); before the first value
    it is a warning, and left out.
    """
    found: dict[tuple[str, str], list[str]] = {}
    current: list[str] = []
    for line in text.split("\n"):
        match = _VALUE.fullmatch(line)
        if match:
            current = found[match["section"], match["key"]] = [match["value"] or ""]
        else:
            current.append(line)
    return {name: "\n".join(lines).strip() for name, lines in found.items()}


def read(host: Host, config: Path) -> dict[tuple[str, str], str]:
    """Tell every value in effect, defaults among them, for the configuration file `config`.

    ``$name`` is not expanded in them; see `directories` and `expand`.

    Raises:
        CommandError: there is no Mailman, or it refuses the configuration.
    """
    found = parse(_mailman(host, "-C", str(config), "conf"))
    if not found:
        raise CommandError("mailman conf told no value")
    return found


def version(host: Host) -> str:
    """Tell Mailman's version, for instance ``3.3.8``.

    Raises:
        CommandError: there is no Mailman, or it does not tell.
    """
    match = _VERSION.search(_mailman(host, "--version"))
    if not match:
        raise CommandError("mailman does not tell its version")
    return match[1]


def is_true(value: str) -> bool:
    """Read a boolean as lazr.config does."""
    return value.strip().lower() in _TRUE


def directories(conf: Configuration, config: Path) -> dict[str, Path]:
    """Tell the paths of the layout in use, by their names in ``[paths.…]`` (``queue_dir``, ``log_dir`` …).

    A path that depends on where Mailman was started from (the layout ``here``) is left out.
    """
    section = f"paths.{conf.get(('mailman', 'layout'), '')}"
    values = {key: value for (where, key), value in conf.items() if where == section}
    names = {**values, "cfg_file": str(config)}
    found = {key: _expanded(value, names) for key, value in values.items()}
    return {key: Path(value) for key, value in found.items() if value and "$" not in value}


def expand(value: str, conf: Configuration, config: Path, **names: str) -> str:
    """Expand ``$DATA_DIR`` and the like, and `names`, in a value; what is unknown stays as it is."""
    paths = {key.upper(): str(path) for key, path in directories(conf, config).items()}
    return Template(value).safe_substitute(paths, **names)


def _expanded(value: str, names: Mapping[str, str]) -> str:
    for _ in range(_ROUNDS):
        if "$" not in value or len(value) > _LONGEST_PATH:
            break
        value = Template(value).safe_substitute(names)
    return value


def _mailman(host: Host, *arguments: str) -> str:
    return host.run(["mailman", *arguments], user=USER, limit=LIMIT).require().stdout
