"""A report as data."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum

from wizard.check import Outcome
from wizard.diagnosis import Diagnosis

SCHEMA = 1


class Standing(StrEnum):
    """What a run has come to; only VERIFIED says that the server is proven as it is now."""

    VERIFIED = "verified"
    STALE = "stale"
    """All stages passed in it, and what they stand on has changed since, or they were checked again."""
    PARTIAL = "partial"
    """All that it was asked for passed, and that was not all stages."""
    FAILED = "failed"
    UNFINISHED = "unfinished"
    """It goes on, or was killed: it has not said how it ended."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What stands at the top of a report."""

    standing: Standing
    missing: tuple[str, ...] = ()
    """What there is between this and VERIFIED, a sentence each; empty if nothing."""

    @property
    def verified(self) -> bool:
        """Whether all stages passed in the one run and still stand."""
        return self.standing is Standing.VERIFIED


@dataclass(frozen=True, slots=True)
class Server:
    """What the report is about."""

    hostname: str
    """Empty if the run has not told."""
    lists: tuple[str, ...]
    """Their posting addresses."""
    answers: tuple[tuple[str, str], ...]
    """Further answers of the admin, none of them a secret: title and value."""
    packages: tuple[tuple[str, str], ...]
    """Package and version that the stages were proven with."""


@dataclass(frozen=True, slots=True)
class CheckReport:
    """One check."""

    id: str
    title: str
    proves: str
    """What a PASS shows; empty for a check that this version does not have."""
    outcome: Outcome
    seconds: float
    evidence: tuple[str, ...]
    diagnoses: tuple[Diagnosis, ...]


@dataclass(frozen=True, slots=True)
class StageReport:
    """One stage, also one that the run did not come to."""

    number: int
    name: str
    purpose: str
    outcome: Outcome | None
    """None: the run did not come to it."""
    verified: bool
    """Whether every check passed and nothing changed meanwhile."""
    at: str | None
    """When its checks ended: UTC, ISO 8601."""
    seconds: float
    checks: tuple[CheckReport, ...]


@dataclass(frozen=True, slots=True)
class ChangeReport:
    """One thing that was changed; what it was changed to is in the run's log."""

    stage: int
    kind: str
    target: str
    times: int
    failed: bool
    """Whether it was part of a plan that failed, and so was to be put back."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a run has proven, and how that stands at the moment when the report is made."""

    run: str
    command: str
    """apply or check; empty if the run has not told."""
    began: str | None
    """UTC, ISO 8601, as the next two."""
    ended: str | None
    made: str
    verdict: Verdict
    server: Server
    stages: tuple[StageReport, ...]
    changes: tuple[ChangeReport, ...]
    notes: tuple[str, ...]
    """What the run remarked on the way."""

    def data(self) -> dict[str, object]:
        """Return it as the command line's JSON has it."""
        return {"schema": SCHEMA, "verified": self.verdict.verified, **asdict(self)}
