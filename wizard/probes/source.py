"""An address outside the trusted networks to speak SMTP from, as a stranger on the network would."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address, ip_network

from wizard.facts import addresses
from wizard.host import Host

TEMPORARY = "198.51.100.77"
"""Of TEST-NET-2 (RFC 5737), which is nobody's."""
_LABEL = "lo"


def outside(host: Host, networks: Iterable[str]) -> str | None:
    """Return an IPv4 address of this machine that no trusted network holds, or None."""
    trusted = [ip_network(network.replace("[", "").replace("]", "")) for network in networks]
    for found in addresses.read(host):
        address = ip_address(str(found.address))
        if address.version == 4 and not address.is_loopback and not any(address in each for each in trusted):  # noqa: PLR2004
            return str(address)
    return None


def make(host: Host) -> str:
    """Give the loopback interface a temporary address, and return it.

    Raises:
        CommandError: ip(8) refused; CAP_NET_ADMIN is needed.
    """
    host.run(["ip", "address", "replace", f"{TEMPORARY}/32", "dev", _LABEL]).require()
    return TEMPORARY


def remove(host: Host, address: str) -> None:
    """Take the temporary address away; one that is gone already is no error.

    Raises:
        CommandError: ip(8) refused.
        ValueError: it is not the temporary address.
    """
    if address != TEMPORARY:
        raise ValueError(f"{address} is not a probe's address")
    shown = host.run(["ip", "-brief", "address", "show", "dev", _LABEL]).require()
    if f"{TEMPORARY}/32" in shown.stdout:
        host.run(["ip", "address", "del", f"{TEMPORARY}/32", "dev", _LABEL]).require()
