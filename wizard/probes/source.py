"""An address outside the trusted networks to speak SMTP from, as a stranger on the network would."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address, ip_network
from typing import Literal

from wizard.facts import addresses
from wizard.facts.address_class import holds
from wizard.host import Host

Version = Literal[4, 6]
"""Of the Internet protocol."""
TEMPORARY: dict[Version, str] = {4: "198.51.100.77", 6: "2001:db8::77"}
"""Of the networks that are kept for documentation (RFC 5737, RFC 3849), which are nobody's."""
_LABEL = "lo"
_UNUSED = ("nodad", "valid_lft", "forever", "preferred_lft", "0")
"""At once, and never chosen by anybody who does not ask for it (RFC 4862: deprecated)."""


def outside(host: Host, networks: Iterable[str], version: Version) -> str | None:
    """Return an address of this machine that no trusted network holds, or None.

    Raises:
        CommandError: a table of networks cannot be read.
    """
    trusted = " ".join(networks)
    for found in addresses.read(host):
        address = ip_address(str(found.address).partition("%")[0])
        near = address.is_loopback or address.is_link_local
        if address.version == version and not near and not holds(host, trusted, str(address), fits=_inside):
            return str(address)
    return None


def _inside(network: str, address: str) -> bool:
    return ip_address(address) in ip_network(network.replace("[", "").replace("]", ""))


def make(host: Host, version: Version) -> str:
    """Give the loopback interface a temporary address, and return it.

    Raises:
        CommandError: ip(8) refused; CAP_NET_ADMIN is needed.
    """
    address = TEMPORARY[version]
    unused = _UNUSED if version == 6 else ()  # noqa: PLR2004 (IPv6)
    host.run(["ip", "address", "replace", _with_prefix(address), "dev", _LABEL, *unused]).require()
    return address


def remove(host: Host, address: str) -> None:
    """Take a temporary address away; one that is gone already is no error.

    Raises:
        CommandError: ip(8) refused.
        ValueError: it is not a temporary address.
    """
    if address not in TEMPORARY.values():
        raise ValueError(f"{address} is not a probe's address")
    shown = host.run(["ip", "-brief", "address", "show", "dev", _LABEL]).require()
    if _with_prefix(address) in shown.stdout.split():
        host.run(["ip", "address", "del", _with_prefix(address), "dev", _LABEL]).require()


def _with_prefix(address: str) -> str:
    return f"{address}/{ip_address(address).max_prefixlen}"
