"""Mending what main.cf says of Mailman's maps, where it would stop all mail: another type, proxy:, a missing file.

This is stage 1's, although stage 3 puts the maps there: while one of them cannot be opened, no mail passes at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from wizard.facts import maps
from wizard.facts.address_class import entries
from wizard.host import Host
from wizard.mailman import cfg
from wizard.mailman.cfg import DOMAINS_MAP, LMTP_MAP
from wizard.plan import File, Rebuild, Why
from wizard.stages.main_cf import Parameter

NAMES = (
    "transport_maps",
    "local_recipient_maps",
    "relay_domains",
    "relay_recipient_maps",
    "virtual_mailbox_domains",
    "virtual_mailbox_maps",
)
"""The parameters in which Mailman's manual has its maps named."""


def parameters(host: Host, values: Mapping[str, str]) -> tuple[Parameter, ...]:
    """Give the parameters in which a map of Mailman's stands, with that map named as Mailman compiles it.

    Args:
        host: the machine.
        values: main.cf's, at least `NAMES` and ``default_database_type``.
    """
    paths = _paths(host)
    kind = values["default_database_type"]
    why = "Mailman's maps have this type, and are not open to proxymap"
    return tuple(
        Parameter(name, _named(kind, paths), why)
        for name in NAMES
        if any(_path(entry) in paths for entry in entries(values.get(name, "")))
    )


def missing(host: Host, stage: int, values: Mapping[str, str]) -> tuple[Rebuild, ...]:
    """Plan the maps of Mailman's that main.cf names and that are not there, or never were compiled."""
    kind, paths = values["default_database_type"], _paths(host)
    named = {_path(entry) for name in NAMES for entry in entries(values.get(name, ""))} & paths
    states = {path: maps.compiled_state(host, f"{kind}:{path}") for path in sorted(named)}
    gone = [path for path, state in states.items() if None in {state.source_mtime, state.compiled_mtime}]
    if not gone:
        return ()
    why = tuple(Why(path, "main.cf names it, and it is not there: all mail waits for it") for path in gone)
    return (Rebuild(stage, "Mailman's maps", (*cfg.COMMAND, "aliases"), cfg.USER, why),)


def unopened(host: Host, values: Mapping[str, str]) -> tuple[str, ...]:
    """Name the maps of Mailman's that are there, and that Postfix goes on without, because once they were not."""
    paths = _paths(host)
    return tuple(
        maps.unopened(host, (each for each in entries(values.get("transport_maps", "")) if _path(each) in paths))
    )


def legible(host: Host, stage: int) -> tuple[File, ...]:
    """Plan to comment out the lines of mailman.cfg that keep Mailman from making a map.

    Stage 2 does the same, and is not come to while mail waits for that map.

    Raises:
        RefusedError: mailman.cfg cannot be read as a configuration file.
    """
    state, config = host.state(cfg.PATH), cfg.read(host)
    if state is None or config is None or not config.broken:
        return ()
    text, lines = cfg.mended(config.text)
    why = tuple(Why(f"line {number}", "it is no setting, and keeps Mailman from making its maps") for number in lines)
    before, after = (each.encode("utf-8", "surrogateescape") for each in (config.text, text))
    return (File(stage, cfg.PATH, before, after, state.mode, state.owner, state.group, why),)


def _paths(host: Host) -> frozenset[str]:
    config = cfg.read(host)
    return frozenset(str(config.data_dir / name) for name in (LMTP_MAP, DOMAINS_MAP)) if config else frozenset()


def _path(entry: str) -> str:
    return entry.removeprefix("proxy:").partition(":")[2]


def _named(kind: str, paths: frozenset[str]) -> Callable[[str], str]:
    def becomes(value: str) -> str:
        words = [f"{kind}:{_path(entry)}" if _path(entry) in paths else entry for entry in entries(value)]
        return value if words == list(entries(value)) else ", ".join(words)

    return becomes
