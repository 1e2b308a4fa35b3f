"""Where Postfix takes mail, as a stranger finds it, and the address that a stranger asks from."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from typing import Any, cast

import pytest

from tests.unit.doubles import MASTER, Kept, MemoryHost
from wizard.facts import addresses
from wizard.facts.addresses import Address
from wizard.host import Listener
from wizard.probes import source
from wizard.scene import Scene
from wizard.site import Site
from wizard.stages import strangers

ROWS = """
smtp       inet  n - y - -  smtpd
smtps      inet  n - y - -  smtpd -o smtpd_tls_wrappermode=yes
127.0.0.1:10025 inet n - y - - smtpd
628        inet  n - y - -  qmqpd
pickup     unix  n - y 60 1 pickup
"""


def opened(*listeners: Listener, overrides: str = "smtps/inet/smtpd_tls_wrappermode = yes\n") -> list[str]:
    def postconf(argv: tuple[str, ...]) -> str:
        return {"-M": ROWS, "-P": overrides}.get(argv[1], "smtpd_tls_wrappermode = no\n")

    class Looking:
        site = Site()
        host = MemoryHost(commands={"postconf": postconf}, listening=listeners)

    found = strangers.openings(cast("Scene", cast("Any", Looking())))
    return [f"{each}{' in TLS' if each.tls else ''}" for each in found]


def test_every_port_and_family_the_site_s_own_first() -> None:
    found = opened(
        Listener("::1", 10025, MASTER.pid),
        Listener("0.0.0.0", 465, MASTER.pid),  # noqa: S104 (looked at, not bound to)
        Listener("::", 25, MASTER.pid),
        Listener("192.0.2.1", 2525, MASTER.pid),
    )
    assert found == [
        "port 25 of ::1",
        "port 465 of 127.0.0.1 in TLS",
        "port 2525 of 192.0.2.1",
        "port 10025 of ::1",
    ]


def test_a_port_of_master_cf_counts_whoever_seems_to_have_it() -> None:
    assert opened(Listener("127.0.0.1", 25, None), Listener("127.0.0.1", 8024, None)) == ["port 25 of 127.0.0.1"]


def test_what_speaks_no_smtp_is_not_asked() -> None:
    assert opened(Listener("127.0.0.1", 628, MASTER.pid)) == []


@pytest.mark.parametrize(
    ("version", "trusted", "wanted"),
    [
        (4, ["127.0.0.0/8"], "192.0.2.1"),
        (4, ["127.0.0.0/8", "192.0.2.0/24"], None),
        (6, ["[::1]/128"], "2001:db8::5"),
        (6, ["[2001:db8::]/32"], None),
        (4, ["127.0.0.0/8", "cidr:/etc/lan"], None),
        (4, ["!192.0.2.1/32", "cidr:/etc/lan"], "192.0.2.1"),
        (4, ["/etc/nets"], None),
        (6, ["/etc/nets", "cidr:/etc/lan"], "2001:db8::5"),
    ],
)
def test_an_address_outside_the_trusted_networks(
    monkeypatch: pytest.MonkeyPatch, version: source.Version, trusted: list[str], wanted: str | None
) -> None:
    there = ["127.0.0.1", "::1", "fe80::1", "192.0.2.1", "2001:db8::5"]
    monkeypatch.setattr(addresses, "read", lambda _host: tuple(Address("eth0", ip_address(each)) for each in there))
    host = MemoryHost(commands={"postmap": lambda _: "192.0.2.1\tOK\n"})
    host.files[Path("/etc/nets")] = Kept(b"127.0.0.0/8  # us\n192.0.2.0/28\n")
    assert source.outside(host, trusted, version) == wanted


def test_nobody_s_address_but_a_temporary_one_is_taken_away() -> None:
    with pytest.raises(ValueError, match="is not a probe's address"):
        source.remove(MemoryHost(), "192.0.2.1")
