"""Mailman is stopped when its runners have nothing in their hands: what they have is shunted otherwise."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

import pytest

from tests.services.breaks import DATA
from tests.services.inside import network_of
from tests.services.people import Person, sub
from tests.services.server import LIMIT, Server
from wizard import wait

MESSAGES = 120
_WAIT = """
import sys
from wizard.errors import UnseenError
from wizard.localhost import LocalHost
from wizard.mailman import quiet
try:
    with quiet.quiet(LocalHost(), lambda _kind, text: print(text), limit=float(sys.argv[1])):
        print("quiet")
except UnseenError as error:
    print(error)
"""
_KILLED = """
import os, signal
from wizard.localhost import LocalHost
from wizard.mailman import held
with held.mail(LocalHost()):
    print(*(each.state for each in LocalHost().processes() if each.name == "qmgr"), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""
STARTS = 4
"""Seconds within which a runner that still started would have come to its database."""
QUEUE = "var/lib/mailman3/queue"


@pytest.fixture(scope="module")
def ruth(server: Server) -> Iterator[Person]:
    """A user of a server with a list."""
    report = server.report("apply", "--yes", "--through", "3")
    assert report.exit == 0, report.not_passed
    with network_of(server.lab):
        yield Person.made(server, "ruth")


def waiting(server: Server, queue: str) -> int:
    return len(list(server.path(f"{QUEUE}/{queue}").iterdir()))


def told(server: Server, limit: float) -> list[str]:
    """Wait until the runners are done: what is said of it."""
    return server.lab.run([sys.executable, "-c", _WAIT, str(limit)], limit=LIMIT).require().stdout.splitlines()


def manager(server: Server) -> str:
    """Tell in which state Postfix's queue manager is, as ps(1) writes it."""
    return server.sh("ps -C qmgr -o state=").strip()


def test_a_restart_waits_for_what_the_runners_have_in_their_hands(server: Server, ruth: Person) -> None:
    for number in range(MESSAGES):
        ruth.send(sub("request"), "help", f"number {number}")
    server.restart_mailman()
    server.settled()
    assert waiting(server, "shunt") == 0
    assert len(ruth.mails()) == MESSAGES


@pytest.mark.usefixtures("ruth")
def test_a_restart_is_over_when_no_runner_starts_any_more(server: Server) -> None:
    """What fails a runner while it starts ends it for good: Mailman's master does not start it again."""
    server.restart_mailman()
    runners = server.sh("pgrep -f '[r]unner='")
    server.sh(f"mount --bind {DATA} {DATA}; mount -o remount,ro,bind {DATA}")
    try:
        began = time.monotonic()
        wait.until(lambda: True if time.monotonic() - began > STARTS else None, limit=LIMIT)
    finally:
        server.sh(f"umount {DATA}")
    assert server.sh("pgrep -f '[r]unner='") == runners


def test_what_nobody_works_on_is_not_waited_for(server: Server, ruth: Person) -> None:
    server.sh("kill -STOP $(pgrep -f '[r]unner=command:')")
    try:
        ruth.send(sub("request"), "help")
        wait.until(lambda: waiting(server, "command") or None, limit=LIMIT)
        note = "1 message(s) are in Mailman's queues; new mail waits in Postfix's"
        assert told(server, 20) == [note, "quiet"]
    finally:
        server.sh("kill -CONT $(pgrep -f '[r]unner=command:')")
    server.settled()
    assert told(server, 20) == ["quiet"]
    assert manager(server) == "S"


def test_a_runner_at_work_is_never_cut(server: Server, ruth: Person) -> None:
    """It would shunt what it has in its hands: a file of that name, which the runner leaves alone."""
    server.sh("kill -STOP $(pgrep -f '[r]unner=command:')")
    try:
        ruth.send(sub("request"), "help")
        wait.until(lambda: waiting(server, "command") or None, limit=LIMIT)
        (file,) = server.path(f"{QUEUE}/command").iterdir()
        file.rename(file.with_suffix(".bak"))
    finally:
        server.sh("kill -CONT $(pgrep -f '[r]unner=command:')")
    said = told(server, 8)
    assert said[1].startswith("Mailman was not stopped: after 8 seconds without new mail its runners still worked on 1")
    assert manager(server) == "S"
    file.with_suffix(".bak").rename(file)
    server.settled()
    assert told(server, 20) == ["quiet"]


@pytest.mark.usefixtures("ruth")
def test_mail_goes_on_also_after_the_program_was_killed(server: Server) -> None:
    killed = server.lab.run([sys.executable, "-c", _KILLED], limit=LIMIT)
    assert (killed.code != 0, killed.stdout) == (True, "stopped\n")
    wait.until(lambda: True if manager(server) == "S" else None, limit=LIMIT)
