"""Verified is said of all stages in one run that still stand, and of nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.doubles import MAIN_CF, MemoryHost, check, stage
from tests.unit.report.recorded import log, report
from wizard import report as reports
from wizard import session
from wizard.check import Outcome
from wizard.events import Event, EventLog
from wizard.redact import Redactor
from wizard.report import Report, Standing, make, of
from wizard.session import Session, Verified
from wizard.site import Site
from wizard.state import State

STAGES = (stage(1, check(name="stage1.first")), stage(2, check(name="stage2.first")), stage(3, check()))
NOW = "2026-11-22T15:00:00+00:00"
DIAGNOSIS = {"code": "MW101", "title": "It is down", "cause": "c", "fix": "f", "see": [], "evidence": []}
ENDED = {"exit": 0, "verified": True, "error": None}


def result(number: int, outcome: str = "pass", **data: Any) -> dict[str, Any]:
    diagnosis = DIAGNOSIS if outcome == "fail" else None
    checks = [
        {"id": f"stage{number}.first", "outcome": outcome, "seconds": 1, "evidence": ["seen"], "diagnosis": diagnosis}
    ]
    passed = outcome == "pass"
    return {"stage": number, "outcome": outcome, "seconds": 1.5, "verified": passed, "checks": checks, **data}


def told(*rows: tuple[str, dict[str, Any]]) -> list[Event]:
    return [Event(number, f"2026-11-22T14:00:{number:02}+00:00", *row) for number, row in enumerate(rows, 1)]


def judged(*rows: tuple[str, dict[str, Any]], since: Iterable[str] = ()) -> Report:
    return make("a-run", told(("run.started", {"command": "apply"}), *rows), STAGES, since, made=NOW)


def passed(*numbers: int) -> list[tuple[str, dict[str, Any]]]:
    return [("stage.finished", result(number)) for number in numbers]


def test_all_stages_in_one_run_are_verified() -> None:
    made = judged(*passed(1, 2, 3), ("run.finished", ENDED))
    assert (made.verdict.standing, made.verdict.missing) == (Standing.VERIFIED, ())
    assert (made.began, made.ended) == ("2026-11-22T14:00:01+00:00", "2026-11-22T14:00:05+00:00")
    assert [row.at for row in made.stages] == [f"2026-11-22T14:00:{second:02}+00:00" for second in (2, 3, 4)]


def test_what_has_changed_since_makes_it_stale() -> None:
    made = judged(*passed(1, 2, 3), ("run.finished", ENDED), since=("stage 1: stale",))
    assert (made.verdict.standing, made.verdict.missing) == (Standing.STALE, ("stage 1: stale",))


def test_a_part_is_a_part() -> None:
    made = judged(*passed(2), ("run.finished", {**ENDED, "verified": False}))
    assert (made.verdict.standing, made.verdict.missing) == (
        Standing.PARTIAL,
        ("stages 1, 3: not checked in this run",),
    )
    assert [row.outcome for row in made.stages] == [None, Outcome.PASS, None]


def test_a_failure_is_named_with_its_cause() -> None:
    rows = [*passed(1), ("stage.finished", result(2, "fail"))]
    made = judged(*rows, ("run.finished", {"exit": 1, "verified": False}))
    assert made.verdict.standing is Standing.FAILED
    assert made.verdict.missing == (
        "stage 2 (stage2), stage2.first: FAIL, MW101: It is down",
        "stage 3: not checked in this run",
    )


def test_an_error_stands_before_all_else() -> None:
    made = judged(("run.finished", {"exit": 4, "verified": False, "error": "it broke\nall was put back\n"}))
    assert made.verdict.missing[:2] == ("it broke", "all was put back")
    assert judged(*passed(1, 2, 3), ("run.finished", {**ENDED, "exit": 70})).verdict.missing


def test_a_run_that_has_not_ended_is_not_verified() -> None:
    made = judged(*passed(1, 2, 3))
    assert (made.verdict.standing, made.ended) == (Standing.UNFINISHED, None)


def test_a_stage_that_changed_under_its_checks_is_not_verified() -> None:
    made = judged(*passed(1, 2), ("stage.finished", result(3, verified=False)), ("run.finished", ENDED))
    assert made.verdict.standing is Standing.FAILED
    assert made.verdict.missing == ("stage 3 (stage3): not verified, though no check of it failed; see the notes",)


def test_the_newest_result_of_a_stage_counts() -> None:
    again = [*passed(1, 2, 3), ("stage.finished", result(1, "unknown"))]
    assert judged(*again, ("run.finished", ENDED)).verdict.standing is Standing.FAILED
    assert judged(*reversed(again), ("run.finished", ENDED)).verdict.verified


@given(
    st.lists(st.sampled_from(Outcome), min_size=3, max_size=3),
    st.sets(st.integers(1, 3)),
    st.sampled_from([0, 1, 3, 4, 70]),
    st.booleans(),
    st.booleans(),
)
def test_verified_is_said_of_nothing_less(
    outcomes: list[Outcome],
    come_to: set[int],
    code: int,
    whole: bool,  # noqa: FBT001 (an example)
    stands: bool,  # noqa: FBT001 (an example)
) -> None:
    rows = [("stage.finished", result(number, str(outcomes[number - 1]))) for number in come_to]
    made = judged(*rows, ("run.finished", {"exit": code, "verified": whole}), since=() if stands else ("it is stale",))
    proven = come_to == {1, 2, 3} and set(outcomes) == {Outcome.PASS} and code == 0 and whole and stands
    assert made.verdict.verified is proven
    assert bool(made.verdict.missing) is not proven


kinds = st.sampled_from(["run.started", "stage.finished", "change.finished", "note", "run.finished", "x"])
values = st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=2))
keys = st.sampled_from(["stage", "outcome", "verified", "checks", "text", "exit", "answers", "target", "error"])


@given(st.lists(st.builds(Event, st.integers(), st.text() | st.just(NOW), kinds, st.dictionaries(keys, values))))
def test_what_is_no_event_of_a_run_proves_nothing(found: list[Event]) -> None:
    made = make("a-run", found, STAGES, (), made=NOW)
    assert not made.verdict.verified
    assert reports.markdown(made)
    assert reports.html(made)


class TestChanges:
    def test_what_was_changed_is_told_without_its_content(self) -> None:
        made = report("verified")
        assert [(row.stage, row.kind, row.target, row.times) for row in made.changes][:3] == [
            (1, "file", "/etc/postfix/main.cf", 1),
            (1, "file", "/etc/logrotate.d/mailman-wizard", 1),
            (1, "service", "postfix", 1),
        ]
        assert not any(row.failed for row in made.changes)

    def test_a_plan_that_failed_is_told_apart(self) -> None:
        def change(kind: str, target: str) -> tuple[str, dict[str, Any]]:
            return "change.finished", {"stage": 1, "change": kind, "target": target, "diff": "+ content"}

        made = judged(
            ("plan.made", {}),
            change("package", "postfix"),
            ("plan.made", {}),
            change("file", "/a"),
            change("service", "postfix"),
            change("service", "postfix"),
            ("change.failed", {"stage": 1, "error": "no"}),
            ("change.failed", {"stage": 1, "error": "while putting /a back: no"}),
        )
        assert [(row.kind, row.target, row.times, row.failed) for row in made.changes] == [
            ("package", "postfix", 1, False),
            ("file", "/a", 1, True),
            ("service", "postfix", 2, True),
        ]
        assert "content" not in reports.markdown(made)


class TestStanding:
    """Whether a run's proofs stand is seen on the machine, at the moment when the report is made."""

    @pytest.fixture
    def state(self, tmp_path: Path) -> State:
        made = State(tmp_path)
        made.prepare()
        return made

    def remembered(self, state: State, host: MemoryHost, **other: Any) -> None:
        parts = session.chosen(session.parts(host, Site()), (str(MAIN_CF),))
        entry = Verified(1, NOW, "a-run", passed=True, parts=parts)
        last = replace(entry, **{"stage": 3, **other})
        session.save(Session({1: entry, 2: replace(entry, stage=2), last.stage: last}), state.session)

    def verdict(self, state: State, host: MemoryHost) -> tuple[Standing, tuple[str, ...]]:
        directory = state.runs / "a-run"
        directory.mkdir(exist_ok=True)
        log = EventLog(directory, Redactor())
        for kind, data in [*passed(1, 2, 3), ("run.finished", ENDED)]:
            log(kind, **data)
        log.close()
        found = of(directory, Site(), state, host=host, stages=STAGES)
        return found.verdict.standing, found.verdict.missing

    def test_as_long_as_nothing_changes(self, state: State) -> None:
        host = MemoryHost()
        self.remembered(state, host)
        assert self.verdict(state, host) == (Standing.VERIFIED, ())

    def test_an_edited_file_is_named_with_its_stages(self, state: State) -> None:
        host = MemoryHost()
        self.remembered(state, host)
        host.edit(MAIN_CF)
        assert self.verdict(state, host) == (Standing.STALE, (f"stages 1, 2, 3: stale, changed since: {MAIN_CF}",))

    @pytest.mark.parametrize(
        ("other", "said"),
        [
            ({"run": "b-run", "passed": False}, "stage 3: checked again since, in run b-run, and did not pass"),
            ({"passed": False}, "stage 3: remembered as not passed"),
            ({"stage": 9}, "stage 3: not remembered as checked"),
        ],
    )
    def test_a_stage_that_is_remembered_otherwise(self, state: State, other: dict[str, Any], said: str) -> None:
        host = MemoryHost()
        self.remembered(state, host, **other)
        assert self.verdict(state, host) == (Standing.STALE, (said,))

    def test_a_stage_that_passed_once_more_takes_nothing_away_from_a_server_that_is_as_it_was(
        self, state: State
    ) -> None:
        host = MemoryHost()
        self.remembered(state, host, run="b-run")
        assert self.verdict(state, host) == (Standing.VERIFIED, ())

    def test_nobody_knows_how_it_was_if_all_stages_were_checked_again(self, state: State) -> None:
        host = MemoryHost()
        self.remembered(state, host)
        stages = session.load(state.session).stages
        session.save(Session({number: replace(each, run="b-run") for number, each in stages.items()}), state.session)
        said = "stages 1, 2, 3: checked again since, in run b-run, and passed"
        assert self.verdict(state, host) == (Standing.STALE, (said,))


def test_a_recorded_run_tells_its_server() -> None:
    server = report("verified").server
    assert (server.hostname, server.lists) == ("mail.local.edu", ("reading-group@local.edu",))
    assert dict(server.packages).keys() == {"postfix", "mailman3"}
    assert [row.verified for row in report("failed").stages] == [True, True, False, False, False, False]
    assert any(event.kind == "note" for event in log("verified"))
    assert report("verified").notes


def test_no_secret_is_among_the_answers() -> None:
    from_url = Site.model_validate({"mailman": {"database": "postgresql://u:pass-word@h/db"}})
    assert "pass-word" not in str(reports.answers(from_url))
    assert "PostgreSQL" in str(reports.answers(from_url))
