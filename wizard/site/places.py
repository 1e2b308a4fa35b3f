"""What a network, a listening address and a database may be.

Rules as in `wizard.site.names`: the normal form, or `ValueError` with what it may be.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any
from urllib.parse import quote, unquote

Network = IPv4Network | IPv6Network

SMTP_PORT = 25
"""Where Postfix listens (RFC 5321, 4.5.4.2)."""
HIGHEST_PORT = 65535

PRIVATE = tuple(
    ip_network(text)
    for text in (
        "127.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "::1/128",
        "fc00::/7",
        "fe80::/10",
    )
)
"""Loopback, private, shared and link-local networks (RFC 6890): of any size in `mail.networks`."""
PUBLIC_PREFIX = {4: 16, 6: 32}
"""The shortest prefix of a public network: whoever is inside may relay through this server."""

SHORTEST_PASSWORD = 8
"""Characters; a shorter one would be found in half of all that is logged."""

_IN_HOME = re.compile(r"~/(?!/)(?!(?:.*/)?\.\.?(?:/|\Z))[A-Za-z0-9._/-]{1,200}")
_TABLE = re.compile(r"!?(?:(?:proxy:)?[a-z]+:)?/[A-Za-z0-9._/-]+")
"""A table, or a file of patterns, that holds networks (postconf(5), mynetworks)."""
_SQLITE = re.compile(r"sqlite:////[A-Za-z0-9._/-]+")
_NOT_IN_NETWORK = re.compile(r"[^0-9A-Fa-f.:/]")
_HOST_PORT = re.compile(r"(?:\[(?P<six>[^\[\]]*)\]|(?P<host>[^\[\]:]*)):(?P<port>0|[1-9][0-9]*)", re.ASCII)
_WORD = r"(?:[A-Za-z0-9._~-]|%[0-9A-Fa-f]{2})"
_SETTING = r"(?:host|sslmode|sslrootcert|connect_timeout)=[A-Za-z0-9_./-]+"
_DATABASE = re.compile(
    rf"postgresql://(?:(?P<user>{_WORD}+)(?::(?P<password>{_WORD}*))?@)?"
    r"(?:[A-Za-z0-9.-]*|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{1,5}))?"
    rf"/(?P<name>[A-Za-z0-9_.-]+)(?:\?{_SETTING}(?:&{_SETTING})*)?"
)


@dataclass(frozen=True, slots=True)
class HostPort:
    """Where a server listens."""

    host: str
    """An IP address, without brackets."""
    port: int

    @property
    def bracketed(self) -> str:
        """The host as URLs have it: IPv6 in brackets (RFC 3986, 3.2.2)."""
        return f"[{self.host}]" if ":" in self.host else self.host

    def __str__(self) -> str:
        """Write it as site.toml has it."""
        return f"{self.bracketed}:{self.port}"


def host_port(value: Any) -> Any:
    """Read `ADDRESS:PORT` where it is a text; anything else is returned as it is.

    Raises:
        ValueError: what it may be.
    """
    if not isinstance(value, str):
        return value
    parts = _HOST_PORT.fullmatch(value)
    if not parts:
        raise ValueError("an address and a port, such as 127.0.0.1:8024 or [::1]:8024")
    host = parts["six"] if parts["host"] is None else parts["host"]
    try:
        found = IPv4Address(host) if parts["six"] is None else IPv6Address(host)
    except ValueError:
        raise ValueError(
            "an IP address and not a name, such as 127.0.0.1:8024: Postfix would ask DNS for the name"
        ) from None
    # More digits than a port has are not worth converting.
    return HostPort(str(found), int(parts["port"][:6]))


def loopback(value: HostPort) -> HostPort:
    """Check that a server of Mailman's would listen on this machine alone.

    Neither LMTP nor Mailman's REST knows who is talking to it before the mail or the password is sent, so
    both stay on 127.0.0.0/8 (RFC 1122, 3.2.1.3) or ::1 (RFC 4291, 2.5.3).

    Raises:
        ValueError: what it may be.
    """
    found = ip_address(value.host)
    if not found.is_loopback or getattr(found, "ipv4_mapped", None) or getattr(found, "scope_id", None):
        raise ValueError("an address in 127.0.0.0/8 or [::1]: from elsewhere nobody may hand mail or orders to Mailman")
    if not 1 <= value.port <= HIGHEST_PORT:
        raise ValueError(f"a port from 1 to {HIGHEST_PORT}, such as 127.0.0.1:8024")
    if value.port == SMTP_PORT:
        raise ValueError(f"a port other than {SMTP_PORT}, which is Postfix's own")
    return value


def mailbox(text: str) -> str:
    """Check where mail is put: `mbox`, `maildir`, or a place in the user's home, with a slash after a Maildir.

    Raises:
        ValueError: what it may be.
    """
    if text not in {"mbox", "maildir"} and not _IN_HOME.fullmatch(text):
        raise ValueError("mbox, maildir, or a place in the user's home, such as ~/.mail/ for a Maildir of that name")
    return text


def interfaces(text: str) -> str:
    """Check where Postfix is to listen: `loopback-only`, `all`, or addresses (postconf(5), inet_interfaces).

    Raises:
        ValueError: what it may be.
    """
    if text in {"loopback-only", "all"}:
        return text
    words = [word for word in re.split(r"[,\s]+", text) if word]
    try:
        found = [ip_address(word.strip("[]")) for word in words if word != "localhost"]
    except ValueError:
        raise ValueError("loopback-only, all, or addresses such as 127.0.0.1, 192.0.2.5") from None
    if "localhost" not in words and IPv4Address("127.0.0.1") not in found:
        raise ValueError("addresses with 127.0.0.1 among them, where Mailman hands over its mail")
    return ", ".join(words)


def listening(text: str) -> frozenset[str]:
    """Give the addresses that a list of `interfaces` names."""
    named = {word.strip("[]") for word in text.split(", ")}
    return frozenset(named - {"localhost"} | ({"127.0.0.1", "::1"} if "localhost" in named else set()))


def network(text: str) -> str:
    """Check one entry of mynetworks and return it as postconf(5) wants it: IPv6 in brackets.

    What is excluded (``!``), and tables and files of networks, are returned as they are.

    Raises:
        ValueError: what it may be.
    """
    if _TABLE.fullmatch(text):
        return text
    if text.startswith("!"):
        return f"!{network(text[1:])}"
    inner = re.sub(r"^\[([^\[\]]*)\]", r"\1", text)
    found = _around(inner)
    if found is None:
        raise ValueError("a network, such as 127.0.0.0/8, 192.168.1.0/24 or [::1]/128")
    if (one := ip_address(inner.partition("/")[0])) != found.network_address:
        raise ValueError(f"the network {_written(found)}, or the one host {_written(ip_network(one))}")
    if not is_private(found) and found.prefixlen < PUBLIC_PREFIX[found.version]:
        raise ValueError(
            f"a private network, or a public one no wider than /{PUBLIC_PREFIX[found.version]}: "
            "all that is inside may send mail to anywhere through this server"
        )
    return _written(found)


def parsed(text: str) -> Network:
    """Read an entry of mynetworks that `network` has returned."""
    return ip_network(text.replace("[", "").replace("]", ""))


def is_private(found: Network) -> bool:
    """Tell whether all of a network is loopback, private, shared or link-local."""
    return any(_holds(outer, found) for outer in PRIVATE)


def holds_loopback(networks: tuple[str, ...]) -> bool:
    """Tell whether 127.0.0.1, from where Mailman sends, is in one of these networks, or may be in a table of them."""
    return any(
        _TABLE.fullmatch(text) or _holds(parsed(text), ip_network("127.0.0.1"))
        for text in networks
        if not text.startswith("!")
    )


def database(text: str) -> str:
    """Check the database: `sqlite`, or the URL of an SQLite file or of PostgreSQL in SQLAlchemy's form.

    Raises:
        ValueError: what it may be; never the URL itself, which may hold a password.
    """
    if text == "sqlite" or _SQLITE.fullmatch(text):
        return text
    parts = _DATABASE.fullmatch(text)
    if not parts:
        raise ValueError(
            "sqlite, or postgresql://USER:PASSWORD@HOST/NAME, where in USER and PASSWORD all but letters, "
            "digits, '-', '.', '_' and '~' is written as %XX (RFC 3986, 2.1)"
        )
    if parts["port"] and not 1 <= int(parts["port"]) <= HIGHEST_PORT:
        raise ValueError(f"a URL with a port from 1 to {HIGHEST_PORT}")
    user, password = (unquote(parts[part] or "") for part in ("user", "password"))
    if not f"{user}{password}".isprintable():
        raise ValueError("a URL whose USER and PASSWORD hold no control characters")
    if password and (len(password) < SHORTEST_PASSWORD or password in {user, parts["name"]}):
        raise ValueError(
            f"a URL with a password of at least {SHORTEST_PASSWORD} characters that is not the user's or "
            "the database's name: what stands in other words cannot be kept out of logs"
        )
    return text


def passwords(url: str) -> tuple[str, ...]:
    """Give the password of a database URL in every form it may show up in: as written, plain, and quoted."""
    parts = _DATABASE.fullmatch(url)
    written = (parts["password"] or "") if parts else ""
    plain = unquote(written)
    return tuple(dict.fromkeys(form for form in (written, plain, quote(plain, safe="")) if form))


def _around(text: str) -> Network | None:
    """Give the network that an address and a prefix length are in."""
    # ip_network takes the name of an interface behind a % as well; mynetworks does not.
    if _NOT_IN_NETWORK.search(text):
        return None
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


def _written(found: Network) -> str:
    if found.version == 4:  # noqa: PLR2004 - the number of a protocol
        return str(found)
    return f"[{found.network_address}]/{found.prefixlen}"


def _holds(outer: Network, inner: Network) -> bool:
    if isinstance(outer, IPv4Network):
        return isinstance(inner, IPv4Network) and inner.subnet_of(outer)
    return isinstance(inner, IPv6Network) and inner.subnet_of(outer)
