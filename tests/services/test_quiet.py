"""Mailman is stopped when its runners have nothing in their hands: what they have is shunted otherwise."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from tests.services.inside import network_of
from tests.services.people import Person, sub
from tests.services.server import LIMIT, Server
from wizard import wait

MESSAGES = 120
_WAIT = """
from wizard.localhost import LocalHost
from wizard.mailman import quiet
for path in quiet.wait_quiet(LocalHost(), lambda _kind, text: print(text), limit=1):
    print(path)
"""
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


def still_there(server: Server) -> list[str]:
    """Wait for a second until the runners are done: what is said then, and the files that are left."""
    return server.lab.run([sys.executable, "-c", _WAIT], limit=LIMIT).require().stdout.splitlines()


def test_a_restart_waits_for_what_the_runners_have_in_their_hands(server: Server, ruth: Person) -> None:
    for number in range(MESSAGES):
        ruth.send(sub("request"), "help", f"number {number}")
    server.restart_mailman()
    server.settled()
    assert waiting(server, "shunt") == 0
    assert len(ruth.mails()) == MESSAGES


def test_what_does_not_move_is_waited_for_no_longer_than_the_limit(server: Server, ruth: Person) -> None:
    server.sh("kill -STOP $(pgrep -f '[r]unner=command:')")
    try:
        ruth.send(sub("request"), "help")
        wait.until(lambda: waiting(server, "command") or None, limit=LIMIT)
        told, left = still_there(server)
    finally:
        server.sh("kill -CONT $(pgrep -f '[r]unner=command:')")
    assert told == "1 message(s) are still in Mailman's queues after 1 seconds; going on"
    assert f"/{QUEUE}/command/" in left
    server.settled()
    assert still_there(server) == []
