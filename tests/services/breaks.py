"""Ways to break a proven server for real, each with the checks that must see it: data for test_broken*.py."""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass
from string import Template

from tests.services.server import RESTART_MAILMAN, Report, Server
from wizard.faults.scripts import AWAIT_MAILMAN
from wizard.faults.scripts import RESTART_MAILMAN as RESTART_ANYHOW

_QUICK = ("--set", "check.limit=6", "--set", "check.subscribers=1")
RELOAD = "postfix reload"
RESTART = "postfix stop; postfix start"
RESTORE = "cp -a /root/postfix/. /etc/postfix"
KEEP = "cp -a /etc/postfix /root/postfix; cp -a /etc/mailman3/mailman.cfg /root/mailman.cfg"
"""Run once, before anything is broken."""
RESTORE_CFG = "cp -a /root/mailman.cfg /etc/mailman3/mailman.cfg"
DATA = "/var/lib/mailman3/data"
_SIGNAL = Template("kill -$signal $$(pgrep -f '[r]unner=$runner:')")
_NO_START = "sed -i 's/^class: .*SQLiteDatabase/class: mailman.database.gone.Database/' /etc/mailman3/mailman.cfg"
"""What runs goes on; what is started or stopped after it fails."""
_CONFIRM = "/usr/lib/python3/dist-packages/mailman/commands/eml_confirm.py"
_TAKES = r"        token = arguments\[0\]"
_TAKES_ANY = '        token = next(getUtility(IPendings).find(mlist, "subscription"), arguments)[0]'
"""A defect in Mailman itself: it goes by the first request that waits, whatever token it is given."""
_LIST = Template(
    shlex.quote(sys.executable)
    + """ -c "
from wizard.localhost import LocalHost
from wizard.mailman import cfg, rest
mailing_list = rest.find_list(rest.connect(cfg.read(LocalHost())), 'reading-group@local.edu')
$do
"
"""
)
_TAKE_PORT = """
postfix stop
mkfifo /root/ready
setsid python3 -c '
import signal, socket
taken = socket.create_server(("127.0.0.1", 25))
open("/root/ready", "w").close()
signal.pause()
' > /dev/null 2>&1 < /dev/null &
echo $! > /root/taker
: < /root/ready
"""
_GIVE_PORT = "kill $(cat /root/taker); rm /root/ready /root/taker; postfix start"


@dataclass(frozen=True, slots=True)
class Break:
    """One way to break the server, and what a check of one stage must then say."""

    name: str
    stage: int
    breaks: str
    """A script for the lab."""
    heals: str
    fails: tuple[tuple[str, str], ...]
    """Each check that must fail, and a word that its evidence must have."""
    also: frozenset[str] = frozenset()
    """Checks that cannot but fail too."""
    answers: tuple[str, ...] = ()
    """Arguments of the program without which it cannot be seen."""

    def tried(self, server: Server) -> Report:
        """Break the server, run the stage's checks, and heal it."""
        server.sh(self.breaks)
        try:
            return server.report("check", "--stage", str(self.stage), *_QUICK, *self.answers)
        finally:
            server.sh(self.heals)

    def must_show(self, report: Report) -> None:
        """Compare what the checks said with what they must say."""
        assert report.exit == 1
        assert report.failed == {check for check, _ in self.fails} | self.also, report.not_passed
        for check, word in self.fails:
            assert word in report.checks[check].evidence, report.not_passed


def _of_list(*do: str) -> str:
    """Change the real list alone."""
    return _LIST.substitute(do="\n".join(do))


def _setting(**values: object) -> str:
    """Change settings of the real list alone."""
    return _of_list(
        *(f"mailing_list.settings[{key!r}] = {value!r}" for key, value in values.items()),
        "mailing_list.settings.save()",
    )


def _postfix(name: str, stage: int, breaks: str, *fails: tuple[str, str], also: tuple[str, ...] = ()) -> Break:
    """Change Postfix's configuration, and have it read."""
    return Break(name, stage, f"{breaks}\n{RELOAD}", f"{RESTORE}\n{RELOAD}", fails, frozenset(also))


def _for_all(name: str, stage: int, breaks: str, *fails: tuple[str, str]) -> Break:
    """Change Postfix's configuration where it is to listen to everybody."""
    opened = f"postconf -e inet_interfaces=all\n{breaks}\n{RESTART}"
    return Break(name, stage, opened, f"{RESTORE}\n{RESTART}", fails, answers=("--set", "mail.interfaces=all"))


