"""A message's way on a real server: through, held, dropped, shunted, waiting, deferred, and found again in old logs."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.services.inside import network_of
from tests.services.people import DOMAIN, LIST, Person, sub
from tests.services.server import LIMIT, RUN_LIMIT, Server
from wizard import wait
from wizard.host import Completed
from wizard.probes.ledger import PREFIX

CROWD = 30
_LIST_DO = """
import json, sys
from wizard.localhost import LocalHost
from wizard.mailman import cfg, rest
mailing_list = rest.find_list(rest.connect(cfg.read(LocalHost())), "reading-group@local.edu")
for key, value in json.loads(sys.argv[1]).items():
    mailing_list.settings[key] = value
mailing_list.settings.save()
for address in json.loads(sys.argv[2]):
    mailing_list.subscribe(
        address, pre_verified=True, pre_confirmed=True, pre_approved=True, send_welcome_message=False
    )
"""
_FOOTER = "/var/lib/mailman3/templates/lists/reading-group.local.edu/en/list:member:regular:footer.txt"
_ROTATE = """
cp /var/log/mail.log /var/log/mail.log.1
gzip /var/log/mail.log.1
: > /var/log/mail.log
cp /var/log/mailman3/mailman.log /var/log/mailman3/mailman.log.1
: > /var/log/mailman3/mailman.log
"""
PASSED = ["passed"] * 6
HANDED = ["passed", "passed"]


@dataclass(frozen=True, slots=True)
class Found:
    """What `trace` told."""

    code: int
    states: list[str]
    """Of the six hops, but for those at the end that were not reached."""
    stopped_at: str | None
    hops: dict[str, Any]

    @classmethod
    def of(cls, ended: Completed) -> Found:
        data = json.loads(ended.stdout.splitlines()[-1])
        states = [hop["state"] for hop in data["hops"]]
        while states[-1:] == ["not-reached"]:
            states.pop()
        assert data["unseen"] == []
        return cls(ended.code, states, data["stopped_at"], {hop["hop"]: hop for hop in data["hops"]})

    def says(self, hop: str) -> str:
        return "\n".join(self.hops[hop]["evidence"])


@dataclass(frozen=True, slots=True)
class Traced:
    """The server, and its tracing."""

    server: Server

    def now(self, identity: str) -> Found:
        return Found.of(self.server.wizard("trace", identity, "--json"))

    def until(self, identity: str, done: Callable[[Found], bool]) -> Found:
        """Trace until it is as it must be; at the limit, show what it is instead."""
        latest: list[Found] = []

        def look() -> Found | None:
            latest[:] = [self.now(identity)]
            return latest[0] if done(latest[0]) else None

        try:
            return wait.until(look, limit=LIMIT)
        except wait.LimitError:
            raise AssertionError(latest) from None

    def stopped(self, identity: str, hop: str) -> Found:
        return self.until(identity, lambda found: found.stopped_at == hop and "pending" not in found.states)

    def reached(self, identity: str) -> Found:
        return self.until(identity, lambda found: found.stopped_at is None)


@pytest.fixture(scope="module")
def traced(server: Server) -> Iterator[Traced]:
    """A server with a list, whose traces are looked at."""
    report = server.report("apply", "--yes", "--through", "3")
    assert report.exit == 0, report.not_passed
    with network_of(server.lab):
        yield Traced(server)


@pytest.fixture(scope="module")
def ruth(traced: Traced) -> Person:
    """A subscriber."""
    return subscribed(traced.server, "ruth")


@pytest.fixture(scope="module")
def omar(traced: Traced) -> Person:
    """A user who is not subscribed."""
    return Person.made(traced.server, "omar")


def subscribed(server: Server, name: str) -> Person:
    person = Person.made(server, name)
    change(server, members=[person.address])
    return person


def change(server: Server, *, members: list[str] | None = None, **settings: str) -> None:
    """Change the list's settings, and subscribe people."""
    do = [sys.executable, "-c", _LIST_DO, json.dumps(settings), json.dumps(members or [])]
    server.lab.run(do, limit=LIMIT).require()


def test_a_post_that_reaches_all(traced: Traced, ruth: Person) -> None:
    post = ruth.send(LIST, "The next book", "Shall we read Middlemarch?\n")
    ended = traced.server.wizard("trace", post, "--follow", "--plain")
    assert (ended.code, ended.stdout.splitlines()[-1]) == (0, "it reached everything")
    found = traced.now(post.strip("<>"))
    assert (found.code, found.states, found.stopped_at) == (0, PASSED, None)
    assert found.hops["mailbox"]["recipients"] == {"expected": 1, "reached": 1, "exceptions": []}
    assert "in 1 of 1 mailboxes" in found.says("mailbox")
    assert all(hop["at"] and hop["seconds"] is not None for hop in found.hops.values())
    assert {name for name, hop in found.hops.items() if hop["queue_id"]} == {"entry", "lmtp", "postfix-out", "mailbox"}


def test_held_and_by_which_rule(traced: Traced, ruth: Person, omar: Person) -> None:
    del ruth
    post = omar.send(LIST, "From outside", "May I?\n")
    found = traced.stopped(post, "mailman")
    assert (found.code, found.states) == (1, [*HANDED, "stuck"])
    assert f"held for the moderator of {LIST}: The message is not from a list member" in found.says("mailman")


