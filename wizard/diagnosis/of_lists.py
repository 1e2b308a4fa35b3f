"""The codes of stages 3 to 6: the way to the lists, the lists themselves, and what must outlive a boot."""

from __future__ import annotations

from wizard.diagnosis.entry import Entry, unknown

ENTRIES: tuple[Entry, ...] = (
    unknown(3, "lmtp"),
    Entry(
        "MW301",
        "Nothing listens for LMTP",
        "Nothing listens at {lmtp}, where the site's lists are to be handed over.",
        "See that Mailman's lmtp runner lives, and that lmtp_host and lmtp_port in mailman.cfg are the site's.",
        ("ss -ltnp 'sport = :{lmtp_port}'", "runuser -u list -- mailman conf -s mta"),
        fixable=True,
    ),
    Entry(
        "MW302",
        "Postfix does not know the way to the lists",
        "transport_maps does not lead {address} to Mailman: the answer is {answer}.",
        "Put Mailman's map into transport_maps ('mailman-wizard plan --stage 3' shows the line), and reload Postfix.",
        ("postconf transport_maps", "postmap -q {address} {table}"),
        fixable=True,
    ),
    Entry(
        "MW303",
        "A map of Mailman's is missing or not compiled",
        "{table} is missing, or was never compiled.",
        "Let Mailman write it anew: 'runuser -u list -- mailman aliases'.",
        ("ls -l {path}*", "postmap -q {address} {table}"),
        fixable=True,
    ),
    Entry(
        "MW304",
        "A map of Mailman's is older, compiled, than its source",
        "The compiled file of {table} is older than its source: Postfix does not know what is new in it.",
        "Let Mailman write it anew: 'runuser -u list -- mailman aliases'.",
        ("ls -l --full-time {path}*", "postmap -q {address} {table}"),
        fixable=True,
    ),
    Entry(
        "MW306",
        "Confirmations cannot come back",
        "recipient_delimiter is {value}: without a plus sign, or with a dash, at which Postfix splits first, "
        "LIST-confirm+TOKEN is nobody's address, and every reply to a confirmation is refused.",
        "Set recipient_delimiter to +.",
        ("postconf recipient_delimiter",),
        fixable=True,
    ),
    Entry(
        "MW307",
        "Somebody who is to join is banned",
        "{address} bans {ban}, and with it {person}, who can neither join nor post.",
        "Take the ban back if it is not meant, of the list or of the whole site; a ban on everybody closes the list.",
        ("curl -u restadmin http://{rest}/3.1/lists/{address}/bans", "curl -u restadmin http://{rest}/3.1/bans"),
    ),
    unknown(4, "subscription"),
    Entry(
        "MW401",
        "A list takes members in another way than the answers say",
        "The subscription policy of {address} is {present}; the answers say {wanted}.",
        "Let the wizard set it, or change the answers: 'mailman-wizard plan --stage 4' shows it.",
        ("mailman-wizard plan --stage 4",),
        fixable=True,
    ),
    Entry(
        "MW402",
        "A pending request swallows the next one",
        "{address} has asked to join {list_address} and not confirmed: until that expires, Mailman silently drops "
        "every further request.",
        "Discard the pending request, then ask again.",
        ("runuser -u list -- mailman members {list_address}",),
        fixable=True,
    ),
    Entry(
        "MW405",
        "Postfix refuses Mailman's mail",
        "Postfix answered {answer} when Mailman handed over the mail for {address}: {said}",
        "Let this machine's own mail pass: 127.0.0.0/8 in mynetworks, and permit_mynetworks first in the restrictions.",
        ("tail -n 20 /var/log/mailman3/smtp.log", "postconf mynetworks smtpd_recipient_restrictions"),
    ),
    Entry(
        "MW403",
        "A list holds every post",
        "{address} is in emergency moderation: every post waits for the moderator.",
        "Switch emergency off when the reason for it is gone.",
        ("mailman-wizard plan --stage 4",),
        fixable=True,
    ),
    Entry(
        "MW404",
        "What members post does not go out",
        "{address} does this with what its members post: {action} (default_member_action).",
        "Set default_member_action to defer, unless only some may post.",
        ("mailman-wizard plan --stage 4",),
        fixable=True,
    ),
    Entry(
        "MW406",
        "Mailman threw a message into its shunt queue",
        "An exception stopped Mailman in the middle of a message: {error}",
        "Mend what the traceback names, then 'mailman unshunt' works the message off.",
        ("tail -n 50 /var/log/mailman3/mailman.log", "ls -l /var/lib/mailman3/queue/shunt"),
    ),
    Entry(
        "MW407",
        "A template of Mailman's cannot be had or read",
        "A text that Mailman adds to mail keeps it from going out: {error}. The template: {texts}. Where Mailman logs "
        "'Cannot connect to SMTP server' for it, that misleads: it is the template's server that it means.",
        "See that the template is there, that its address answers, and that it is UTF-8; then 'mailman unshunt' works "
        "off what was shunted.",
        ("tail -n 50 /var/log/mailman3/mailman.log", "find /var/lib/mailman3/templates -type f"),
    ),
    Entry(
        "MW408",
        "A rule of a list holds what members post",
        "{address} holds posts for its moderator by this rule: {rule}.",
        "Change the setting that the rule stands on if that is not meant: max_num_recipients, administrivia, "
        "require_explicit_destination, the header matches …; or let the moderator look at such posts.",
        (
            "grep HOLD: /var/log/mailman3/mailman.log",
            "curl -u restadmin http://{rest}/3.1/lists/{address}/config",
            "curl -u restadmin http://{rest}/3.1/lists/{address}/header-matches",
        ),
    ),
    unknown(5, "broadcast"),
    Entry(
        "MW504",
        "A list holds posts for their size",
        "{address} holds posts of more than {size} kilobytes (max_message_size).",
        "Raise max_message_size (Mailman's default is 40).",
        ("mailman-wizard plan --stage 4",),
        fixable=True,
    ),
    Entry(
        "MW505",
        "A subscriber has delivery switched off",
        "{address} gets no mail from lists: delivery_status is {status}.",
        "That is the subscriber's own choice, or came of bounces; name somebody else in check.subscribers, or ask.",
        ("runuser -u list -- mailman members --nomail any {list}",),
    ),
    unknown(6, "integration"),
    Entry(
        "MW601",
        "A service does not start at boot",
        "{services} would not start when this machine boots.",
        "Enable it ('systemctl enable', or 'update-rc.d NAME defaults' where there is no systemd).",
        ("systemctl is-enabled postfix mailman3", "ls /etc/rc2.d"),
        fixable=True,
    ),
    Entry(
        "MW602",
        "A message was in a runner's hands when Mailman was stopped",
        "Mailman was stopped in the middle of a message and threw it into its shunt queue.",
        "Work it off with 'mailman unshunt', and run the check again.",
        ("tail -n 50 /var/log/mailman3/mailman.log", "ls -l /var/lib/mailman3/queue/shunt"),
    ),
)