def _stopped(runner: str, stage: int, *fails: tuple[str, str], also: tuple[str, ...] = ()) -> Break:
    """Stop a runner as a hung one stands: its process is there, and nothing moves."""
    stop, go = (_SIGNAL.substitute(signal=signal, runner=runner) for signal in ("STOP", "CONT"))
    return Break(f"{runner} runner stopped", stage, stop, go, fails, frozenset(also))


def _off(*runners: str) -> Break:
    """Switch runners off in mailman.cfg, and start Mailman so."""
    sections = "".join(f"\\n[runner.{runner}]\\nstart: no\\n" for runner in runners)
    return Break(
        f"{' '.join(runners)} switched off",
        2,
        f"printf '{sections}' >> /etc/mailman3/mailman.cfg\n{RESTART_ANYHOW}\n{AWAIT_MAILMAN}",
        f"{RESTORE_CFG}\n{RESTART_MAILMAN}",
        tuple(("mailman.runners", f"switches {runner} off") for runner in runners),
    )


def _copied(name: str, stage: int, pattern: str, copy: str, *fails: tuple[str, str]) -> Break:
    """Have Postfix send a copy of everything for one address to another one."""
    table = f"printf '%s %s\\n' '{pattern}' '{copy}' > /etc/postfix/copies"
    return _postfix(name, stage, f"{table}\npostconf -e recipient_bcc_maps=regexp:/etc/postfix/copies", *fails)


def _header(name: str, stage: int, rule: str, *fails: tuple[str, str], also: tuple[str, ...] = ()) -> Break:
    """Have Postfix do something to mail with a header."""
    table = f"echo '{rule}' > /etc/postfix/headers"
    return _postfix(name, stage, f"{table}\npostconf -e header_checks=regexp:/etc/postfix/headers", *fails, also=also)


POSTFIX = (
    _postfix(
        "domain in two classes",
        1,
        "postconf -e virtual_mailbox_domains=local.edu",
        ("postfix.configuration", "virtual_mailbox_domains"),
        also=("postfix.log",),
    ),
    _postfix(
        "host name in two classes",
        1,
        "postconf -e virtual_mailbox_domains=mail.local.edu",
        ("postfix.configuration", "mail.local.edu is in mydestination and virtual_mailbox_domains"),
        also=("postfix.log",),
    ),
    _postfix(
        "configuration that others can write",
        1,
        "chmod 666 /etc/postfix/main.cf",
        ("postfix.configuration", "group or other writable"),
    ),
    Break(
        "listening to everybody",
        1,
        f"postconf -e inet_interfaces=all\n{RESTART}",
        f"{RESTORE}\n{RESTART}",
        (("postfix.listening", "0.0.0.0"),),  # noqa: S104 (looked for, not bound to)
    ),
    Break(
        "no master",
        1,
        "kill -9 $(cat /var/spool/postfix/pid/master.pid)",
        "postfix start",
        (("postfix.listening", "no master"),),
    ),
    Break(
        "one more port, for everybody",
        1,
        f"postconf -M '0.0.0.0:2525/inet=0.0.0.0:2525 inet n - y - - smtpd'\n{RESTART}",
        f"{RESTORE}\n{RESTART}",
        (("postfix.listening", "also listens on port 2525 of 0.0.0.0"),),
    ),
    Break("port of another", 1, _TAKE_PORT, _GIVE_PORT, (("postfix.listening", "belongs to python3"),)),
    _postfix(
        "mail by SMTP lost",
        1,
        "postconf -P smtp/inet/content_filter=discard:",
        ("postfix.local-delivery", "last hop seen: entry"),
    ),
    _postfix(
        "bodies altered",
        1,
        "echo '/^Token:/ REPLACE Taken:' > /etc/postfix/bodies\npostconf -e body_checks=regexp:/etc/postfix/bodies",
        ("postfix.local-delivery", "altered"),
        ("postfix.sendmail", "altered"),
    ),
    _postfix(
        "mail by sendmail lost",
        1,
        "postconf -P pickup/unix/content_filter=discard:",
        ("postfix.sendmail", "last hop seen: entry"),
    ),
    _postfix(
        "sendmail forbidden",
        1,
        "postconf -e 'authorized_submit_users=!root, static:all'",
        ("postfix.sendmail", "not allowed to submit"),
        also=("postfix.log",),
    ),
    _postfix(
        "every recipient known",
        1,
        "postconf -e local_recipient_maps=",
        ("postfix.unknown-user", "must be answered 550"),
    ),
    _postfix("open relay", 1, "postconf -e mynetworks=0.0.0.0/0", ("postfix.relay", "probe@example.com")),
    _postfix(
        "open relay over IPv6",
        1,
        "postconf -e 'mynetworks=127.0.0.0/8 [::]/0'",
        ("postfix.relay", "from 2001:db8::77, outside the trusted networks, at port 25 of ::1"),
    ),
    Break(
        "open relay on another port",
        1,
        f"postconf -M 'submission/inet=submission inet n - y - - smtpd -o mynetworks=0.0.0.0/0'\n{RESTART}",
        f"{RESTORE}\n{RESTART}",
        (("postfix.relay", "at port 587 of 127.0.0.1: RCPT TO:<probe@example.com> → 250"),),
    ),
    _for_all(
        "strangers refused",
        1,
        "postconf -e smtpd_client_restrictions=permit_mynetworks,reject",
        ("postfix.relay", "must be accepted (interfaces = all); the answer was: 554"),
    ),
    _postfix("copy that cannot go", 1, "postconf -e always_bcc=archive@example.org", ("postfix.queue", "still queued")),
    _postfix(
        "a table missing",
        1,
        "postconf -e smtpd_client_event_limit_exceptions=hash:/etc/postfix/missing",
        ("postfix.log", "missing"),
    ),
)

