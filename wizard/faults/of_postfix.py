"""Faults of Postfix: its processes, its address classes, its tables, its mailboxes."""

from __future__ import annotations

from wizard.faults.model import Fault
from wizard.faults.scripts import DATA, GIVE_BACK, RELOAD, main_cf, taken

FAULTS: tuple[Fault, ...] = (
    Fault(
        "postfix-stopped",
        "Postfix is stopped.",
        "postfix stop",
        1,
        "postfix.listening",
        "MW102",
    ),
    Fault(
        "port-25-taken",
        "Another program listens on port 25.",
        f"postfix stop\n{taken(25)}",
        1,
        "postfix.listening",
        "MW103",
        by_hand=GIVE_BACK,
    ),
    Fault(
        "domain-in-no-class",
        "The list domain is in no address class.",
        "postconf -e mydestination=\"$(postconf -h mydestination | sed 's/, *local.edu *$//')\"\n" + RELOAD,
        1,
        "postfix.local-delivery",
        "MW105",
    ),
    Fault(
        "users-unknown",
        "local_recipient_maps holds Mailman's map and not the users of the machine.",
        main_cf(f"local_recipient_maps=hash:{DATA}/postfix_lmtp"),
        1,
        "postfix.local-delivery",
        "MW106",
    ),
    Fault(
        "loopback-missing",
        "inet_interfaces leaves loopback out.",
        "ip address add 198.51.100.80/32 dev lo\n"
        "postconf -e inet_interfaces=198.51.100.80\n"
        "postfix stop\n"
        "postfix start",
        1,
        "postfix.listening",
        "MW107",
        clears="ip address del 198.51.100.80/32 dev lo",
    ),
    Fault(
        "smtp-service-missing",
        "The line of port 25 in master.cf is a comment.",
        "sed -i 's/^smtp  *inet /#&/' /etc/postfix/master.cf\npostfix stop\npostfix start",
        1,
        "postfix.listening",
        "MW116",
    ),
    Fault(
        "value-fatal",
        "A value of main.cf lets smtpd die at its start.",
        main_cf("smtpd_helo_required=maybe"),
        1,
        "postfix.listening",
        "MW117",
        by_hand="postconf -X smtpd_helo_required\npostfix stop\npostfix start",
    ),
    Fault(
        "mailboxes-closed",
        "The directory of the mailboxes cannot be written to.",
        "mount --bind /var/mail /var/mail\nmount -o remount,ro,bind /var/mail",
        1,
        "postfix.local-delivery",
        "MW108",
        by_hand="umount /var/mail",
    ),
    Fault(
        "spool-full",
        "The file system of Postfix's queue is full.",
        "postfix stop\n"
        "mkdir /root/spool\n"
        "cp -a /var/spool/postfix/. /root/spool\n"
        "mount -t tmpfs -o size=16m spool /var/spool/postfix\n"
        "cp -a /root/spool/. /var/spool/postfix\n"
        "head -c 8m /dev/zero > /var/spool/postfix/filling\n"
        "postfix start",
        1,
        "postfix.local-delivery",
        "MW109",
        by_hand="postfix stop\numount /var/spool/postfix\nrm -r /root/spool",
    ),
    Fault(
        "open-relay",
        "Anybody may send mail to anywhere through this server.",
        main_cf("mynetworks=0.0.0.0/0"),
        1,
        "postfix.relay",
        "MW104",
    ),
    Fault(
        "table-type-lacking",
        "transport_maps names Mailman's map with a type that this Postfix lacks.",
        main_cf(f"transport_maps=nosuchtype:{DATA}/postfix_lmtp"),
        1,
        "postfix.local-delivery",
        "MW110",
    ),
    Fault(
        "map-unreadable",
        "transport_maps reads Mailman's map through proxymap, which may not open it.",
        main_cf(f"transport_maps=proxy:hash:{DATA}/postfix_lmtp"),
        1,
        "postfix.local-delivery",
        "MW111",
    ),
    Fault(
        "aliases-not-compiled",
        "The compiled file of the aliases is missing.",
        f"rm /etc/aliases.db\n{RELOAD}",
        1,
        "postfix.local-delivery",
        "MW111",
    ),
    Fault(
        "map-missing",
        "The file of Mailman's map is missing.",
        f"rm {DATA}/postfix_lmtp {DATA}/postfix_lmtp.db\n{RELOAD}",
        1,
        "postfix.local-delivery",
        "MW115",
    ),
    Fault(
        "map-made-too-late",
        "Mailman's map is there again, and Postfix's router began without it.",
        f"rm {DATA}/postfix_lmtp {DATA}/postfix_lmtp.db\n{RELOAD}\n"
        "python3 -c \"import smtplib; server = smtplib.SMTP('127.0.0.1'); server.ehlo(); server.mail(''); "
        "server.rcpt('root@local.edu')\"\n"
        "runuser -u list -- mailman aliases",
        1,
        "postfix.local-delivery",
        "MW115",
    ),
    Fault(
        "two-classes",
        "The list domain is in mydestination and in virtual_mailbox_domains.",
        main_cf("virtual_mailbox_domains=local.edu"),
        1,
        "postfix.configuration",
        "MW101",
    ),
    Fault(
        "alias-catch-all",
        "A virtual alias catches all mail of the domain, the list's too.",
        main_cf("virtual_alias_maps=inline:{@local.edu=root@mail.local.edu}"),
        1,
        "postfix.local-delivery",
        "MW112",
        by_hand=main_cf("virtual_alias_maps="),
        clears=f"postconf -X virtual_alias_maps\n{RELOAD}",
    ),
)
