"""Faults of Mailman: its processes, its configuration, its database, its files."""

from __future__ import annotations

from wizard.faults.model import Fault
from wizard.faults.scripts import AWAIT_MAILMAN, CFG, DATA, GIVE_BACK, RESTART_MAILMAN, cfg, killed, taken

_STOP = f"""
master=$(pgrep -o -f 'mailman3/bin/[m]aster')
runuser -u list -- mailman -C {CFG} stop
tail --pid=$master -f /dev/null
"""
_LOCK = """
mkfifo /root/locked
setsid /usr/bin/python3 -c '
import signal, sqlite3
database = sqlite3.connect("/var/lib/mailman3/data/mailman.db", isolation_level=None)
database.execute("BEGIN EXCLUSIVE")
open("/root/locked", "w").close()
signal.pause()
' > /dev/null 2>&1 < /dev/null &
echo $! > /root/locker.pid
: < /root/locked
rm /root/locked
"""

RUNNERS: tuple[Fault, ...] = tuple(
    Fault(
        f"{runner}-runner-dead",
        f"Mailman's {runner} runner is dead.",
        killed(runner),
        2,
        "mailman.runners",
        "MW202",
    )
    for runner in ("in", "pipeline", "out", "virgin", "command", "lmtp", "bounces", "rest")
)
FAULTS: tuple[Fault, ...] = (
    Fault("mailman-stopped", "Mailman is stopped.", _STOP, 2, "mailman.runners", "MW201"),
    Fault(
        "stale-lock",
        "Mailman was killed, and its lock is still there.",
        "pid=$(pgrep -o -f 'mailman3/bin/[m]aster')\n"
        "pkill -KILL -u list -f 'mailman3/bin/[mr](aster|unner)'\n"
        "tail --pid=$pid -f /dev/null\n"
        "test -e /var/lib/mailman3/locks/master.lck",
        2,
        "mailman.runners",
        "MW203",
    ),
    *RUNNERS,
    Fault(
        "runner-switched-off",
        "mailman.cfg switches the bounces runner off.",
        f"printf '\\n[runner.bounces]\\nstart: no\\n' >> {CFG}\n{RESTART_MAILMAN}\n{AWAIT_MAILMAN}",
        2,
        "mailman.runners",
        "MW202",
    ),
    Fault(
        "database-locked",
        "Another program holds a lock on the database.",
        _LOCK,
        2,
        "mailman.configuration",
        "MW204",
        by_hand="kill $(cat /root/locker.pid); tail --pid=$(cat /root/locker.pid) -f /dev/null; rm /root/locker.pid",
    ),
    Fault(
        "database-closed",
        "The database's file belongs to root.",
        f"chown root:root {DATA}/mailman.db; chmod 640 {DATA}/mailman.db",
        2,
        "mailman.configuration",
        "MW205",
    ),
    Fault(
        "rest-port-taken",
        "Another program listens on the port of Mailman's REST interface.",
        f"{_STOP}\n{taken(8001)}\nrunuser -u list -- mailman -C {CFG} start > /dev/null",
        2,
        "mailman.runners",
        "MW206",
        by_hand=f"{GIVE_BACK}\n{_STOP}",
    ),
    Fault(
        "password-differs",
        "The REST password in mailman.cfg is not the one that Mailman was started with.",
        cfg("webservice", "admin_pass", "0123456789012345678901234567890123456789"),
        2,
        "mailman.rest",
        "MW207",
    ),
    Fault(
        "running-outdated",
        "Mailman was started with another site_owner than mailman.cfg has, and the file is older than its start.",
        f"cp -a {CFG} /root/mailman.cfg.kept\n"
        f"{cfg('mailman', 'site_owner', 'nobody@wrong.example')}\n{RESTART_MAILMAN}\n{AWAIT_MAILMAN}\n"
        f"mv /root/mailman.cfg.kept {CFG}",
        2,
        "mailman.in-effect",
        "MW215",
    ),
    Fault(
        "queue-of-root",
        "A queue's directory belongs to root.",
        "chown root:root /var/lib/mailman3/queue/virgin",
        2,
        "mailman.runners",
        "MW208",
    ),
    Fault(
        "password-open-to-a-group",
        "mailman.cfg belongs to the group users, whose members can read the REST password.",
        f"chown list:users {CFG}",
        2,
        "mailman.files",
        "MW216",
    ),
    Fault(
        "configuration-open-to-all",
        "Everybody can write in the directory that mailman.cfg is in.",
        "chmod 777 /etc/mailman3",
        2,
        "mailman.files",
        "MW216",
    ),
    Fault(
        "syntax-error",
        "mailman.cfg has a line that is no setting.",
        f"printf '\\nthis is = not: [a setting\\n  \\n[broken\\n' >> {CFG}",
        2,
        "mailman.configuration",
        "MW209",
    ),
    Fault(
        "lmtp-port-differs",
        "Mailman takes mail on another port than Postfix's map says.",
        f"{cfg('mta', 'lmtp_port', '8025')}\n{RESTART_MAILMAN}",
        2,
        "mailman.configuration",
        "MW213",
    ),
    Fault(
        "lmtp-host-a-name",
        "lmtp_host is a name that does not resolve.",
        f"{cfg('mta', 'lmtp_host', 'lists.invalid')}\n{RESTART_MAILMAN}",
        2,
        "mailman.configuration",
        "MW211",
    ),
    Fault(
        "lmtp-port-taken",
        "Another program listens on the port where Mailman takes mail.",
        f"{_STOP}\n{taken(8024)}\nrunuser -u list -- mailman -C {CFG} start > /dev/null",
        2,
        "mailman.runners",
        "MW214",
        by_hand=f"{GIVE_BACK}\n{_STOP}",
    ),
    Fault(
        "smtp-host-wrong",
        "Mailman hands its mail to a host that does not take it.",
        f"{cfg('mta', 'smtp_host', '127.0.0.9')}\n{RESTART_MAILMAN}\n{AWAIT_MAILMAN}",
        2,
        "mailman.configuration",
        "MW212",
        clears=f"{cfg('mta', 'smtp_host', 'localhost')}\n{RESTART_MAILMAN}\n{AWAIT_MAILMAN}",
    ),
    Fault(
        "setting-changed",
        "Mailman shows its tracebacks to whoever asks REST.",
        f"{cfg('webservice', 'show_tracebacks', 'yes')}\n{RESTART_MAILMAN}\n{AWAIT_MAILMAN}",
        2,
        "mailman.configuration",
        "MW210",
    ),
    Fault(
        "smtp-port-wrong",
        "Mailman hands its mail to a port where nobody is.",
        f"{cfg('mta', 'smtp_port', '26')}\n{RESTART_MAILMAN}\n{AWAIT_MAILMAN}",
        2,
        "mailman.configuration",
        "MW212",
    ),
)