MAILMAN = (
    Break(
        "a setting changed",
        2,
        "sed -i 's/^show_tracebacks: no/show_tracebacks: yes/' /etc/mailman3/mailman.cfg",
        RESTORE_CFG,
        (("mailman.configuration", "show_tracebacks"),),
    ),
    _stopped("digest", 2, ("mailman.runners", "digest:0:1")),
    _off("bounces", "retry", "archive", "task", "digest"),
    Break(
        "a runner that the next start leaves out",
        2,
        "printf '\\n[runner.virgin]\\nstart: no\\n' >> /etc/mailman3/mailman.cfg",
        RESTORE_CFG,
        (("mailman.runners", "the next start leaves it out"),),
    ),
    Break(
        "another password",
        2,
        "sed -i 's/^admin_pass: .*/admin_pass: 0123456789012345678901234567890123456789/' /etc/mailman3/mailman.cfg",
        RESTORE_CFG,
        (("mailman.rest", "with the password: 401"),),
    ),
    Break(
        "another site_owner at its start",
        2,
        f"sed -i 's/^site_owner: .*/site_owner: nobody@wrong.example/' /etc/mailman3/mailman.cfg\n"
        f"{RESTART_ANYHOW}\n{AWAIT_MAILMAN}\n{RESTORE_CFG}",
        RESTART_MAILMAN,
        (("mailman.in-effect", "site_owner is 'nobody@wrong.example' in the running Mailman"),),
    ),
    Break(
        "a file system that was set read-only",
        2,
        f"mount --bind {DATA} {DATA}; mount -o remount,ro,bind {DATA}",
        f"umount {DATA}",
        (("mailman.database", "does not take a write"),),
        also=frozenset({"mailman.configuration"}),
    ),
    Break(
        "a queue of root",
        2,
        "chown root /var/lib/mailman3/queue/virgin",
        "chown list /var/lib/mailman3/queue/virgin",
        (("mailman.files", "queue/virgin belongs to root"),),
    ),
    Break(
        "secrets open to all",
        2,
        "chmod 644 /etc/mailman3/mailman.cfg",
        RESTORE_CFG,
        (("mailman.files", "mailman.cfg has mode 0644"),),
    ),
    Break(
        "secrets open to a group",
        2,
        "chown list:users /etc/mailman3/mailman.cfg",
        RESTORE_CFG,
        (("mailman.files", "mailman.cfg is open (r--) to the group users"),),
    ),
    Break(
        "a directory that everybody may write",
        2,
        "chmod 777 /etc/mailman3",
        "chmod 755 /etc/mailman3",
        (("mailman.files", "/etc/mailman3 has mode 0777"),),
    ),
)

