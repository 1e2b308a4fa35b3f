"""The codes of stage 1: Postfix, its tables and its mailboxes."""

from __future__ import annotations

from wizard.diagnosis.entry import Entry, unknown

ENTRIES: tuple[Entry, ...] = (
    unknown(1, "postfix"),
    Entry(
        "MW101",
        "The list domain is in two address classes",
        "{domain} is in {classes}; Postfix uses the first and ignores what the other says about recipients.",
        "Leave the domain in the one class that the site's domain_class names.",
        ("postconf mydestination virtual_alias_domains virtual_mailbox_domains relay_domains",),
        fixable=True,
    ),
    Entry(
        "MW102",
        "Postfix does not run",
        "There is no master process of Postfix on this machine.",
        "Start it ('postfix start', or 'systemctl start postfix') and read what it logs.",
        ("postfix status", "{mail_log}"),
        fixable=True,
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
        "A client at {address}, outside the trusted networks, may send mail to anywhere through port {port} of this "
        "server.",
        "Put reject_unauth_destination into smtpd_relay_restrictions, and only your own clients into mynetworks; "
        "what master.cf sets for a port goes before main.cf.",
        ("postconf mynetworks smtpd_relay_restrictions smtpd_recipient_restrictions", "postconf -P"),
        fixable=True,
    ),
    Entry(
        "MW105",
        "The list domain is in no address class",
        "No parameter of main.cf holds {domain}, so Postfix takes it for somebody else's domain and relays its mail.",
        "Put the domain where the site's domain_class says: 'mailman-wizard plan' shows the line.",
        ("postconf mydestination virtual_alias_domains virtual_mailbox_domains relay_domains",),
        fixable=True,
    ),
    Entry(
        "MW106",
        "The users of this machine are unknown to Postfix",
        "local_recipient_maps is {value}, which has no table of this machine's users, so their mail is refused.",
        "Put proxy:unix:passwd.byname and $alias_maps before Mailman's map in local_recipient_maps.",
        ("postconf local_recipient_maps", "sendmail -bv root@{domain}"),
        fixable=True,
    ),
    Entry(
        "MW107",
        "Postfix does not listen on loopback",
        "inet_interfaces is {value}: Postfix listens on port {port} of {where}, and Mailman hands mail to 127.0.0.1.",
        "Have loopback in inet_interfaces, then stop and start Postfix: a reload does not move listeners.",
        ("postconf inet_interfaces", "ss -ltnp 'sport = :{port}'"),
        fixable=True,
    ),
    Entry(
        "MW108",
        "Mailboxes cannot be written",
        "Postfix could not write the mailbox of {address}: {said}.",
        "Give the directory back its owner and mode (root:mail 2775 for /var/mail), or mount it writable.",
        ("ls -ld /var/mail", "findmnt -T /var/mail", "{mail_log}"),
    ),
    Entry(
        "MW109",
        "The file system of Postfix's queue is full",
        "{directory} has too little room: {left}, and Postfix wants {wanted} bytes before it takes mail.",
        "Make room on that file system; Postfix takes mail again by itself.",
        ("df -h {directory}", "df -i {directory}", "postconf queue_minfree message_size_limit"),
    ),
    Entry(
        "MW110",
        "A table has a type that this Postfix lacks",
        "{parameter} names {table}, and this Postfix knows only the types {types}.",
        "Name the table with a type that it has; Mailman's maps have that of default_database_type.",
        ("postconf {parameter}", "postconf -m"),
        fixable=True,
    ),
    Entry(
        "MW111",
        "A table of main.cf cannot be read",
        "{parameter} names {table}, and Postfix cannot read it; mail that needs it is put off.",
        "See that it is there, compiled, and open to Postfix (what proxy: reads must be open to the user postfix).",
        ("postmap -q postmaster {table}", "postconf {parameter}", "{mail_log}"),
        fixable=True,
    ),
    Entry(
        "MW112",
        "A table of Postfix's takes the list's mail away",
        "{parameter} has {table}, whose entry {key} sends {address} to {target}, before Postfix looks for Mailman.",
        "Take that entry out of the table, or give the lists entries of their own that lead to themselves.",
        ("postmap -q {key} '{table}'", "postconf {parameter}", "sendmail -bv {address}"),
    ),
    Entry(
        "MW113",
        "A mailbox is full",
        "The mailbox of {address} takes no more mail.",
        "Make room in that mailbox, or raise mailbox_size_limit or the user's quota.",
        ("postconf mailbox_size_limit", "ls -l /var/mail", "{mail_log}"),
    ),
    Entry(
        "MW114",
        "Postfix changes or drops mail by its content",
        "Postfix is told to look into mail and to change or drop it: {settings}.",
        "Take the rule that fits the lists' mail out of the table.",
        ("postconf header_checks body_checks smtpd_milters content_filter", "{mail_log}"),
    ),
    Entry(
        "MW115",
        "A map of Mailman's that Postfix needs is not there",
        "{parameter} names {table}, which is missing or was never compiled, or was so when Postfix looked for it; "
        "Postfix puts all mail off for it.",
        "Let Mailman write it: 'runuser -u list -- mailman aliases'. Then 'postfix reload': a daemon that could not "
        "open it does not look for it again.",
        ("ls -l {path}*", "runuser -u list -- mailman aliases", "postfix reload"),
        fixable=True,
    ),
    Entry(
        "MW116",
        "master.cf has no service on Postfix's port",
        "master.cf has no line for smtp (port {port}), or a commented-out one: Postfix runs and takes no mail.",
        "Put the line 'smtp inet n - y - - smtpd' back into master.cf, then stop and start Postfix.",
        ("postconf -M smtp/inet", "grep -n '^#*smtp .*inet' /etc/postfix/master.cf", "ss -ltnp 'sport = :{port}'"),
        fixable=True,
    ),
    Entry(
        "MW117",
        "A daemon of Postfix's dies at its start",
        "Postfix's {daemon} says '{said}' and ends, and master starts it once a minute only, in vain.",
        "Mend the setting that it names ('postconf -n' and 'postconf -P' list all), then stop and start Postfix: a "
        "reload leaves the daemon throttled for the rest of that minute.",
        ("postconf -n", "postconf -P", "{mail_log}"),
    ),
)
