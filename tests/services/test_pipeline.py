"""The six stages on one server: proven, used by ordinary users, proven again, killed, and broken."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from datetime import datetime

import pytest

from tests.services.inside import network_of
from tests.services.people import LIST, Person
from tests.services.server import LIMIT, PROGRAM, STATE, Report, Server
from wizard import wait
from wizard.facts import mailman_log
from wizard.probes.ledger import PREFIX
from wizard.probes.source import TEMPORARY
from wizard.report import HTML, MARKDOWN

ALL = dict.fromkeys(range(1, 7), "pass")
MAIN_CF = "etc/postfix/main.cf"
MAILMAN_CFG = "etc/mailman3/mailman.cfg"
TABLES = (
    "address",
    "ban",
    "template",
    "user",
    "member",
    "mailinglist",
    "message",
    "pended",
    "pendedkeyvalue",
    "workflowstate",
    "_request",
)
LAST_POSTS = "SELECT list_id, last_post_at, post_id FROM mailinglist"
TOKEN = re.compile(r"-confirm\+([0-9a-f]{40})@")


@pytest.fixture(scope="module")
def network(server: Server) -> Iterator[None]:
    with network_of(server.lab):
        yield


def remains(server: Server) -> list[str]:
    """Name everything that a probe has left on the machine."""
    places = ("/etc/passwd", "/etc/group", "/var/lib/mailman3", "/var/spool/postfix", f"/{STATE}/probes.json")
    files = server.lab.run(["grep", "-rl", "--devices=skip", "--exclude=mailman.db*", "-e", PREFIX, *places]).stdout
    names = server.sh(f"find /var/mail /home /var/lib/mailman3 -name '*{PREFIX}*'; ip -brief address show dev lo")
    found = [
        *files.splitlines(),
        *(line for line in names.splitlines() if any(word in line for word in (PREFIX, *TEMPORARY.values()))),
    ]
    return [*found, *_rows(server)]


def _rows(server: Server) -> Iterator[str]:
    for table in TABLES:
        yield from (f"{table}: {row}" for row in server.rows(f'SELECT * FROM "{table}"') if PREFIX in row)  # noqa: S608 (names of our own)


def mailman_starts(server: Server) -> list[datetime]:
    lines = mailman_log.parse(server.text("var/log/mailman3/mailman.log").splitlines())
    return [line.at for line in lines if line.at is not None and line.text == "Master started"]


def states(server: Server) -> dict[int, str]:
    data = json.loads(server.wizard("status", "--json").require().stdout)
    return {row["stage"]: row["state"] for row in data["stages"]}


def assert_shut(server: Server, *, failed: int) -> None:
    found = states(server)
    assert found[failed] == "failed"
    assert not {"verified", "open"} & {found[number] for number in range(failed + 1, 7)}


def test_six_stages_are_verified_with_one_start_of_mailman(server: Server, proven: Report) -> None:
    assert (proven.exit, proven.verified, proven.stages) == (0, True, ALL)
    assert set(states(server).values()) == {"verified"}
    last = next(
        event for event in server.events(proven.run) if event["kind"] == "stage.started" and event["stage"] == 6
    )
    starts = mailman_starts(server)
    assert len([start for start in starts if start < datetime.fromisoformat(last["at"])]) == 1
    assert len(starts) == 2
    for page in (server.path(f"{STATE}/runs/{proven.run}/{name}") for name in (MARKDOWN, HTML)):
        assert page.stat().st_mode & 0o777 == 0o600
        assert "mail.local.edu: verified" in page.read_text(encoding="utf-8")


@pytest.mark.usefixtures("proven")
def test_nothing_of_the_probes_is_left(server: Server) -> None:
    assert remains(server) == []
    assert server.undelivered() == ""


@pytest.mark.usefixtures("proven", "network")
def test_ordinary_users_join_post_and_leave(server: Server) -> None:
    ruth, omar = Person.made(server, "ruth"), Person.made(server, "omar")
    for person in (ruth, omar):
        person.ask("join")
    first = ruth.send(LIST, "The next book", "Shall we read Middlemarch?\n")
    for person in (ruth, omar):
        post = person.await_mail(lambda mail: bool(mail["Message-ID"] == first))
        assert "Middlemarch" in post.as_string()
        assert post["List-Id"] == "<reading-group.local.edu>"
    omar.ask("leave")
    second = ruth.send(LIST, "A date", "On Friday.\n")
    ruth.await_mail(lambda mail: bool(mail["Message-ID"] == second))
    server.settled()
    assert (omar.has(first), omar.has(second)) == (True, False)


@pytest.mark.usefixtures("proven")
def test_the_questions_show_what_the_server_has(server: Server) -> None:
    typed = "a\n" + "\n" * 40 + "q\n"
    shown = " ".join(server.lab.run([PROGRAM, "--plain", "stage", "3"], stdin=typed).stdout.split())

    for present in ("shared", f"{LIST.partition('@')[0]} is there", "postmaster@local.edu", "confirm"):
        assert f"the server has: {present} " in f"{shown} "


@pytest.mark.usefixtures("proven")
def test_a_second_apply_changes_nothing_and_says_so(server: Server) -> None:
    before = [server.path(name).read_bytes() for name in (MAIN_CF, MAILMAN_CFG)]
    again = server.wizard("apply", "--yes", "--plain")
    assert again.code == 0, again.stdout
    assert "nothing was changed" in again.stdout.splitlines()
    assert "verified: true" in again.stdout.splitlines()
    assert [server.path(name).read_bytes() for name in (MAIN_CF, MAILMAN_CFG)] == before
    assert json.loads(server.wizard("plan", "--json").require().stdout) == {"schema": 1, "changes": []}
    assert not [line for line in server.wizard("plan").require().stdout.splitlines() if line.startswith(("+", "-"))]


@pytest.mark.usefixtures("proven", "network")
def test_check_sends_no_mail_to_a_member(server: Server) -> None:
    nora = Person.made(server, "nora")
    nora.ask("join")
    server.settled()
    before = nora.mailbox(), server.rows(LAST_POSTS)
    report = server.report("check")
    assert report.stages == ALL, report.not_passed
    server.settled()
    assert (nora.mailbox(), server.rows(LAST_POSTS)) == before
    assert remains(server) == []


@pytest.mark.usefixtures("proven", "network")
def test_a_person_whom_the_admin_named_stays_a_member_and_keeps_the_mail(server: Server) -> None:
    ada = Person.made(server, "ada")
    ada.ask("join")
    before = ada.mails()
    report = server.report("check", "--stage", "5", "--set", f'check.subscribers=["{ada.address}"]')
    assert (report.exit, report.stages) == (0, {5: "pass"}), report.not_passed
    members = server.rows("SELECT address.email FROM member JOIN address ON member.address_id = address.id")
    assert repr(ada.address) in members
    assert [mail.as_bytes() for mail in ada.mails()[: len(before)]] == [mail.as_bytes() for mail in before]
    assert len(ada.mails()) > len(before)
    assert [found for found in remains(server) if found != str(ada.path)] == []


@pytest.mark.usefixtures("proven")
def test_no_run_remembers_a_secret_and_nobody_else_may_look(server: Server) -> None:
    secrets = {server.mailman().credentials[1], *TOKEN.findall(server.text("var/log/mail.log"))}
    assert len(secrets) > 10
    directories = [server.path(STATE), *(path for path in server.path(STATE).rglob("*") if path.is_dir())]
    assert {path.stat().st_mode & 0o777 for path in directories} == {0o700}
    files = [*server.path(f"{STATE}/runs").rglob("*"), server.path(f"{STATE}/session.json")]
    assert any(path.name == "events.jsonl" for path in files)
    told = [path for path in files if path.is_file() and _holds(path.read_text(encoding="utf-8"), secrets)]
    assert told == []


def _holds(text: str, secrets: set[str]) -> bool:
    return any(secret in text for secret in secrets)


@pytest.mark.usefixtures("proven")
def test_remains_of_a_killed_run_are_removed_by_the_next(server: Server) -> None:
    known = server.runs()
    with server.started("check", "--stage", "4") as call:
        run = wait.until(lambda: next(iter(set(server.runs()) - set(known)), None), limit=LIMIT)
        wait.until(lambda: _waits_for_confirmation(server, run), limit=LIMIT)
        server.sh(f"kill -9 {server.text(f'{STATE}/runs/{run}/alive').strip()}")
        assert call.wait(LIMIT) != 0
    found = "\n".join(remains(server))
    assert "/etc/passwd" in found
    assert "mailinglist" in found
    assert "probes.json" in found
    report = server.report("check", "--stage", "1")
    assert report.exit == 0, report.not_passed
    assert remains(server) == []


def _waits_for_confirmation(server: Server, run: str) -> bool | None:
    progress = [event["text"] for event in server.events(run) if event["kind"] == "check.progress"]
    return True if any("the confirmation of join" in text for text in progress) else None


AHEAD = """
import os, pathlib, time
from wizard.controls import STAMP
day = 86400
state = pathlib.Path("/var/lib/mailman-wizard")
for run in state.glob("runs/*"):
    at = time.mktime(time.strptime(run.name.partition("-")[0], STAMP)) + day
    run.rename(run.with_name(time.strftime(STAMP, time.localtime(at)) + "-" + run.name.partition("-")[2]))
