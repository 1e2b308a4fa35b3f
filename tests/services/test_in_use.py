"""Stage 6 on a server in use: its members post and leave while it is checked, and a run is killed in the midst."""

from __future__ import annotations

import shlex
import smtplib
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Self

import pytest

from tests.services.inside import network_of
from tests.services.people import LIST, Person
from tests.services.server import LIMIT, STATE, Report, Server
from wizard import wait

_REMOVE = """
import sys
from pathlib import Path
from wizard import changes
from wizard.errors import ChangeError
from wizard.localhost import LocalHost
from wizard.plan import MailmanObject
shop = changes.Workshop(LocalHost(), lambda kind, **data: None, Path("/dev/null"))
try:
    changes.make(shop, MailmanObject(1, sys.argv[1], sys.argv[2], before="present"))
except ChangeError as error:
    print(error)
"""
"""Takes something away from Mailman, as going back and putting back do, whatever the plan has seen."""
QUICK = ("--stage", "6", "--set", "check.subscribers=1")
PAUSE = 0.33
"""Seconds between two posts."""
_MODERATE = """
from wizard.localhost import LocalHost
from wizard.mailman import cfg, rest
mailing_list = rest.find_list(rest.connect(cfg.read(LocalHost())), "reading-group@local.edu")
for held in mailing_list.held:
    held.discard()
mailing_list.unsubscribe("bob@local.edu", pre_confirmed=True, pre_approved=True)
"""
MODERATE = shlex.join([sys.executable, "-c", _MODERATE])
"""Discards what is held, and takes bob off the list."""


@pytest.fixture(scope="module")
def people(server: Server) -> Iterator[dict[str, Person]]:
    """A server with a list, two members, and somebody who is none."""
    report = server.report("apply", "--yes", "--through", "4")
    assert report.exit == 0, report.not_passed
    with network_of(server.lab):
        made = {name: Person.made(server, name) for name in ("ruth", "bob", "eve")}
        members = " ".join(made[name].address for name in ("ruth", "bob"))
        server.sh(
            f"printf '%s\\n' {members} > /root/members; runuser -u list -- mailman addmembers - {LIST} < /root/members"
        )
        server.settled()
        yield made


@dataclass
class Poster:
    """A member who posts all the time, and tries again where Postfix does not answer, as every mail program does."""

    person: Person
    sent: list[str] = field(default_factory=list)
    refused: int = 0
    _end: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._post)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join(LIMIT)

    def _post(self) -> None:
        while not self._end.wait(PAUSE):
            try:
                self.sent.append(self.person.send(LIST, "A thought", "Middlemarch is long.\n"))
            except (OSError, smtplib.SMTPException):
                self.refused += 1


def ended(server: Server, run: str) -> Report:
    (event,) = (each for each in server.events(run) if each["kind"] == "run.finished")
    return Report.read(event, 0)


def begun(server: Server, known: set[str]) -> str:
    return wait.until(lambda: next(iter(set(server.runs()) - known), None), limit=LIMIT)


def checking(server: Server, run: str, check: str) -> bool | None:
    events = server.events(run)
    return True if any(each["kind"] == "check.started" and each["id"] == check for each in events) else None


def test_a_restart_loses_and_puts_off_no_post_of_a_member(server: Server, people: dict[str, Person]) -> None:
    ruth = people["ruth"]
    before = server.sh("grep -c status=deferred /var/log/mail.log || true")
    with Poster(ruth) as poster:
        report = server.report("check", *QUICK)
    assert report.stages == {6: "pass"}, report.not_passed
    assert len(poster.sent) > 30
    wait.until(
        lambda: True if set(poster.sent) <= {str(mail["Message-ID"]) for mail in ruth.mails()} else None, limit=90
    )
    server.settled()
    assert server.sh("ls /var/lib/mailman3/queue/shunt") == ""
    assert server.sh("grep -c status=deferred /var/log/mail.log || true") == before
    copies = Counter(str(mail["Message-ID"]) for mail in ruth.mails())
    assert {copies[identity] for identity in poster.sent} == {1}


def test_who_leaves_meanwhile_is_not_missed(server: Server, people: dict[str, Person]) -> None:
    people["eve"].send(LIST, "Buy this")
    wait.until(lambda: True if server.rows('SELECT * FROM "_request"') else None, limit=LIMIT)
    known = set(server.runs())
    with server.started("check", *QUICK) as call:
        run = begun(server, known)
        wait.until(lambda: checking(server, run, "integration.together"), limit=LIMIT)
        server.sh(MODERATE)
        assert call.wait(300) == 0, server.events(run)[-1]
    said = ended(server, run).checks["integration.no-residue"].evidence
    assert "done by others meanwhile: members: reading-group.local.edu member bob@local.edu was there before" in said
    assert "done by others meanwhile: held: " in said


@pytest.mark.usefixtures("people")
def test_what_a_run_left_that_was_killed_while_mailman_was_down_goes_when_it_is_back(server: Server) -> None:
    known = set(server.runs())
    with server.started("check", *QUICK) as call:
        run = begun(server, known)
        wait.until(lambda: checking(server, run, "integration.restart"), limit=LIMIT)
        server.sh("until pgrep -f '[m]ailman.cfg stop'; do sleep 0.05; done", limit=LIMIT)
        server.sh(f"kill -9 {server.text(f'{STATE}/runs/{run}/alive').strip()}")
        assert call.wait(LIMIT) != 0
    server.sh("while pgrep -f mailman3/[b]in/master; do sleep 0.1; done", limit=LIMIT)
    assert "mwz_" in server.text(f"{STATE}/probes.json")
    report = server.report("apply", "--yes", "--set", "check.subscribers=1")
    assert report.verified, report.not_passed
    assert not server.path(f"{STATE}/probes.json").exists()
    assert server.rows("SELECT * FROM mailinglist WHERE list_id LIKE 'mwz_%'") == []
    notes = [str(each["text"]) for each in server.events(report.run) if each["kind"] == "note"]
    assert len([note for note in notes if "killed while it restarted mailman3: it is started" in note]) == 1
    assert not [note for note in notes if "MaxRetryError" in note or len(note) > 250]


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize(
    ("what", "name", "said"),
    [
        ("domain", "local.edu", f"domain local.edu stays: it has {LIST}"),
        ("list", LIST, f"{LIST} stays, with its domain: it has "),
        ("address", "ruth@local.edu", "ruth@local.edu stays known to Mailman"),
    ],
)
def test_what_somebody_else_uses_does_not_go_whoever_asks(server: Server, what: str, name: str, said: str) -> None:
    """Mailman itself would delete a domain with its lists, and a list with its members."""
    before = server.rows("SELECT list_id, email FROM member, address WHERE address.id = member.address_id")
    assert said in server.lab.run([sys.executable, "-c", _REMOVE, what, name]).require().stdout
    assert server.rows("SELECT list_id, email FROM member, address WHERE address.id = member.address_id") == before
