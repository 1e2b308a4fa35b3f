"""What other users of the machine get to see and can plant: no secret, and no way in."""

from __future__ import annotations

import sys

import pytest

from tests.services.inside import network_of
from tests.services.people import LIST, Person, sub
from tests.services.server import STATE, Server

_WATCH = """
import os, pathlib, time
seen = set()
while not pathlib.Path("/root/enough").exists():
    for name in filter(str.isdecimal, os.listdir("/proc")):
        try:
            seen.add(pathlib.Path("/proc", name, "cmdline").read_bytes().replace(b"\\0", b" "))
        except OSError:
            pass  # it has ended meanwhile
    time.sleep(0.005)  # as often as somebody who looks with ps(1) could
pathlib.Path("/root/seen").write_bytes(b"\\n".join(sorted(seen)))
"""
CLOSED = (f"/{STATE}", f"/{STATE}/runs", f"/{STATE}/checkpoints", "/etc/mailman3/mailman.cfg", "/var/lib/mailman3/data")
PLANTED = """
ln -s /root/victim /tmp/mailman-wizard-planted
mkdir /tmp/mailman-wizard-dir && ln -s /root/victim /tmp/mailman-wizard-dir/mailman.cfg
mkfifo /tmp/mailman-wizard-fifo
ln -s /root /var/tmp/mailman-wizard-root
"""


@pytest.fixture(scope="module")
def watched(server: Server) -> str:
    """Every command line that was to be seen while four stages were set up."""
    server.sh(f"setsid {sys.executable} -c '{_WATCH}' > /root/watch 2>&1 < /dev/null &")
    report = server.report("apply", "--yes", "--through", "4")
    assert report.exit == 0, report.not_passed
    server.sh(
        "touch /root/enough; timeout 60 bash -c 'until test -s /root/seen; do sleep 0.1; done' || cat /root/watch"
    )
    return server.text("root/seen")


def as_nobody(server: Server, script: str) -> str:
    """Run a script as a user without any right; tell what it printed, whatever its end."""
    return server.lab.run(["bash", "-c", script], user="nobody").stdout


def test_no_command_line_has_a_password(server: Server, watched: str) -> None:
    secrets = server.mailman().secrets()
    assert "postconf" in watched
    assert "mailman" in watched
    assert secrets
    assert [secret for secret in secrets if secret in watched] == []


@pytest.mark.usefixtures("watched")
def test_nobody_else_reads_what_is_kept(server: Server) -> None:
    assert as_nobody(server, "cat /etc/postfix/main.cf")
    for path in CLOSED:
        assert as_nobody(server, f"ls {path}/ 2> /dev/null || cat {path} 2> /dev/null") == ""


@pytest.mark.usefixtures("watched")
def test_no_file_that_everybody_may_read_has_a_password(server: Server) -> None:
    for secret in server.mailman().secrets():
        server.path("root/secret").write_text(secret)
        found = server.sh(
            "find /etc /var /run /tmp /home /srv -xdev -type f -perm /004 -print0 2> /dev/null"
            " | xargs -0 --no-run-if-empty grep --files-with-matches --fixed-strings --file=/root/secret || true"
        )
        assert [line for line in found.splitlines() if _reachable(server, line)] == []


def _reachable(server: Server, path: str) -> bool:
    return bool(as_nobody(server, f"cat '{path}' 2> /dev/null | head -c 1"))


@pytest.mark.usefixtures("watched")
def test_no_other_user_sees_the_token_of_somebodys_request_or_puts_them_on_a_list(server: Server) -> None:
    with network_of(server.lab):
        ruth = Person.made(server, "ruth")
        ruth.send(sub("join"), "join")
        asked = ruth.await_mail(lambda mail: "-confirm+" in str(mail["From"]))
    token = str(asked["From"]).partition("-confirm+")[2].partition("@")[0]
    assert len(token) > 30
    before = server.rows("SELECT * FROM member"), server.sh("postconf -n")
    seen = as_nobody(
        server,
        f"postqueue -p | grep -F {token};"
        " find /etc /var /run /tmp /home /srv -xdev -type f -readable -print0 2> /dev/null"
        f" | xargs -0 --no-run-if-empty grep --files-with-matches --fixed-strings {token} 2> /dev/null",
    )
    assert seen == ""
    tried = (
        "echo ruth@local.edu > /tmp/ruth; mailman -C /etc/mailman3/mailman.cfg addmembers /tmp/ruth " + LIST,
        f"runuser -u list -- mailman addmembers /tmp/ruth {LIST}",
        "echo x > /var/lib/mailman3/queue/in/1+x.pck",
        "echo x > /var/lib/mailman3/data/postfix_lmtp",
        "sqlite3 /var/lib/mailman3/data/mailman.db .dump || cat /var/lib/mailman3/data/mailman.db",
        "postconf -e mynetworks=0.0.0.0/0; postfix reload; postsuper -d ALL",
    )
    for script in tried:
        ended = server.lab.run(["bash", "-c", script], user="nobody")
        assert ended.code != 0, script
        assert ended.stdout == "", script
    assert (server.rows("SELECT * FROM member"), server.sh("postconf -n")) == before


@pytest.mark.usefixtures("watched")
def test_what_somebody_has_planted_is_not_followed(server: Server) -> None:
    server.sh("rm -f /root/victim; printf untouched > /root/victim")
    as_nobody(server, PLANTED)
    before = server.sh("ls -ld /tmp/mailman-wizard-* /var/tmp/mailman-wizard-*")

    report = server.report("apply", "--yes", "--through", "2", "--set", "mail.mailbox=maildir")

    assert report.exit == 0, report.not_passed
    assert server.text("root/victim") == "untouched"
    assert server.sh("ls -ld /tmp/mailman-wizard-* /var/tmp/mailman-wizard-*") == before


@pytest.mark.usefixtures("watched")
def test_without_the_password_rest_tells_nothing(server: Server) -> None:
    port = server.mailman().rest[1]
    asked = "import urllib.request; urllib.request.urlopen('http://127.0.0.1:{}/3.1/lists').read()"
    ended = server.lab.run(["/usr/bin/python3", "-c", asked.format(port)], user="nobody")
    assert "401" in ended.stderr
