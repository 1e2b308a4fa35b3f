"""Single settings, remembered by a hash of each: which of them somebody has changed since a stage was verified."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace

from wizard.errors import CommandError, RefusedError
from wizard.facts import postconf
from wizard.host import Host
from wizard.mailman import cfg
from wizard.plan import File, Plan, Why
from wizard.staging import MAIN, MASTER, POSTFIX

Settings = Mapping[str, str]
"""Name of a setting, with its file before it, to a hash of its value."""
LENGTH = 16
"""Hexadecimal digits of a hash: it tells values from each other, and there is nothing to be kept from forging it."""


def settings(host: Host) -> dict[str, str]:
    """Tell every setting of main.cf, master.cf and mailman.cfg; of a file that cannot be read, none."""
    return {
        name: hashlib.sha256(value.encode("utf-8", "surrogateescape")).hexdigest()[:LENGTH]
        for name, value in _values(host)
    }


def changed(known: Settings, now: Settings, file: str) -> tuple[str, ...]:
    """Say what is not as it was in one file, each in a few words, in order.

    Args:
        known: the settings as they were; empty if nobody knows.
        now: as they are.
        file: its path.
    """
    names = sorted(name for name in {*known, *now} if name.startswith(f"{file} ")) if known else []
    found = [(name.removeprefix(f"{file} "), known.get(name), now.get(name)) for name in names]
    return tuple(
        f"{name} {'added' if old is None else 'taken out' if new is None else 'changed'}"
        for name, old, new in found
        if old != new
    )


def named(plan: Plan, known: Settings, now: Settings, since: str) -> Plan:
    """Say in a plan's reasons which of the settings that it changes are not as they were.

    Args:
        plan: the plan.
        known: the settings as they were; empty if nobody knows.
        now: as they are.
        since: when they were known, in words.
    """
    changes = tuple(_named(each, known, now, since) if isinstance(each, File) else each for each in plan.changes)
    return replace(plan, changes=changes)


def _named(file: File, known: Settings, now: Settings, since: str) -> File:
    return replace(file, why=tuple(_told(why, f"{file.path} {why.what}", known, now, since) for why in file.why))


def _told(why: Why, name: str, known: Settings, now: Settings, since: str) -> Why:
    old, new = known.get(name), now.get(name)
    if old == new or not any(each.startswith(f"{name.partition(' ')[0]} ") for each in known):
        return why
    done = "added" if old is None else "taken out" if new is None else "changed"
    return replace(why, reason=f"{why.reason}; it was {done} since {since}")


def _values(host: Host) -> Iterator[tuple[str, str]]:
    try:
        for name, value in postconf.explicit(host).items():
            yield f"{POSTFIX / MAIN} {name}", value
        for service in postconf.services(host):
            yield f"{POSTFIX / MASTER} {service.name}/{service.kind}", repr(service)
    except CommandError:
        pass
    try:
        config = cfg.read(host)
    except (RefusedError, OSError):
        return
    for (section, key), value in (config.values if config else {}).items():
        yield f"{cfg.PATH} [{section}] {key}", value
