"""This machine's network addresses."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Protocol

import psutil

from wizard.host import Host

_FAMILIES = frozenset({socket.AF_INET, socket.AF_INET6})


class InterfaceAddress(Protocol):
    """What psutil tells of an address."""

    @property
    def family(self) -> int:
        """The address's family; hardware addresses have one too."""
        ...

    @property
    def address(self) -> str:
        """The address as text, an IPv6 one perhaps with ``%`` and its zone."""
        ...


@dataclass(frozen=True, slots=True)
class Address:
    """One address of an interface."""

    interface: str
    """``lo``, ``eth0`` …"""
    address: IPv4Address | IPv6Address


def parse(interfaces: Mapping[str, Iterable[InterfaceAddress]]) -> tuple[Address, ...]:
    """Make addresses of what psutil tells, by interface; other families and oddities are left out."""
    return tuple(
        Address(name, found)
        for name, told in sorted(interfaces.items())
        for each in told
        if each.family in _FAMILIES and (found := _address(each.address))
    )


def read(host: Host) -> tuple[Address, ...]:
    """List the addresses of every interface, loopback included."""
    del host  # psutil asks the kernel of the machine it runs on, without a command
    return parse(psutil.net_if_addrs())


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None
