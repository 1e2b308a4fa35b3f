"""The settings that close a server to strangers, each with its reason; every one may be refused by the answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

MAILMAN_CFG = "mailman.cfg"
"""Stands for the file's mode, owner and group."""
POSTFIX: Mapping[str, str] = {
    "smtpd_relay_restrictions": "mail for other servers is refused, not put off",
    "smtpd_forbid_bare_newline": "a lone line feed ends no message, so that nobody smuggles in another behind it "
    "(CVE-2023-51764)",
    "smtpd_forbid_unauth_pipelining": "a client that talks before it may, as programs that send spam do, is cut off",
    "disable_vrfy_command": "nobody finds out by VRFY which users there are",
    "smtpd_tls_security_level": "there is a certificate: who can encrypt may, and nobody must, because mail from "
    "those who cannot would be lost (RFC 3207, 4)",
}
"""Parameters of main.cf; what they become is for `wizard.stages.postfix.hardening` to say."""
MAILMAN: Mapping[str, str] = {
    "admin_pass": "the REST password must not be guessed",
    "show_tracebacks": "tracebacks tell a client about the server's inside",
    "email_commands_max_lines": "one mail with commands (join address=…) makes the server write to one or two "
    "addresses, not to ten",
    MAILMAN_CFG: "it holds the REST password: root writes it, Mailman reads it",
    "dmarc_mitigate_action": "a post from a domain whose DMARC policy forbids it goes out in the list's name: its "
    "readers' servers would refuse it",
}
"""Settings of mailman.cfg, the file itself, and a setting of each list of the answers."""


def among(known: Mapping[str, str]) -> Callable[[str], str]:
    """Make the rule that an answer is one of these names.

    The rule raises ValueError: what it may be.
    """

    def rule(name: str) -> str:
        if name not in known:
            raise ValueError(f"one of {', '.join(known)}")
        return name

    return rule