LMTP = (
    _stopped("lmtp", 3, ("lmtp.greeting", "no answer within")),
    _postfix(
        "domain in no class",
        3,
        "postconf -e 'mydestination=$myhostname, localhost'",
        ("lmtp.address-class", "no class"),
        also=("lmtp.resolution", "lmtp.unknown-list"),
    ),
    _postfix(
        "lists in two classes",
        3,
        "postconf -e virtual_mailbox_domains=local.edu",
        ("lmtp.address-class", "mydestination and virtual_mailbox_domains"),
    ),
    Break(
        "map not compiled",
        3,
        f"touch -d '+1 hour' {DATA}/postfix_lmtp",
        f"touch {DATA}/postfix_lmtp; runuser -u list -- postmap {DATA}/postfix_lmtp",
        (("lmtp.maps", "older than its source"),),
    ),
    Break(
        "map missing",
        3,
        f"rm {DATA}/postfix_domains.db",
        f"runuser -u list -- postmap {DATA}/postfix_domains",
        (("lmtp.maps", "postfix_domains: missing"),),
    ),
    _postfix(
        "an address taken by an alias",
        3,
        "postconf -e 'virtual_alias_maps=inline:{reading-group-owner@local.edu=root@mail.local.edu}'",
        ("lmtp.routing", "virtual_alias_maps sends reading-group-owner@local.edu"),
    ),
    *(
        _postfix(
            f"an address taken by {parameter}, key {key}",
            3,
            f"postconf -e '{parameter}=inline:{{{key}=root@mail.local.edu}}'",
            ("lmtp.routing", f"{parameter} sends reading-group@local.edu to root@mail.local.edu"),
        )
        for parameter, key in (
            ("recipient_canonical_maps", "reading-group@local.edu"),
            ("canonical_maps", "reading-group"),
            ("virtual_alias_maps", "reading-group"),
        )
    ),
    _postfix(
        "an address taken by a service's own table",
        3,
        "postconf -P 'cleanup/unix/recipient_canonical_maps=inline:{reading-group@local.edu=root@mail.local.edu}'",
        ("lmtp.resolution", "root@mail.local.edu: delivery via local"),
    ),
    _postfix(
        "an address with another transport",
        3,
        'postconf -e "transport_maps=inline:{reading-group-leave@local.edu=discard:}, $(postconf -h transport_maps)"',
        ("lmtp.routing", "transport of reading-group-leave@local.edu: discard:"),
    ),
    _postfix(
        "lists no recipients",
        3,
        "postconf -e 'local_recipient_maps=proxy:unix:passwd.byname, $alias_maps'",
        ("lmtp.recipients", "RCPT TO:<reading-group@local.edu> → 550"),
        also=("lmtp.post", "lmtp.command"),
    ),
    _for_all(
        "lists closed to strangers",
        3,
        "postconf -e 'smtpd_recipient_restrictions=permit_mynetworks, "
        "check_recipient_access inline:{reading-group@local.edu=REJECT}'",
        ("lmtp.recipients", "RCPT TO:<reading-group@local.edu> must be accepted (interfaces = all)"),
    ),
    _for_all(
        "all lists closed to strangers",
        3,
        "postconf -e smtpd_client_restrictions=permit_mynetworks,reject",
        ("lmtp.recipients", "must be accepted (interfaces = all); the answer was: 554"),
    ),
    _postfix("every list known", 3, "postconf -e local_recipient_maps=", ("lmtp.unknown-list", "must be answered 550")),
    _stopped("in", 3, ("lmtp.post", "last hop seen: lmtp")),
    _stopped("command", 3, ("lmtp.command", "last hop seen: lmtp")),
    Break(
        "no lmtp runner",
        3,
        _SIGNAL.substitute(signal="KILL", runner="lmtp"),
        RESTART_MAILMAN,
        (("lmtp.listener", "nothing listens on port 8024"),),
    ),
)

SUBSCRIPTION = (
    _header(
        "invitations to confirm lost",
        4,
        "/^Subject: Your confirmation is needed to join/ DISCARD",
        ("subscription.join", "confirmation"),
        also=("subscription.wrong-token",),
    ),
    _header(
        "answers to commands lost",
        4,
        "/^Subject: The results of your email commands/ DISCARD",
        ("subscription.wrong-token", "answer to a wrong token"),
    ),
    Break(
        "any token taken",
        4,
        f"sed -i.kept 's/^{_TAKES}$/{_TAKES_ANY}/' {_CONFIRM}\n{RESTART_MAILMAN}",
        f"mv {_CONFIRM}.kept {_CONFIRM}\n{RESTART_MAILMAN}",
        (("subscription.wrong-token", "by a wrong token"),),
    ),
    Break(
        "a list that answers commands itself and does nothing",
        4,
        _setting(autorespond_requests="respond_and_discard"),
        _setting(autorespond_requests="none"),
        (("subscription.join", "no confirmation reached"),),
        also=frozenset({"subscription.wrong-token"}),
    ),
    Break(
        "a list that bans everybody",
        4,
        _of_list("mailing_list.bans.add('^.*')"),
        _of_list("mailing_list.bans.remove('^.*')"),
        (("subscription.policy", "reading-group@local.edu bans ^.*"), ("subscription.join", "no confirmation reached")),
        also=frozenset({"subscription.wrong-token"}),
    ),
    _header(
        "leave not confirmed",
        4,
        "/^Subject: Your confirmation is needed to leave/ DISCARD",
        ("subscription.leave", "confirmation"),
    ),
    _copied(
        "mail copied to who has left",
        4,
        "/^(mwz_[0-9a-f]+)_o@(.*)$/",
        "${1}_s1@$2",
        ("subscription.silence-after-leave", "still got the post"),
    ),
)

