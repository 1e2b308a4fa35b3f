"""Asking Postfix as a stranger does: from an address outside the trusted networks, on every port it takes mail on."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address

from wizard import services
from wizard.check import CheckFailedError
from wizard.facts import postconf
from wizard.facts.postconf import Service
from wizard.mail import conversation
from wizard.mail.dialogue import ConversationError, Endpoint, Reply
from wizard.probes import source
from wizard.probes.source import Version
from wizard.scene import Scene
from wizard.stages import proof

EVERY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 (compared with, never bound to)
"""Where somebody on this machine meets who listens on all addresses."""
PROGRAMS = frozenset({"smtpd", "postscreen"})
"""The services of Postfix that speak SMTP with clients (master(5))."""
KNOWN = {"smtp": 25, "smtps": 465, "submissions": 465, "submission": 587}
"""The names that master.cf gives ports by, where /etc/services lacks them."""
WRAPPED = "smtpd_tls_wrappermode"
NULL_SENDER = ""
"""The sender of bounces: every server must take it (RFC 5321, 6.1), and no rule about senders' domains fits it."""


@dataclass(frozen=True, slots=True)
class Opening:
    """One address and port on which Postfix takes mail by SMTP."""

    endpoint: Endpoint
    tls: bool
    """From the first octet."""

    @property
    def version(self) -> Version:
        """The Internet protocol's."""
        return 4 if ip_address(self.endpoint.host).version == 4 else 6  # noqa: PLR2004 (IPv4)

    def __str__(self) -> str:
        """Name the place."""
        return f"port {self.endpoint.port} of {self.endpoint.host}"


def openings(scene: Scene) -> tuple[Opening, ...]:
    """Tell the places where Postfix takes mail by SMTP, the site's own port first.

    A listener is Postfix's if a process of Postfix has it, or if master.cf names its port.

    Raises:
        CommandError: postconf failed.
    """
    host = scene.host
    rows = [each for each in postconf.services(host) if each.kind == "inet"]
    overrides = postconf.overrides(host)
    by_default = postconf.settings(host, names=(WRAPPED,)).get(WRAPPED, "no")
    wrapped = {_port(each) for each in rows if overrides.get((f"{each.name}/inet", WRAPPED), by_default) == "yes"}
    speaking = {_port(each) for each in rows if each.program in PROGRAMS}
    others = {_port(each) for each in rows} - speaking
    ours = {process.pid for process in services.postfix_processes(host)}
    found = {
        Opening(Endpoint(EVERY.get(each.address, each.address), each.port), each.port in wrapped)
        for each in host.listeners()
        if each.port not in others and (each.pid in ours or each.port in speaking)
    }
    own = scene.site.smtp_port
    return tuple(sorted(found, key=lambda each: (each.endpoint.port != own, each.endpoint.port, each.endpoint.host)))


def _port(service: Service) -> int:
    """Tell the port of an inet service, whose name is a port after an address and a colon perhaps (master(5))."""
    name = service.name.rpartition(":")[2]
    if name.isdecimal():
        return int(name)
    try:
        return socket.getservbyname(name, "tcp")
    except OSError:
        return KNOWN.get(name, 0)


@contextmanager
def stranger(scene: Scene, version: Version) -> Iterator[str]:
    """Give an address outside the trusted networks; a temporary one where the machine has none, taken away after.

    Raises:
        CommandError: ip(8) refused.
    """
    ledger, host = scene.bench.ledger, scene.host
    address = source.outside(host, scene.site.mail.networks, version)
    if address is not None:
        yield address
        return
    ledger.note(source=source.TEMPORARY[version])
    temporary = source.make(host, version)
    try:
        yield temporary
    finally:
        source.remove(host, temporary)
        ledger.strike(temporary)


def ask(scene: Scene, opening: Opening, sender: str, recipients: Sequence[str], address: str) -> tuple[Reply, ...]:
    """Ask about recipients from an address, in one conversation that sends no mail.

    Raises:
        ConversationError: it did not come to the answers.
    """
    return conversation.rcpts(
        opening.endpoint,
        sender,
        recipients,
        source_address=address,
        tls=opening.tls,
        limit=proof.talk_limit(scene),
    )


def welcome(scene: Scene, recipients: Sequence[str]) -> tuple[str, ...]:
    """Prove that strangers can write to these recipients, where the site's answers let them; return the evidence.

    Raises:
        CheckFailedError: a recipient is not accepted from an address outside the trusted networks.
        CommandError: ip(8) or postconf refused.
    """
    if scene.site.mail.loopback_only:
        return ()
    return tuple(
        _welcome(scene, each, recipients) for each in openings(scene) if each.endpoint.port == scene.site.smtp_port
    )


def _welcome(scene: Scene, opening: Opening, recipients: Sequence[str]) -> str:
    with stranger(scene, opening.version) as address:
        try:
            replies = ask(scene, opening, NULL_SENDER, recipients, address)
        except ConversationError as error:
            raise CheckFailedError(
                f"from {address}, outside the trusted networks: nobody can write: {error}"
            ) from error
    for recipient, reply in zip(recipients, replies, strict=True):
        if not reply.accepted:
            raise CheckFailedError(
                f"from {address}, outside the trusted networks: RCPT TO:<{recipient}> must be accepted "
                f"(interfaces = all); the answer was: {reply}"
            )
    return f"from {address} at {opening}: {len(recipients)} recipient(s) accepted, for instance {recipients[0]}"
