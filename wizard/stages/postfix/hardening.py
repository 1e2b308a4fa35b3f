"""What closes Postfix to strangers: planned where this version has it, unless the answers refuse it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from wizard.facts import postconf
from wizard.facts.address_class import entries
from wizard.host import Host
from wizard.plan import Why
from wizard.site import Site
from wizard.site.hardening import POSTFIX
from wizard.stages.main_cf import Parameter

RELAY, SMUGGLING, TLS = "smtpd_relay_restrictions", "smtpd_forbid_bare_newline", "smtpd_tls_security_level"
NORMALIZES = "smtpd_forbid_bare_newline_reject_code"
"""A parameter that came with the value ``normalize`` (3.7.10, 3.8.5); before it there was only ``yes``."""
CERTIFICATES = ("smtpd_tls_cert_file", "smtpd_tls_eccert_file", "smtpd_tls_dcert_file", "smtpd_tls_chain_files")
NAMES = (*POSTFIX, NORMALIZES)
"""The parameters to be asked for, to know which of them this Postfix has."""
DEPENDS: Mapping[str, str] = {
    RELAY: "the check postfix.relay passes only where strangers are refused for good",
}
"""What does not pass without a value that is refused."""


def parameters(site: Site, values: Mapping[str, str], *, certificate: bool) -> tuple[Parameter, ...]:
    """List the parameters that are planned.

    Args:
        site: the answers, which may refuse some.
        values: main.cf's; a parameter that is not among them is one that this Postfix does not have.
        certificate: whether Postfix has one for TLS.
    """
    becomes = {
        RELAY: _relay,
        SMUGGLING: _no_smuggling("normalize" if NORMALIZES in values else "yes"),
        "smtpd_forbid_unauth_pipelining": _yes,
        "disable_vrfy_command": _yes,
        **({TLS: _offered} if certificate else {}),
    }
    return tuple(
        Parameter(name, change, POSTFIX[name])
        for name, change in becomes.items()
        if name in values and name not in site.mail.refused
    )


def refused(site: Site, values: Mapping[str, str]) -> Iterator[Why]:
    """Say of each value that the answers refuse how it stays, and what that means."""
    for name in (name for name in POSTFIX if name in site.mail.refused):
        if name in values:
            stays = f"refused by the answers (mail.refused), so it stays {values[name] or 'empty'!r}"
            yield Why(name, "; ".join([stays, *([DEPENDS[name]] if name in DEPENDS else [])]))


def certificate(host: Host) -> bool:
    """Tell whether Postfix names a certificate for TLS that is there.

    Raises:
        CommandError: postconf failed.
    """
    values = postconf.settings(host, names=CERTIFICATES)
    files = (entry for name in CERTIFICATES for entry in entries(values.get(name, "")))
    return any(entry.startswith("/") and host.state(Path(entry)) is not None for entry in files)


def _relay(value: str) -> str:
    """Refuse for good what Debian's file only puts off; keep everything else of the admin's."""
    words = ["reject_unauth_destination" if word == "defer_unauth_destination" else word for word in entries(value)]
    if words == list(entries(value)) and "reject_unauth_destination" in words:
        return value
    if not words:
        words = ["permit_mynetworks", "permit_sasl_authenticated"]
    if "reject_unauth_destination" not in words:
        words.append("reject_unauth_destination")
    return ", ".join(words)


def _no_smuggling(wanted: str) -> Callable[[str], str]:
    return lambda value: value if value in {"yes", "normalize", "reject"} else wanted


def _yes(_value: str) -> str:
    return "yes"


def _offered(_value: str) -> str:
    return "may"
