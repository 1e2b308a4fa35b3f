"""The six stages where systemd is PID 1: its units, its journal, a reboot, and what is told when a unit fails."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

import pytest

from tests.services.booted import PACKAGES, Booted, CannotBootError
from tests.services.server import RUN_LIMIT, Report, Server

AWAIT_MAILMAN = """
from wizard.localhost import LocalHost
from wizard.mailman import ready
ready.wait_ready(LocalHost(), lambda _kind, **_data: None)
"""


@pytest.fixture(scope="module")
def lab() -> Iterator[Booted]:
    """A machine that has booted, and on which neither service starts by itself."""
    with Booted.start(packages=PACKAGES) as started:
        started.run(["systemctl", "disable", "--quiet", "postfix", "mailman3"]).require()
        try:
            started.boot()
        except CannotBootError as error:
            pytest.skip(f"systemd cannot be PID 1 in a namespace here: {error}")
        yield started


@pytest.fixture(scope="module")
def proven(server: Server) -> Report:
    """The main job."""
    report = server.report("apply", "--yes")
    assert report.verified, report.not_passed
    return report


def actions(server: Server, run: str) -> list[str]:
    """Tell what was done with services in a run, in order."""
    ended = [event for event in server.events(run) if event["kind"] == "change.finished"]
    return [event["diff"].removeprefix("! ") for event in ended if event["change"] == "service"]


def daemon(server: Server) -> str:
    """Name the unit that Postfix's master runs in: an instance up to Debian 12, from 13 on the service itself."""
    instances = server.sh("systemctl list-units --plain --no-legend --state=active 'postfix@*'").split()
    return instances[0] if instances else "postfix.service"


def planned(server: Server) -> list[tuple[int, str]]:
    data = json.loads(server.wizard("plan", "--json").require().stdout)
    return [(change["stage"], change["diff"]) for change in data["changes"]]


def test_six_stages_are_verified_by_units_and_journal(server: Server, proven: Report) -> None:
    assert (proven.exit, set(proven.stages.values()), len(proven.stages)) == (0, {"pass"}, 6)
    assert "the journal" in proven.checks["postfix.log"].evidence
    assert "systemctl is-enabled: postfix, mailman3" in proven.checks["integration.boot"].evidence
    assert actions(server, proven.run) == [
        "start postfix",
        "start mailman3",
        "reload postfix",
        "enable postfix",
        "enable mailman3",
    ]
    assert server.sh(f"systemctl is-active postfix {daemon(server)} mailman3").split() == ["active"] * 3
    assert "maillog_file" not in server.sh("postconf -n")


def test_a_service_is_started_with_its_log_lines(server: Server, proven: Report) -> None:
    logs = [event for event in server.events(proven.run) if event["kind"] == "change.log"]
    postfix, mailman = (
        [line for event in logs if event["target"] == name for line in event["lines"]]
        for name in ("postfix", "mailman3")
    )
    assert any(line.startswith("daemon started") for line in postfix)
    assert any("runner started" in line for line in mailman)


@pytest.mark.usefixtures("proven")
def test_a_second_apply_changes_nothing(server: Server) -> None:
    assert planned(server) == []
    again = server.wizard("apply", "--yes", "--plain", "--through", "3")
    assert again.code == 0, again.stdout
    assert "nothing was changed" in again.stdout.splitlines()


@pytest.mark.usefixtures("proven")
def test_both_services_come_back_after_a_reboot(server: Server, lab: Booted) -> None:
    lab.shut_down()
    lab.boot()
    assert server.sh("systemctl is-active postfix mailman3").split() == ["active"] * 2
    assert server.sh("stat --format=%U:%G:%a /run/mailman3").strip() == "list:list:755"
    lab.run([sys.executable, "-c", AWAIT_MAILMAN], limit=RUN_LIMIT).require()
    assert planned(server) == []
    for stage in ("1", "2"):
        report = server.report("check", "--stage", stage)
        assert report.exit == 0, report.not_passed


@pytest.mark.usefixtures("proven")
def test_a_stopped_and_a_disabled_service_are_found(server: Server) -> None:
    server.sh("systemctl stop postfix; systemctl disable --quiet mailman3")
    try:
        report = server.report("check")
        assert (report.exit, report.stages) == (1, {1: "fail"})
        assert planned(server) == [(1, "! start postfix"), (6, "! enable mailman3")]
        report = server.report("check", "--stage", "6", "--set", "check.limit=1")
        assert "integration.boot" in report.failed
        assert "mailman3" in report.checks["integration.boot"].evidence
    finally:
        server.sh("systemctl start postfix; systemctl enable --quiet mailman3")


@pytest.mark.usefixtures("proven")
def test_a_daemon_that_fails_also_behind_a_unit_that_does_not_is_told_with_its_reason(server: Server) -> None:
    failing = f"/etc/systemd/system/{daemon(server)}.d/failing.conf"
    server.sh(
        f"systemctl stop postfix; mkdir -p $(dirname {failing})\n"
        f"printf '[Service]\\nExecStartPre=/bin/sh -c \"echo the spool is gone; exit 1\"\\n' > {failing}\n"
        "systemctl daemon-reload"
    )
    try:
        server.sh("systemctl start postfix || true")
        server.sh("systemctl stop postfix")
        ended = server.wizard("apply", "--yes", "--plain", "--through", "1")
        assert ended.code == 4
        assert "the spool is gone" in ended.stdout + ended.stderr
        assert "Traceback" not in ended.stdout + ended.stderr
    finally:
        server.sh(f"rm {failing}; systemctl daemon-reload; systemctl restart postfix")
