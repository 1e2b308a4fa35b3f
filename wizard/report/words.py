"""A report's moments, times and outcomes in words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from wizard.check import Outcome
from wizard.report.model import ChangeReport, CheckReport, Report, StageReport, Standing

MINUTE = 60
HEADLINES = {
    Standing.VERIFIED: "verified",
    Standing.STALE: "no longer verified",
    Standing.PARTIAL: "verified in part",
    Standing.FAILED: "not verified",
    Standing.UNFINISHED: "not verified",
}
NAMES = {"postfix": "Postfix", "mailman3": "GNU Mailman"}
SENTENCES = {
    Standing.VERIFIED: "All {count} stages passed in this one run, with real mail; nothing they stand on has changed.",
    Standing.STALE: "All {count} stages passed in this one run, but that does not hold for the server as it is now.",
    Standing.PARTIAL: "What this run was asked for has passed. Verified is said of all {count} stages in one run only.",
    Standing.FAILED: "This run did not get all {count} stages to pass.",
    Standing.UNFINISHED: "This run has not come to its end.",
}


def headline(report: Report) -> str:
    """Say the verdict in a word or three."""
    return HEADLINES[report.verdict.standing]


def sentence(report: Report) -> str:
    """Say what the verdict means."""
    return SENTENCES[report.verdict.standing].format(count=len(report.stages))


def result(stage: StageReport) -> str:
    """Say how a stage came out."""
    if stage.outcome is None:
        return "not checked"
    return "verified" if stage.verified else "not verified"


def colour(stage: StageReport) -> str:
    """Return the class in the style sheet of how a stage came out."""
    return "none" if stage.outcome is None else "good" if stage.verified else "bad"


def counted(things: Sequence[object], name: str) -> str:
    """Say how many there are."""
    return f"{len(things)} {name}{'' if len(things) == 1 else 's'}"


def is_long(check: CheckReport) -> bool:
    """Tell whether a check's evidence is better folded: it is long, and nobody has to look for what went wrong."""
    return check.outcome is Outcome.PASS and len(check.evidence) > 1


def passed(stage: StageReport) -> str:
    """Say how many of a stage's checks passed."""
    count = sum(check.outcome is Outcome.PASS for check in stage.checks)
    return f"{count} of {len(stage.checks)}" if stage.checks else ""


def took(stage: StageReport) -> str:
    """Say how long a stage's checks took."""
    return lasting(stage.seconds) if stage.outcome is not None else ""


def at(stage: StageReport) -> str:
    """Say when a stage's checks ended."""
    return moment(stage.at) if stage.at is not None else ""


def change(made: ChangeReport) -> str:
    """Say what was changed."""
    often = f", {made.times} times" if made.times > 1 else ""
    failed = " (of a plan that failed, and was to be put back)" if made.failed else ""
    return f"stage {made.stage}: {made.kind} {made.target}{often}{failed}"


def facts(report: Report) -> tuple[tuple[str, str], ...]:
    """List what there is to know of the server and the run: title and value."""
    server = report.server
    found = (
        ("Server", server.hostname),
        ("Mailing list" if len(server.lists) == 1 else "Mailing lists", ", ".join(server.lists)),
        *server.answers,
        *((NAMES.get(name, name), version) for name, version in server.packages),
        ("Run", f"{report.run} ({report.command})" if report.command else report.run),
        ("Began", moment(report.began)),
        ("Ended", f"{moment(report.ended)}, after {between(report.began, report.ended)}" if report.ended else ""),
    )
    return tuple((title, value or "unknown") for title, value in found)


def moment(at: str | None) -> str:
    """Say when something was, to the second."""
    if at is None:
        return "unknown"
    return f"{datetime.fromisoformat(at).astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def lasting(seconds: float) -> str:
    """Say how long something took."""
    whole = round(seconds)
    if whole >= MINUTE:
        return f"{whole // MINUTE} min {whole % MINUTE} s"
    return f"{seconds:.1f} s"


def between(began: str | None, ended: str | None) -> str:
    """Say how long it was from one moment to another."""
    if began is None or ended is None:
        return "unknown"
    return lasting((datetime.fromisoformat(ended) - datetime.fromisoformat(began)).total_seconds())
