"""Every code with its texts; stable, because admins and scripts refer to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from wizard.diagnosis.model import Diagnosis


@dataclass(frozen=True, slots=True)
class Entry:
    """The texts of one code; ``{name}`` stands for this server's own values."""

    code: str
    title: str
    cause: str
    fix: str
    see: tuple[str, ...]


def _unknown(stage: int, name: str) -> Entry:
    return Entry(
        f"MW{stage}00",
        f"A check of stage {stage} ({name}) failed and its cause is not known",
        "What was expected was not seen; the evidence of the check says how far it came.",
        "Read the evidence, then the logs it names; run 'mailman-wizard check' again when something changed.",
        ("tail -n 50 /var/log/mail.log", "tail -n 50 /var/log/mailman3/mailman.log", "postqueue -p"),
    )


CATALOGUE: tuple[Entry, ...] = (
    _unknown(1, "postfix"),
    Entry(
        "MW101",
        "The list domain is in two address classes",
        "{domain} is in {classes}; Postfix uses the first and ignores what the other says about recipients.",
        "Leave the domain in the one class that the site's domain_class names.",
        ("postconf mydestination virtual_alias_domains virtual_mailbox_domains relay_domains",),
    ),
    Entry(
        "MW102",
        "Postfix does not run",
        "There is no master process of Postfix on this machine.",
        "Start it ('postfix start', or 'systemctl start postfix') and read what it logs.",
        ("postfix status", "tail -n 20 /var/log/mail.log"),
    ),
    Entry(
        "MW103",
        "Another program has Postfix's port",
        "Port {port} belongs to {holder}, so Postfix cannot listen there.",
        "Stop that program, or move it to another port, then start Postfix.",
        ("ss -ltnp 'sport = :{port}'",),
    ),
    Entry(
        "MW104",
        "Open relay",
        "A client at {address}, outside the trusted networks, may send mail to anywhere through this server.",
        "Put reject_unauth_destination into smtpd_relay_restrictions, and only your own clients into mynetworks.",
        ("postconf mynetworks smtpd_relay_restrictions smtpd_recipient_restrictions",),
    ),
    _unknown(2, "mailman"),
    Entry(
        "MW201",
        "Mailman does not run",
        "There is no master process of Mailman on this machine.",
        "Start it ('systemctl start mailman3', or 'runuser -u list -- mailman start') and read what it logs.",
        ("ps -u list -o pid,args", "tail -n 20 /var/log/mailman3/mailman.log"),
    ),
    Entry(
        "MW202",
        "A runner of Mailman is missing",
        "No working process fills {slots}; Mailman's master does not start a runner that has crashed again.",
        "Read Mailman's log for the reason, then restart Mailman.",
        ("ps -u list -o pid,stat,args", "tail -n 50 /var/log/mailman3/mailman.log"),
    ),
    _unknown(3, "lmtp"),
    Entry(
        "MW301",
        "Nothing listens for LMTP",
        "Nothing listens at {lmtp}, where the site's lists are to be handed over.",
        "See that Mailman's lmtp runner lives, and that lmtp_host and lmtp_port in mailman.cfg are the site's.",
        ("ss -ltnp 'sport = :{lmtp_port}'", "runuser -u list -- mailman conf -s mta"),
    ),
    Entry(
        "MW302",
        "Postfix does not know the way to the lists",
        "transport_maps does not lead {address} to Mailman: the answer is {answer}.",
        "Put Mailman's map into transport_maps ('mailman-wizard plan --stage 3' shows the line), and reload Postfix.",
        ("postconf transport_maps", "postmap -q {address} {table}"),
    ),
    Entry(
        "MW303",
        "A map of Mailman's is missing or not compiled",
        "{table} is missing, or its compiled file is older than its source.",
        "Let Mailman write it anew: 'runuser -u list -- mailman aliases'.",
        ("ls -l {path}*", "postmap -q {address} {table}"),
    ),
    _unknown(4, "subscription"),
    _unknown(5, "broadcast"),
    _unknown(6, "integration"),
)
_BY_CODE = {each.code: each for each in CATALOGUE}


def entry(code: str) -> Entry:
    """Return the texts of a code.

    Raises:
        KeyError: there is no such code.
    """
    return _BY_CODE[code]


def diagnose(code: str, words: Mapping[str, str], **values: str) -> Diagnosis:
    """Give a diagnosis with this server's own values.

    Raises:
        KeyError: no such code, or a value that its texts need is missing.
    """
    text, known = entry(code), {**words, **values}
    return Diagnosis(
        code=code,
        title=text.title,
        cause=text.cause.format_map(known),
        fix=text.fix,
        see=tuple(command.format_map(known) for command in text.see),
    )
