"""Whether somebody has decided anything in main.cf, or it is as Debian's package wrote it (its postinst)."""

from __future__ import annotations

from collections.abc import Mapping

from wizard.facts.address_class import entries

ASKED = frozenset({"myhostname", "mydestination", "mynetworks", "inet_interfaces", "inet_protocols", "maillog_file"})
"""What the package's questions, or what makes a machine's image, may have given any value."""
WRITTEN: Mapping[str, frozenset[str]] = {
    "alias_database": frozenset({"hash:/etc/aliases", "lmdb:/etc/aliases"}),
    "alias_maps": frozenset({"hash:/etc/aliases", "lmdb:/etc/aliases"}),
    "append_dot_mydomain": frozenset({"no"}),
    "biff": frozenset({"no"}),
    "compatibility_level": frozenset({"2", "3.6", "3.8", "3.9", "3.10"}),
    "mailbox_size_limit": frozenset({"0"}),
    "myorigin": frozenset({"/etc/mailname"}),
    "readme_directory": frozenset({"no", "/usr/share/doc/postfix"}),
    "html_directory": frozenset({"/usr/share/doc/postfix/html"}),
    "recipient_delimiter": frozenset({"+"}),
    "relayhost": frozenset({""}),
    "smtp_tls_CApath": frozenset({"/etc/ssl/certs"}),
    "smtp_tls_security_level": frozenset({"may"}),
    "smtp_tls_session_cache_database": frozenset({"btree:${data_directory}/smtp_scache"}),
    "smtpd_banner": frozenset({"$myhostname ESMTP $mail_name (Debian/GNU)", "$myhostname ESMTP $mail_name (Ubuntu)"}),
    "smtpd_relay_restrictions": frozenset({"permit_mynetworks permit_sasl_authenticated defer_unauth_destination"}),
    "smtpd_tls_cert_file": frozenset({"/etc/ssl/certs/ssl-cert-snakeoil.pem"}),
    "smtpd_tls_key_file": frozenset({"/etc/ssl/private/ssl-cert-snakeoil.key"}),
    "smtpd_tls_security_level": frozenset({"may"}),
    "smtpd_tls_session_cache_database": frozenset({"btree:${data_directory}/smtpd_scache"}),
    "smtpd_use_tls": frozenset({"yes"}),
}
"""What it writes itself (main.cf.debian, main.cf.tls), in the releases that are about."""
NETWORKS = frozenset({"", "127.0.0.0/8 [::ffff:127.0.0.0]/104 [::1]/128"})
"""The networks that it suggests."""


def _domains(explicit: Mapping[str, str]) -> list[str]:
    """Give the domains in mydestination that are not this machine's own names: somebody has mail there."""
    own = {"$myhostname", explicit.get("myhostname", "").lower()}
    words = [word.lower() for word in entries(explicit.get("mydestination", ""))]
    return [word for word in words if "." in word and word not in own and not word.startswith("localhost.")]


def untouched(explicit: Mapping[str, str]) -> bool:
    """Tell it from what main.cf sets, as it is written there."""
    suggested = explicit.get("mynetworks", "") in NETWORKS and not _domains(explicit)
    return suggested and all(name in ASKED or value in WRITTEN.get(name, ()) for name, value in explicit.items())