BROADCAST = (
    _stopped("out", 5, ("broadcast.delivery", "last hop seen: mailman")),
    _copied(
        "a second copy", 5, "/^(mwz_[0-9a-f]+)_s1@local.edu$/", "${1}_s1@mail.local.edu", ("broadcast.once", "2 copies")
    ),
    _postfix(
        "posts altered",
        5,
        "echo '/^Token:/ REPLACE Taken:' > /etc/postfix/bodies\npostconf -e body_checks=regexp:/etc/postfix/bodies",
        ("broadcast.intact", "altered"),
    ),
    Break(
        "a header rule of the list that discards posts",
        5,
        _of_list("mailing_list.header_matches.add('from', 'mwz_', 'discard')"),
        _of_list("mailing_list.header_matches.find(action='discard')[0].delete()"),
        (("broadcast.delivery", "last hop seen: mailman"),),
    ),
    Break(
        "a list whose content filter discards posts",
        5,
        _setting(filter_content=True, pass_types=["text/html"], filter_action="discard"),
        _setting(filter_content=False, pass_types=""),
        (("broadcast.delivery", "last hop seen: mailman"),),
    ),
    Break(
        "a list whose footer cannot be fetched",
        5,
        _of_list("mailing_list.set_template('list:member:regular:footer', 'http://127.0.0.1:9/footer')"),
        _of_list("mailing_list.set_template('list:member:regular:footer', '')"),
        (("broadcast.delivery", "last hop seen: mailman ("),),
    ),
    _header("list header lost", 5, "/^List-Post:/ IGNORE", ("broadcast.headers", "lacks List-Post")),
    _copied(
        "posts copied to a stranger",
        5,
        "/^(mwz_[0-9a-f]+)_s1@(.*)$/",
        "${1}_x@$2",
        ("broadcast.nobody-else", "not subscribed and got the post"),
    ),
)

INTEGRATION = (
    Break(
        "a restart that fails, no start at boot, mail kept",
        6,
        f"{_NO_START}\n"
        "mv /etc/rc2.d/S01mailman3 /root/\n"
        "useradd keeper\npostconf -e always_bcc=keeper@local.edu\npostfix reload",
        f"{RESTORE_CFG}\nmv /root/S01mailman3 /etc/rc2.d/\n{RESTORE}\nuserdel keeper; rm /var/mail/keeper\n{RELOAD}",
        (
            ("integration.restart", "mailman.database.gone"),
            ("integration.boot", "mailman3"),
            ("integration.no-residue", "/var/mail/keeper still holds"),
        ),
    ),
    Break(
        "leaving does not work",
        6,
        f"{_NO_START}\n"
        "echo '/^Subject: Your confirmation is needed to leave/ DISCARD' > /etc/postfix/headers\n"
        "postconf -e header_checks=regexp:/etc/postfix/headers\npostfix reload",
        f"{RESTORE_CFG}\n{RESTORE}\n{RELOAD}",
        (("integration.together", "no confirmation"),),
        also=frozenset({"integration.restart"}),
    ),
    Break(
        "a runner that sleeps from the next start on",
        6,
        "printf '\\n[runner.virgin]\\nsleep_time: 1h\\n' >> /etc/mailman3/mailman.cfg",
        f"{RESTORE_CFG}\n{RESTART_MAILMAN}",
        (("integration.after-restart", "confirmation"),),
    ),
)

BREAKS = (*POSTFIX, *MAILMAN, *LMTP, *SUBSCRIPTION, *BROADCAST, *INTEGRATION)
