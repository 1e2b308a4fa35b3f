"""The six stages with Mailman's data in a real PostgreSQL, whose password nobody gets to see."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from tests.services.server import LIMIT, RUN_LIMIT, STATE, Report, Server
from wizard import wait
from wizard.lab import Lab

PORT = 5544
PASSWORD = "p@ss/w:rd%1"
OTHER = "p@ss/w:rd%2"
MAILMAN_CFG = "etc/mailman3/mailman.cfg"
CLUSTER = "version=$(ls /usr/lib/postgresql | sort -n | tail -n 1); pg_ctlcluster $version wizard"
SETUP = f"""
version=$(ls /usr/lib/postgresql | sort -n | tail -n 1)
pg_createcluster --port {PORT} $version wizard
pg_ctlcluster $version wizard start
runuser -u postgres -- psql --port {PORT} -q -c "CREATE ROLE mailman LOGIN PASSWORD '{PASSWORD}'" \
    -c "CREATE DATABASE lists OWNER mailman"
"""


def answer(password: str) -> tuple[str, str]:
    return "--set", f"mailman.database=postgresql://mailman:{quote(password, safe='')}@127.0.0.1:{PORT}/lists"


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """A lab with a PostgreSQL server that runs."""
    with Lab.start(packages=("postgresql",)) as started:
        started.run(["bash", "-ec", SETUP], limit=LIMIT).require()
        yield started


class Watched:
    """One `apply`, looked at from outside while it goes on."""

    def __init__(self, server: Server) -> None:
        self.shown: set[str] = set()
        """Every command line that was seen in the lab meanwhile, as ps(1) shows it."""
        with server.started("apply", "--yes", *answer(PASSWORD)) as call:
            (run,) = wait.until(lambda: server.runs() or None, limit=LIMIT)
            wait.until(lambda: server.events(run) or None, limit=LIMIT)

            def look() -> int | None:
                self.shown |= command_lines(server)
                return call.poll()

            code = wait.until(look, limit=RUN_LIMIT)
        self.report = Report.read(server.events(run)[-1], code)


@pytest.fixture(scope="module")
def watched(server: Server) -> Watched:
    """The main job, on a server whose mailman.cfg names SQLite."""
    assert "\nurl: sqlite:" in server.text(MAILMAN_CFG)
    found = Watched(server)
    assert found.report.verified, found.report.not_passed
    return found


def command_lines(server: Server) -> set[str]:
    found = set()
    for path in server.path("proc").glob("[0-9]*/cmdline"):
        try:
            found.add(path.read_text(encoding="utf-8", errors="replace").replace("\0", " "))
        except OSError:  # it has ended
            continue
    return found


def tells(text: str) -> bool:
    return any(form in text for secret in (PASSWORD, OTHER) for form in (secret, quote(secret, safe="")))


def state_of(server: Server, stage: int, password: str) -> str:
    said = server.wizard("status", "--json", *answer(password)).require().stdout
    return str(json.loads(said)["stages"][stage - 1]["state"])


def test_six_stages_are_verified_and_sqlite_is_left(server: Server, watched: Watched) -> None:
    assert (watched.report.exit, set(watched.report.stages.values()), len(watched.report.stages)) == (0, {"pass"}, 6)
    assert "\nurl: postgresql:" in server.text(MAILMAN_CFG)
    assert "\nurl: sqlite:" not in server.text(MAILMAN_CFG)
    dump = server.sh(f"runuser -u postgres -- pg_dump --port {PORT} --data-only --table=mailinglist lists")
    assert "reading-group" in dump
    assert json.loads(server.wizard("plan", "--json", *answer(PASSWORD)).require().stdout)["changes"] == []


def test_the_password_is_seen_by_nobody(server: Server, watched: Watched) -> None:
    assert any("--runner=" in line for line in watched.shown)
    assert any("mailman.database=" in line for line in watched.shown)
    assert not [line for line in watched.shown if tells(line)]
    files = [*server.path(f"{STATE}/runs").rglob("*"), server.path(f"{STATE}/session.json")]
    assert {"events.jsonl", "request.json", "session.json"} <= {path.name for path in files}
    assert not [path for path in files if path.is_file() and tells(path.read_text(encoding="utf-8"))]
    for command in ("plan", "status"):
        ended = server.wizard(command, *answer(OTHER))
        assert ended.code == 0
        assert not tells(ended.stdout + ended.stderr)


@pytest.mark.usefixtures("watched")
def test_another_password_makes_stage_2_stale(server: Server) -> None:
    assert state_of(server, 2, PASSWORD) == "verified"
    assert state_of(server, 2, OTHER) == "stale"


@pytest.mark.usefixtures("watched")
def test_a_wrong_password_is_told_before_anything_is_changed(server: Server) -> None:
    before = server.text(MAILMAN_CFG)
    ended = server.wizard("apply", "--yes", "--plain", "--through", "2", *answer(OTHER))
    said = ended.stdout + ended.stderr
    assert (ended.code, server.text(MAILMAN_CFG)) == (4, before), said
    assert 'password authentication failed for user "mailman"' in said
    assert "Traceback" not in said
    assert not tells(said)
    assert ended.seconds < LIMIT


@pytest.mark.usefixtures("watched")
def test_a_stopped_server_is_found_by_the_database_check(server: Server) -> None:
    server.sh(f"{CLUSTER} stop -m immediate")
    try:
        ended = server.wizard("check", "--stage", "2", "--plain", *answer(PASSWORD))
        report = server.report("check", "--stage", "2", *answer(PASSWORD))
    finally:
        server.sh(f"{CLUSTER} start")
    assert (report.exit, report.stages) == (1, {2: "fail"})
    assert report.checks["mailman.database"].outcome == "fail"
    assert "Connection refused" in ended.stdout
    assert "Traceback" not in ended.stdout + ended.stderr
    assert ended.seconds < LIMIT