def test_discarded(traced: Traced, omar: Person) -> None:
    change(traced.server, default_nonmember_action="discard")
    try:
        post = omar.send(LIST, "From outside", "May I?\n")
        found = traced.stopped(post, "mailman")
    finally:
        change(traced.server, default_nonmember_action="hold")
    assert (found.code, found.states) == (1, [*HANDED, "lost"])
    assert "discarded: The message is not from a list member" in found.says("mailman")


def test_shunted_with_the_traceback(traced: Traced, ruth: Person) -> None:
    server = traced.server
    server.sh(
        f"mkdir -p $(dirname {_FOOTER}); printf '\\377\\376 bad' > {_FOOTER}; chown -R list /var/lib/mailman3/templates"
    )
    try:
        post = ruth.send(LIST, "With a broken template", "Hello\n")
        found = traced.stopped(post, "mailman")
    finally:
        server.sh(f"rm {_FOOTER}")
    assert (found.code, found.states) == (1, [*HANDED, "stuck"])
    assert "/queue/shunt/" in found.hops["mailman"]["queue_id"]
    assert "UnicodeDecodeError" in found.says("mailman")
    assert "SHUNTING" in found.says("mailman")


def test_a_runner_that_stands_still(traced: Traced, ruth: Person) -> None:
    server = traced.server
    server.sh("kill -STOP $(pgrep -f '[r]unner=out:')")
    try:
        post = ruth.send(LIST, "Waiting", "Hello\n")
        found = traced.stopped(post, "outbound")
        assert (found.code, found.states) == (1, [*HANDED, "passed", "stuck"])
        assert "/queue/out/" in found.hops["outbound"]["queue_id"]
    finally:
        server.sh("kill -CONT $(pgrep -f '[r]unner=out:')")
    assert traced.reached(post).states == PASSED


def test_a_command_is_not_posted(traced: Traced, omar: Person) -> None:
    command = omar.send(sub("request"), "help")
    found = traced.until(command, lambda found: "passed" in found.states[2:])
    assert (found.code, found.states, found.stopped_at) == (0, [*HANDED, "passed"], None)
    assert "processed as mail to -request" in found.says("mailman")


def test_mail_to_a_user_never_meets_mailman(traced: Traced, ruth: Person, omar: Person) -> None:
    mail = ruth.send(omar.address, "Hello", "Only for you\n")
    found = traced.reached(mail)
    assert found.states == ["passed", *["not-reached"] * 4, "passed"]


def test_one_of_many_mailboxes_that_cannot_be_written(traced: Traced, ruth: Person) -> None:
    server = traced.server
    names = [f"m{number:02}" for number in range(1, CROWD)]
    server.sh(f"for name in {' '.join(names)}; do useradd --no-create-home $name; done")
    change(server, members=[f"{name}@{DOMAIN}" for name in names])
    server.sh("postconf -e deliver_lock_attempts=1; postfix reload; touch /var/mail/m07.lock")
    post = ruth.send(LIST, "To everybody", "Hello\n")
    found = traced.stopped(post, "mailbox")
    server.sh("rm /var/mail/m07.lock; postqueue -f")
    assert (found.code, found.states) == (1, [*PASSED[:5], "stuck"])
    recipients = found.hops["mailbox"]["recipients"]
    assert (recipients["expected"], recipients["reached"]) == (CROWD, CROWD - 1)
    assert [each["address"] for each in recipients["exceptions"]] == [f"m07@{DOMAIN}"]
    assert "lock" in recipients["exceptions"][0]["reason"]
    found = traced.reached(post)
    assert (found.states, found.hops["mailbox"]["recipients"]["reached"]) == (PASSED, CROWD)


def test_in_logs_that_were_rotated_and_compressed(traced: Traced, ruth: Person) -> None:
    post = ruth.send(LIST, "Before the rotation", "Hello\n")
    before = traced.reached(post)
    traced.server.sh(_ROTATE)
    assert traced.now(post) == before
    assert traced.now("<never@local.edu>").stopped_at == "entry"


def test_a_message_of_its_own_for_a_list_harms_nobody(traced: Traced, ruth: Person) -> None:
    before = ruth.mailbox()
    ended = traced.server.wizard("trace", "--send", LIST, "--json", "--set", "check.subscribers=2")
    found = Found.of(ended)
    assert (found.code, found.states) == (0, PASSED), ended.stderr
    assert found.hops["mailbox"]["recipients"]["reached"] == 2
    assert "temporary list" in ended.stderr
    assert ruth.mailbox() == before
    assert PREFIX not in traced.server.sh("cat /etc/passwd; ls /var/mail; cat /var/lib/mailman3/data/postfix_lmtp")
    assert traced.server.lab.run(["test", "-e", "/var/lib/mailman-wizard/probes.json"], limit=RUN_LIMIT).code == 1


def test_a_message_of_its_own_for_a_user_who_was_named(traced: Traced, omar: Person) -> None:
    named = ("--set", f'check.subscribers=["{omar.address}"]')
    found = Found.of(traced.server.wizard("trace", "--send", omar.address, "--json", *named))
    assert found.states == ["passed", *["not-reached"] * 4, "passed"]
    refused = traced.server.wizard("trace", "--send", omar.address)
    assert (refused.code, "check.subscribers" in refused.stderr) == (2, True)
