"""What somebody has changed since a stage was verified is named where a plan changes it again."""

from __future__ import annotations

from pathlib import Path

from tests.unit.doubles import MAIN_CF, MemoryHost, stage
from wizard import planning, session
from wizard.drift import named, settings
from wizard.mailman import cfg
from wizard.plan import File, Plan, Service, Why
from wizard.redact import Redactor
from wizard.session import Session, Verified
from wizard.site import Site

MASTER_CF = MAIN_CF.with_name("master.cf")
KNOWN = {
    f"{MAIN_CF} mynetworks": "1",
    f"{MAIN_CF} relayhost": "2",
    f"{cfg.PATH} [mta] lmtp_port": "3",
    f"{MASTER_CF} smtp/inet": "4",
}


def told(path: Path, name: str, now: dict[str, str]) -> str:
    file = File(1, path, b"", b"x", 0o644, "root", "root", (Why(name, "as answered"),))
    service = Service(1, "postfix", "reload", ())
    plan = named(Plan(1, (file, service)), KNOWN, {**KNOWN, **now}, "stage 3 was verified (today)")
    assert plan.changes[1] == service
    return plan.changes[0].why[0].reason


def test_each_change_of_somebodys_is_named_at_its_line() -> None:
    assert told(MAIN_CF, "mynetworks", {f"{MAIN_CF} mynetworks": "9"}) == (
        "as answered; it was changed since stage 3 was verified (today)"
    )
    assert "it was changed" in told(cfg.PATH, "[mta] lmtp_port", {f"{cfg.PATH} [mta] lmtp_port": "9"})
    assert "it was changed" in told(MASTER_CF, "smtp/inet", {f"{MASTER_CF} smtp/inet": "9"})
    assert "it was added" in told(MAIN_CF, "luser_relay", {f"{MAIN_CF} luser_relay": "9"})


def test_what_is_as_it_was_is_not_named() -> None:
    assert told(MAIN_CF, "mynetworks", {}) == "as answered"
    assert told(MAIN_CF, "mynetworks", {f"{MAIN_CF} relayhost": "9"}) == "as answered"
    assert told(Path("/etc/logrotate.d/x"), "daily", {"/etc/logrotate.d/x daily": "9"}) == "as answered"


def test_what_was_taken_out_is_named() -> None:
    file = File(1, MAIN_CF, b"", b"x", 0o644, "root", "root", (Why("mynetworks", "as answered"),))
    plan = named(Plan(1, (file,)), KNOWN, {}, "then")
    assert "it was taken out since then" in plan.changes[0].why[0].reason


def postconf(value: str) -> MemoryHost:
    return MemoryHost(commands={"postconf": lambda words: f"mynetworks = {value}\n" if "-n" in words else ""})


def test_a_plan_goes_by_the_stage_that_was_verified_last() -> None:
    before, now = postconf("127.0.0.0/8"), postconf("0.0.0.0/0")
    file = File(1, MAIN_CF, b"", b"x", 0o644, "root", "root", (Why("mynetworks", "as answered"),))
    planned = stage(1, plan=lambda _site, _host: Plan(1, (file,)))

    def reasons(known: Session) -> str:
        return planning.make(planned, Site(), now, Redactor(), known).text()

    assert "since" not in reasons(Session())
    older = Verified(1, "2026-01-01", "a", passed=True, parts={}, settings=settings(now))
    newer = Verified(2, "2026-01-02", "b", passed=True, parts={}, settings=settings(before))
    failed = Verified(3, "2026-01-03", "c", passed=False, parts={}, settings=settings(now))
    known = session.Session().record(newer).record(older).record(failed)
    assert "it was changed since stage 2 was verified (2026-01-02)" in reasons(known)