for top in ("/etc/aliases", "/etc/postfix", "/etc/mailman3", "/var/lib/mailman3", "/var/log", str(state)):
    for path in (pathlib.Path(top), *pathlib.Path(top).rglob("*")):
        found = path.lstat()
        if found.st_mtime > time.time() - day and not path.is_symlink():
            os.utime(path, (found.st_atime, found.st_mtime + day))
"""
"""All that was written since yesterday was written tomorrow."""


@pytest.mark.usefixtures("proven")
def test_a_clock_that_was_set_back_a_day_changes_nothing(server: Server) -> None:
    before = [row["number"] for row in json.loads(server.wizard("history", "--json").stdout)["checkpoints"]]
    known = states(server)
    server.lab.run([sys.executable, "-c", AHEAD]).require()
    assert states(server) == known
    server.restart_mailman()  # it has read now what was written tomorrow

    report = server.report("apply", "--yes", "--through", "3")
    assert report.exit == 0, (report.not_passed, server.events(report.run)[-1])
    assert [event["changes"] for event in server.events(report.run) if event["kind"] == "plan.made"] == [[], [], []]
    assert server.runs()[-1] == report.run
    assert [row["number"] for row in json.loads(server.wizard("history", "--json").stdout)["checkpoints"]] == before


@pytest.fixture
def healed(server: Server) -> Iterator[None]:
    """The first three stages are put in order again after the test, by the wizard itself."""
    yield
    report = server.report("apply", "--yes", "--through", "3")
    assert report.exit == 0, report.not_passed


@pytest.mark.usefixtures("proven", "healed")
def test_without_the_out_runner_stage_3_is_not_touched(server: Server) -> None:
    server.sh("postconf -X transport_maps; postfix reload")
    before = server.text(MAIN_CF)
    server.sh("kill -9 $(pgrep -f '[r]unner=out:')")
    try:
        report = server.report("apply", "--yes", "--stage", "3")
        assert (report.exit, report.stages) == (1, {1: "pass", 2: "fail"})
        assert report.failed == {"mailman.runners"}
        assert "out:0:1" in report.checks["mailman.runners"].evidence
        assert server.text(MAIN_CF) == before
        assert_shut(server, failed=2)
    finally:
        server.restart_mailman()


@pytest.mark.usefixtures("proven", "healed")
def test_with_another_lmtp_port_in_mailman_cfg_later_stages_stay_shut(server: Server) -> None:
    server.sh(f"sed -i 's/^lmtp_port: 8024$/lmtp_port: 8025/' /{MAILMAN_CFG}")
    server.restart_mailman()
    report = server.report("check")
    assert (report.exit, report.stages) == (1, {1: "pass", 2: "fail"})
    assert report.failed == {"mailman.configuration"}
    assert "lmtp_port" in report.checks["mailman.configuration"].evidence
    assert server.report("check", "--stage", "3").checks["lmtp.listener"].outcome == "fail"
    assert server.report("apply", "--yes", "--stage", "4").stages == {1: "pass", 2: "fail"}
    assert_shut(server, failed=2)


@pytest.mark.usefixtures("proven", "healed")
def test_without_the_transport_map_stage_3_fails_and_later_stages_stay_shut(server: Server) -> None:
    server.sh("postconf -X transport_maps; postfix reload")
    report = server.report("check", "--set", "check.limit=5")
    assert (report.exit, report.stages) == (1, {1: "pass", 2: "pass", 3: "fail"})
    assert "lmtp.routing" in report.failed
    assert LIST in report.checks["lmtp.routing"].evidence
    assert_shut(server, failed=3)
