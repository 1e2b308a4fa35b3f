from __future__ import annotations

import socket
from dataclasses import dataclass
from ipaddress import ip_address

from hypothesis import given
from hypothesis import strategies as st

from wizard.facts import addresses
from wizard.facts.addresses import Address
from wizard.localhost import LocalHost

LINK = 17
"""AF_PACKET, a hardware address."""


@dataclass(frozen=True, slots=True)
class Told:
    family: int
    address: str


def test_addresses_by_interface() -> None:
    interfaces = {
        "lo": [Told(socket.AF_INET, "127.0.0.1"), Told(socket.AF_INET6, "::1"), Told(LINK, "00:00:00:00:00:00")],
        "eth0": [Told(socket.AF_INET, "192.0.2.7"), Told(socket.AF_INET6, "fe80::1%eth0")],
    }
    assert addresses.parse(interfaces) == (
        Address("eth0", ip_address("192.0.2.7")),
        Address("eth0", ip_address("fe80::1%eth0")),
        Address("lo", ip_address("127.0.0.1")),
        Address("lo", ip_address("::1")),
    )


def test_this_machine_has_a_loopback() -> None:
    assert any(found.address.is_loopback for found in addresses.read(LocalHost()))


@given(st.text())
def test_nothing_crashes_the_parser(text: str) -> None:
    addresses.parse({"x": [Told(socket.AF_INET, text), Told(socket.AF_INET6, text)]})
