"""Faults on the way to the lists, in the lists' settings, and at boot."""

from __future__ import annotations

from wizard.faults.model import Fault
from wizard.faults.scripts import AWAIT_MAILMAN, DATA, LIST, RELOAD, RESTART_MAILMAN, main_cf, rest, setting

_PERSON = ("--set", 'check.subscribers=["wendy@local.edu", "walter@local.edu"]')
_MAKE = "for user in wendy walter; do useradd --create-home $user; done"
_UNMAKE = "for user in wendy walter; do userdel --remove $user 2> /dev/null; rm -f /var/mail/$user; done"
_DECORATE = "/usr/lib/python3/dist-packages/mailman/handlers/decorate.py"
_FORGET = "".join(
    rest("DELETE", f"{kind}/{user}@local.edu", {}) for user in ("wendy", "walter") for kind in ("users", "addresses")
)
"""The wizard leaves those whom the answers name in Mailman."""
_TEMPLATES = "/var/lib/mailman3/templates/site/en"

FAULTS: tuple[Fault, ...] = (
    Fault(
        "transport-map-forgotten",
        "transport_maps lacks Mailman's map.",
        f"postconf -X transport_maps\n{RELOAD}",
        3,
        "lmtp.routing",
        "MW302",
    ),
    Fault(
        "domains-map-missing",
        "A map of Mailman's that main.cf does not name is missing.",
        f"rm {DATA}/postfix_domains {DATA}/postfix_domains.db",
        3,
        "lmtp.maps",
        "MW303",
    ),
    Fault(
        "map-stale",
        "Mailman's compiled map is older than its source.",
        f"touch -d '+2 minutes' {DATA}/postfix_lmtp",
        3,
        "lmtp.maps",
        "MW304",
    ),
    Fault(
        "delimiter-without-plus",
        "recipient_delimiter has no plus sign.",
        main_cf("recipient_delimiter="),
        3,
        "lmtp.resolution",
        "MW306",
    ),
    Fault(
        "policy-moderated",
        "The list's subscription policy is not the one of the answers.",
        setting("subscription_policy", "moderate"),
        4,
        "subscription.policy",
        "MW401",
    ),
    Fault(
        "mail-of-mailman-refused",
        "Postfix refuses what Mailman sends.",
        "printf '%s\\n' '/-(bounces|confirm)(\\+.*)?@/ REJECT not from here' > /etc/postfix/senders\n"
        + main_cf("smtpd_sender_restrictions=check_sender_access regexp:/etc/postfix/senders"),
        4,
        "subscription.join",
        "MW405",
        by_hand=f"postconf -X smtpd_sender_restrictions\nrm /etc/postfix/senders\n{RELOAD}",
    ),
    Fault(
        "everybody-banned",
        "The list is closed: it bans everybody.",
        rest("POST", f"{LIST}/bans", {"email": "^.*"}),
        3,
        "lmtp.command",
        "MW307",
        by_hand=rest("DELETE", f"{LIST}/bans/%5E.%2A", {}),
    ),
    Fault(
        "emergency",
        "The list is in emergency moderation.",
        setting("emergency", "True"),
        4,
        "subscription.silence-after-leave",
        "MW403",
    ),
    Fault(
        "members-held",
        "The list holds what its members post.",
        setting("default_member_action", "hold"),
        4,
        "subscription.silence-after-leave",
        "MW404",
    ),
    Fault(
        "recipients-limit",
        "The list holds posts to as few as one recipient.",
        setting("max_num_recipients", "1"),
        4,
        "subscription.silence-after-leave",
        "MW408",
        by_hand=setting("max_num_recipients", "10"),
    ),
    Fault(
        "size-limit",
        "The list holds posts of more than one kilobyte.",
        setting("max_message_size", "1"),
        5,
        "broadcast.delivery",
        "MW504",
    ),
    Fault(
        "broken-template",
        "A template of the site is not UTF-8, and every post is shunted.",
        f"mkdir -p {_TEMPLATES}\n"
        f"printf 'caf\\351 $display_name\\n' > {_TEMPLATES}/list:member:regular:footer.txt\n"
        "chown -R list:list /var/lib/mailman3/templates",
        4,
        "subscription.silence-after-leave",
        "MW407",
        by_hand=f"rm -r {_TEMPLATES}",
    ),
    Fault(
        "footer-away",
        "The list's footer is on a web server that does not answer, and no post goes out.",
        rest("PATCH", f"{LIST}/uris", {"list:member:regular:footer": "http://127.0.0.1:9/footer"}),
        4,
        "subscription.silence-after-leave",
        "MW407",
        by_hand=rest("PATCH", f"{LIST}/uris", {"list:member:regular:footer": ""}),
    ),
    Fault(
        "shunted",
        "A defect in Mailman's own code throws all that it sends into the shunt queue.",
        f'sed -i.kept \'s/^    """Decorate the message/    raise RuntimeError("out of order")\\n&/\' {_DECORATE}\n'
        f"{RESTART_MAILMAN}\n{AWAIT_MAILMAN}",
        4,
        "subscription.join",
        "MW406",
        by_hand=f"mv {_DECORATE}.kept {_DECORATE}\n{RESTART_MAILMAN}\n{AWAIT_MAILMAN}",
    ),
    Fault(
        "body-altered",
        "Postfix replaces lines of bodies.",
        "echo '/^Token:/ REPLACE Taken:' > /etc/postfix/bodies\n" + main_cf("body_checks=regexp:/etc/postfix/bodies"),
        1,
        "postfix.local-delivery",
        "MW114",
        by_hand=f"postconf -X body_checks\nrm /etc/postfix/bodies\n{RELOAD}",
    ),
    Fault(
        "mailbox-full",
        "One subscriber of two has a mailbox that is full.",
        f"{_MAKE}\n"
        "printf 'From wendy Sun Nov 22 08:00:00 2026\\nSubject: big\\n\\n' > /var/mail/wendy\n"
        "head -c 1100k /dev/zero | tr '\\0' x | fold >> /var/mail/wendy\n"
        "chown wendy:mail /var/mail/wendy\n" + main_cf("message_size_limit=1000000", "mailbox_size_limit=1100000"),
        1,
        "postfix.local-delivery",
        "MW113",
        by_hand=f": > /var/mail/wendy\npostconf -X message_size_limit\npostconf -e mailbox_size_limit=0\n{RELOAD}",
        clears=_UNMAKE,
        answers=_PERSON,
    ),
    Fault(
        "pending-join",
        "A subscriber has asked to join and not confirmed: the next request is dropped.",
        f"{_MAKE}\n" + rest("POST", "members", {"list_id": "reading-group.local.edu", "subscriber": "wendy@local.edu"}),
        4,
        "subscription.pending",
        "MW402",
        clears=f"{_UNMAKE}\n{_FORGET}",
        answers=_PERSON,
    ),
    Fault(
        "delivery-off",
        "One subscriber of two has delivery switched off.",
        f"{_MAKE}\n"
        + rest("POST", "users", {"email": "wendy@local.edu"})
        + rest("PATCH", "addresses/wendy@local.edu/preferences", {"delivery_status": "by_user"}),
        5,
        "broadcast.delivery",
        "MW505",
        by_hand=rest("PATCH", "addresses/wendy@local.edu/preferences", {"delivery_status": "enabled"}),
        clears=f"{_UNMAKE}\n{_FORGET}",
        answers=_PERSON,
    ),
    Fault(
        "not-at-boot",
        "Neither service starts at boot.",
        "for name in postfix mailman3; do update-rc.d $name remove; rm -f /etc/rc?.d/[SK]??$name; done",
        6,
        "integration.boot",
        "MW601",
    ),
)
