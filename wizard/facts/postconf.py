"""Postfix's configuration, as postconf(1) tells it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from wizard.errors import CommandError
from wizard.host import Host

_SETTING = re.compile(r"(?P<name>\S+) =(?: (?P<value>.*))?", re.DOTALL)
_FIELDS = 8


@dataclass(frozen=True, slots=True)
class Service:
    """One line of master.cf; see master(5). None stands for ``-``, the default."""

    name: str
    """Service name, or for ``inet`` the port, perhaps after an address and a colon."""
    kind: str
    """inet, unix, unix-dgram, fifo or pass."""
    private: bool | None
    unprivileged: bool | None
    chroot: bool | None
    wakeup: str | None
    """Seconds, with ``?`` after them for a service that is only woken when it is used."""
    processes: int | None
    """The limit; 0 is none."""
    command: str
    """Program and arguments on one line."""

    @property
    def program(self) -> str:
        """The program alone."""
        return self.command.split(maxsplit=1)[0]

    @property
    def place(self) -> str:
        """Where it listens, by the port's name: ``25``, ``127.0.0.1:smtp`` and ``[::1]:25`` are all ``smtp/inet``."""
        port = self.name.rpartition(":")[2]
        return f"{'smtp' if port == '25' else port}/{self.kind}"


def parse_settings(text: str) -> dict[str, str]:
    """Parse the ``name = value`` lines of ``postconf``, ``-d``, ``-n`` and ``-x``.

    postconf puts a value that takes several lines in main.cf on one.
    """
    found = (_SETTING.fullmatch(line) for line in text.split("\n"))
    return {match["name"]: (match["value"] or "").strip() for match in found if match}


def parse_services(text: str) -> tuple[Service, ...]:
    """Parse the lines of ``postconf -M``; one that has not eight fields is left out."""
    rows = (line.split(None, _FIELDS - 1) for line in text.split("\n") if not line.startswith("#"))
    return tuple(_service(row) for row in rows if len(row) == _FIELDS)


def parse_overrides(text: str) -> dict[tuple[str, str], str]:
    """Parse the ``service/type/name = value`` lines of ``postconf -P``.

    Returns:
        The value of each ``-o`` setting in master.cf, by service (``submission/inet``) and name.
    """
    found = {}
    for name, value in parse_settings(text).items():
        service, slash, setting = name.rpartition("/")
        if slash:
            found[service, setting] = value
    return found


def settings(host: Host, *, config: Path | None = None, names: Iterable[str] = ()) -> dict[str, str]:
    """Tell the effective values, defaults among them, with ``$name`` expanded.

    Args:
        host: the machine.
        config: another configuration directory than Postfix's own.
        names: only these; one that Postfix does not know is missing from the answer. None is all.

    Raises:
        CommandError: there is no postconf, or it cannot read the configuration.
    """
    return parse_settings(_postconf(host, config, "-x", *names))


def explicit(host: Host, *, config: Path | None = None) -> dict[str, str]:
    """Tell what main.cf sets, as it is written there; otherwise as `settings`."""
    return parse_settings(_postconf(host, config, "-n"))


def services(host: Host, *, config: Path | None = None) -> tuple[Service, ...]:
    """Tell the lines of master.cf; otherwise as `settings`."""
    return parse_services(_postconf(host, config, "-M"))


def overrides(host: Host, *, config: Path | None = None) -> Mapping[tuple[str, str], str]:
    """Tell the ``-o`` settings of master.cf, see `parse_overrides`; otherwise as `settings`."""
    return parse_overrides(_postconf(host, config, "-P"))


def map_types(host: Host) -> frozenset[str]:
    """Tell the lookup table types that this Postfix has.

    Raises:
        CommandError: there is no postconf, or it failed.
    """
    return frozenset(_postconf(host, None, "-m").split())


def version(host: Host) -> str:
    """Tell Postfix's version, for instance ``3.7.11``; it needs no readable main.cf.

    Raises:
        CommandError: there is no postconf, or it failed.
    """
    found = parse_settings(_postconf(host, None, "-d", "mail_version"))
    if not found.get("mail_version"):
        raise CommandError("postconf does not tell mail_version")
    return found["mail_version"]


def _postconf(host: Host, config: Path | None, *arguments: str) -> str:
    place = ("-c", str(config)) if config else ()
    return host.run(["postconf", *place, *arguments]).require().stdout


def _service(row: list[str]) -> Service:
    name, kind, private, unprivileged, chroot, wakeup, processes, command = row
    return Service(
        name=name,
        kind=kind,
        private=_flag(private),
        unprivileged=_flag(unprivileged),
        chroot=_flag(chroot),
        wakeup=None if wakeup == "-" else wakeup,
        processes=int(processes) if re.fullmatch(r"[0-9]{1,9}", processes) else None,
        command=command.rstrip(),
    )


def _flag(text: str) -> bool | None:
    return {"y": True, "n": False}.get(text)
