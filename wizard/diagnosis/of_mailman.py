"""The codes of stage 2: Mailman's configuration, processes, database and files."""

from __future__ import annotations

from wizard.diagnosis.entry import Entry, unknown

ENTRIES: tuple[Entry, ...] = (
    unknown(2, "mailman"),
    Entry(
        "MW201",
        "Mailman does not run",
        "There is no master process of Mailman on this machine.",
        "Start it ('systemctl start mailman3', or 'runuser -u list -- mailman start') and read what it logs.",
        ("ps -u list -o pid,args", "tail -n 20 /var/log/mailman3/mailman.log"),
        fixable=True,
    ),
    Entry(
        "MW202",
        "A runner of Mailman is missing",
        "No working process fills {slots}: {why}.",
        "Read Mailman's log for the reason, take 'start: no' out of its section of mailman.cfg, then restart Mailman; "
        "one that is stopped goes on with 'kill -CONT PID'.",
        (
            "ps -u list -o pid,stat,args",
            "grep -A 5 '^.runner' /etc/mailman3/mailman.cfg",
            "tail -n 50 /var/log/mailman3/mailman.log",
        ),
        fixable=True,
    ),
    Entry(
        "MW203",
        "Mailman does not run, and a lock of its last run is in the way",
        "{path} is left of a Mailman that was killed, or of a host that had another name; 'mailman start' refuses.",
        "Start it with 'mailman start --force', which takes a lock that nobody holds.",
        ("cat {path}", "ps -u list -o pid,args"),
        fixable=True,
    ),
    Entry(
        "MW204",
        "Another program holds Mailman's database",
        "{holder} holds a lock on {path}, so Mailman cannot write.",
        "End that program, or what it does to the file; a busy server does better with PostgreSQL.",
        ("fuser -v {path}", "tail -n 20 /var/log/mailman3/mailman.log"),
    ),
    Entry(
        "MW205",
        "Mailman cannot write its database",
        "{path} belongs to {owner} with mode {mode}; Mailman runs as list.",
        "Give it to list, who must be able to read and write it.",
        ("ls -ld {path}",),
        fixable=True,
    ),
    Entry(
        "MW206",
        "Another program has the port of Mailman's REST interface",
        "Port {port} belongs to {holder}, so Mailman's rest runner cannot listen there.",
        "Stop that program, or name another port in the answers (mailman.rest), then restart Mailman.",
        ("ss -ltnp 'sport = :{port}'", "tail -n 20 /var/log/mailman3/mailman.log"),
    ),
    Entry(
        "MW207",
        "The REST user or password in mailman.cfg is not the one that is in use",
        "Mailman refuses the user name or the password that {path} has: the file was changed after Mailman "
        "had started.",
        "Restart Mailman; web front ends need the same user and password in their own configuration.",
        ("ls -l {path}", "ps -u list -o pid,lstart,args"),
        fixable=True,
    ),
    Entry(
        "MW208",
        "A queue's directory is not Mailman's",
        "{path} belongs to {owner} with mode {mode}; Mailman runs as list and cannot work there.",
        "Give it to list, who must be able to read and write there.",
        ("ls -ld {path}", "ls -l {path}"),
        fixable=True,
    ),
    Entry(
        "MW209",
        "mailman.cfg has a syntax error",
        "{error}",
        "Mend the line; what runs goes on with the old configuration, and nothing starts with this one.",
        ("runuser -u list -- mailman conf",),
        fixable=True,
    ),
    Entry(
        "MW210",
        "A setting of mailman.cfg is not as the answers say",
        "{name} is {value}; the answers ask for {wanted}.",
        "Let the wizard set it, or change the answers: 'mailman-wizard plan --stage 2' shows the lines.",
        ("runuser -u list -- mailman conf",),
        fixable=True,
    ),
    Entry(
        "MW211",
        "lmtp_host is a name",
        "lmtp_host is {value}, a name: Postfix asks DNS for it, and Mailman cannot listen at it without an answer.",
        "Set lmtp_host to {wanted}, restart Mailman, and write the maps anew ('mailman aliases').",
        ("runuser -u list -- mailman conf -s mta", "getent hosts {value}"),
        fixable=True,
    ),
    Entry(
        "MW212",
        "Mailman hands its mail to another place than Postfix",
        "{key} is {value} in mailman.cfg, and Postfix takes mail at {wanted}.",
        "Set {key} to {wanted} and restart Mailman. A web front end's 'REST API not available' may mean no more than "
        "such a wrong SMTP server of its own.",
        ("runuser -u list -- mailman conf -s mta", "tail -n 20 /var/log/mailman3/smtp.log"),
        fixable=True,
    ),
    Entry(
        "MW213",
        "Mailman takes mail elsewhere than where Postfix hands it over",
        "{key} is {value} in mailman.cfg, and the answers (and with them Postfix's map) say {wanted}.",
        "Set {key} to {wanted}, restart Mailman, and write the maps anew ('mailman aliases').",
        ("runuser -u list -- mailman conf -s mta", "ss -ltnp 'sport = :{lmtp_port}'"),
        fixable=True,
    ),
    Entry(
        "MW214",
        "Another program has Mailman's LMTP port",
        "Port {port} belongs to {holder}, so Mailman's lmtp runner cannot listen there.",
        "Stop that program, or name another port in the answers (mailman.lmtp), then restart Mailman.",
        ("ss -ltnp 'sport = :{port}'", "tail -n 20 /var/log/mailman3/mailman.log"),
    ),
    Entry(
        "MW215",
        "The running Mailman has another configuration than mailman.cfg",
        "{names} is not in the running Mailman as it stands in {path}, which Mailman reads at its start only.",
        "Restart Mailman.",
        (
            "curl -u restadmin http://{rest}/3.1/system/configuration/mailman",
            "ls -l {path}",
            "ps -u list -o lstart,args",
        ),
        fixable=True,
    ),
    Entry(
        "MW216",
        "Others can get at Mailman's configuration",
        "{said}; mailman.cfg holds the REST password.",
        "Give {path} to {owner}:{group}, with mode {mode}; if others could read the password, set a new one.",
        ("ls -la /etc/mailman3",),
        fixable=True,
    ),
)
