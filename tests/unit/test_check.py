"""How a check ends is decided by the runner, and only evidence is a PASS."""

from __future__ import annotations

import _thread
import re
import string
import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.unit.doubles import Recorder
from wizard import wait
from wizard.check import Check, CheckFailedError, CheckResult, Evidence, Findings, Outcome, run_checks
from wizard.diagnosis import CATALOGUE, Diagnosis, diagnose, entry
from wizard.errors import RefusedError, UnseenError
from wizard.explain import explain, names, text, titles
from wizard.printable import KEPT
from wizard.scene import Scene
from wizard.site import DomainClass, Site, build
from wizard.stages import STAGES
from wizard.words import words

SITE = Site()
KNOWN = Diagnosis("MW104", "Open relay", "the cause", "the fix", ("a command",))


def run(*checks: Check[None], stage: int = 1, emit: Recorder | None = None) -> tuple[CheckResult, ...]:
    return run_checks(checks, None, emit or Recorder(), stage=stage, words=words(SITE))


def one(look: Callable[[None], Evidence], *, limit: float = 60) -> CheckResult:
    return run(Check("s.c", "title", "proves", (), look, limit=limit))[0]


def seen(_scene: None) -> Evidence:
    return ("ok",)


def raising(error: BaseException) -> Callable[[None], Evidence]:
    def look(_scene: None) -> Evidence:
        raise error

    return look


class TestOutcome:
    def test_evidence_is_a_pass(self) -> None:
        found = one(lambda _: ["first", "second"])
        assert found.outcome is Outcome.PASS
        assert found.evidence == ("first", "second")
        assert found.diagnosis is None

    @pytest.mark.parametrize(
        ("error", "said"),
        [
            (UnseenError("the log is gone"), "the log is gone"),
            (RefusedError("refused"), "could not be seen: refused"),
            (OSError(5, "Input/output error"), "could not be seen: [Errno 5] Input/output error"),
            (wait.LimitError("not seen within 3 s"), "could not be seen: not seen within 3 s"),
            (KeyError("x"), "defect in the check: KeyError: 'x'"),
            (AssertionError("no"), "defect in the check: AssertionError: no"),
            (SystemExit(0), "defect in the check: SystemExit: 0"),
            (KeyboardInterrupt(), "defect in the check: KeyboardInterrupt: "),
        ],
    )
    def test_what_is_not_seen_is_unknown(self, error: BaseException, said: str) -> None:
        found = one(raising(error))
        assert (found.outcome, found.evidence) == (Outcome.UNKNOWN, (said,))

    def test_what_is_not_seen_is_told_with_the_newest_lines_of_the_logs(self) -> None:
        failing = Check("s.c", "The title", "", ("ls {domain}",), raising(UnseenError("the log is gone")))
        lines = ("postfix/smtpd: fatal: no", "mailman.log: oh")

        def doctor(*_: object) -> Findings:
            return Findings((), lines)

        (found,) = run_checks((failing,), None, Recorder(), stage=3, words=words(SITE), doctor=doctor)
        assert found.outcome is Outcome.UNKNOWN
        assert found.diagnosis is not None
        assert (found.diagnosis.code, found.diagnosis.evidence) == ("MW300", lines)
        assert found.diagnosis.cause == "The title: the log is gone"
        assert found.diagnosis.see == ("ls local.edu",)

    @pytest.mark.parametrize("nothing", [(), [], ""])
    def test_no_evidence_is_unknown(self, nothing: Evidence) -> None:
        found = one(lambda _: nothing)
        assert found.outcome is Outcome.UNKNOWN
        assert "no evidence" in found.evidence[0]

    def test_an_error_in_the_middle_of_the_evidence_is_unknown(self) -> None:
        def lines(_scene: None) -> Evidence:
            return [str(1 // number) for number in (1, 0)]

        assert one(lines).outcome is Outcome.UNKNOWN

    def test_the_limit_ends_it_as_unknown_and_the_run_goes_on(self) -> None:
        release = threading.Event()

        def hang(_scene: None) -> Evidence:
            release.wait(30)
            return ("too late",)

        try:
            slow, next_one = run(
                Check("s.slow", "slow", "", (), hang, limit=0.05), Check("s.next", "next", "", (), lambda _: ("ok",))
            )
        finally:
            release.set()
        assert slow.outcome is Outcome.UNKNOWN
        assert slow.evidence == ("not finished within 0.05 seconds",)
        assert slow.seconds >= 0.05
        assert next_one.outcome is Outcome.PASS

    def test_a_failure_has_its_evidence_and_its_diagnosis(self) -> None:
        found = one(raising(CheckFailedError("seen", "so", diagnosis=KNOWN)))
        assert (found.outcome, found.evidence, found.diagnosis) == (Outcome.FAIL, ("seen", "so"), KNOWN)

    @pytest.mark.parametrize("stage", range(1, 7))
    def test_a_failure_without_a_diagnosis_gets_the_stages_own(self, stage: int) -> None:
        see = ("ls {domain}", "mailman members {list}")
        failing = Check("s.c", "The title", "", see, raising(CheckFailedError("the evidence")))
        diagnosis = run(failing, stage=stage)[0].diagnosis
        assert diagnosis is not None
        assert diagnosis.code == f"MW{stage}00"
        assert diagnosis.cause == "The title: the evidence"
        assert diagnosis.see == ("ls local.edu", "mailman members reading-group@local.edu")
        assert diagnosis.fix

    def test_a_failure_without_evidence_is_still_one(self) -> None:
        found = one(raising(CheckFailedError()))
        assert found.outcome is Outcome.FAIL
        assert found.diagnosis is not None
        assert found.diagnosis.cause == "title: no evidence"


class TestTheKeyboard:
    def interrupted(self, *, whole: bool) -> list[str]:
        """Tell how far a check had come when the run was told to stop in its middle, and the runner let go."""
        done: list[str] = []
        went_on = threading.Event()

        def look(_scene: None) -> Evidence:
            _thread.interrupt_main()
            went_on.wait(0.2 if whole else 30)
            done.append("its end")
            return ("ok",)

        with pytest.raises(KeyboardInterrupt):
            run(Check("s.c", "title", "", (), look, whole=whole))
        found = list(done)
        went_on.set()
        return found

    def test_a_check_that_must_be_whole_is_brought_to_its_end(self) -> None:
        assert self.interrupted(whole=True) == ["its end"]

    def test_another_is_left(self) -> None:
        assert self.interrupted(whole=False) == []


class TestNeeds:
    @pytest.mark.parametrize("error", [CheckFailedError("x"), UnseenError("x"), ValueError("x")])
    def test_a_check_is_skipped_with_its_reason(self, error: Exception) -> None:
        asked: list[str] = []

        def look(_scene: None) -> Evidence:
            asked.append("s.b")
            return ("ok",)

        second = Check("s.b", "", "", (), look, needs=("s.a",))
        third = replace(second, id="s.c", needs=("s.b",))
        first, second_result, third_result = run(Check("s.a", "", "", (), raising(error)), second, third)
        assert second_result.outcome is third_result.outcome is Outcome.SKIP
        assert second_result.evidence == (f"not tried: it needs s.a, which ended with {first.outcome}",)
        assert third_result.evidence == ("not tried: it needs s.b, which ended with skip",)
        assert asked == []

    def test_a_check_is_tried_when_what_it_needs_has_passed(self) -> None:
        needy = Check("s.b", "", "", (), seen, needs=("s.a",))
        assert [found.outcome for found in run(Check("s.a", "", "", (), seen), needy)] == ["pass", "pass"]


def test_every_check_is_told_of_at_its_start_and_its_end() -> None:
    emit = Recorder()
    run(Check("s.a", "A", "", (), lambda _: ("ok",)), Check("s.b", "B", "", (), raising(UnseenError("no"))), emit=emit)
    assert emit.kinds() == ["check.started", "check.finished"] * 2
    assert emit.of("check.started")[0] == {"stage": 1, "id": "s.a", "title": "A"}
    last = emit.of("check.finished")[1]
    assert isinstance(last["diagnosis"], dict)
    assert last["diagnosis"]["code"] == "MW100"
    assert {**last, "seconds": 0, "diagnosis": None} == {
        "stage": 1,
        "id": "s.b",
        "title": "B",
        "outcome": "unknown",
        "seconds": 0,
        "evidence": ["no"],
        "diagnosis": None,
        "also": [],
    }


def test_a_result_as_json_has_the_contracts_keys() -> None:
    found = CheckResult("s.c", Outcome.FAIL, 0.12345, ("seen",), KNOWN)
    assert found.data() == {
        "id": "s.c",
        "outcome": "fail",
        "seconds": 0.123,
        "evidence": ["seen"],
        "diagnosis": {
            "code": "MW104",
            "title": "Open relay",
            "cause": "the cause",
            "fix": "the fix",
            "see": ["a command"],
            "evidence": [],
            "fixable": False,
        },
        "also": [],
    }


def test_evidence_of_any_length_is_cut() -> None:
    long = "x" * 100_000
    found = CheckResult("s.c", Outcome.FAIL, 0.1, (long,), replace(KNOWN, evidence=(long,))).data()
    assert len(str(found)) < 2 * KEPT + 500
    assert str(found).count("… 98000 more characters") == 2


CLASSES: tuple[DomainClass, ...] = ("shared", "dedicated", "virtual")
CHECKS = [(stage, each) for stage in STAGES for each in stage.checks]


class TestTheSixStages:
    def test_they_are_numbered_in_order(self) -> None:
        names = ["postfix", "mailman", "lmtp", "subscription", "broadcast", "integration"]
        assert [(stage.number, stage.name) for stage in STAGES] == list(enumerate(names, 1))

    def test_each_has_checks_and_a_purpose(self) -> None:
        assert all(stage.checks and stage.purpose for stage in STAGES)

    def test_ids_are_unique(self) -> None:
        ids = [each.id for _, each in CHECKS]
        assert len(set(ids)) == len(ids)

    def test_ids_begin_with_their_stages_name(self) -> None:
        assert [each.id for stage, each in CHECKS if not re.fullmatch(rf"{stage.name}\.[a-z][a-z-]*", each.id)] == []

    def test_needs_are_earlier_checks_of_the_same_stage(self) -> None:
        for stage in STAGES:
            before: set[str] = set()
            for each in stage.checks:
                assert before.issuperset(each.needs), each.id
                before.add(each.id)

    @pytest.mark.parametrize(("_stage", "each"), CHECKS, ids=lambda value: getattr(value, "id", ""))
    def test_it_says_what_it_proves_and_how_to_see_it(self, _stage: object, each: Check[Scene]) -> None:
        assert each.title
        assert each.proves.endswith(".")
        assert each.see
        assert each.limit > 0

    @pytest.mark.parametrize("domain_class", CLASSES)
    @pytest.mark.parametrize(("_stage", "each"), CHECKS, ids=lambda value: getattr(value, "id", ""))
    def test_its_commands_can_be_shown(self, _stage: object, each: Check[Scene], domain_class: str) -> None:
        site = build(
            {"mail": {"domain": "lists.example.org", "hostname": "mx.example.org", "domain_class": domain_class}}
        )
        for command in each.see:
            shown = command.format_map(words(site))
            assert shown.isprintable()
            assert not re.search(r"\{[a-z_]+\}", shown)

    def test_what_their_proof_stands_on_grows(self) -> None:
        """A later stage stands on all that those before it stand on, but for stage 2, which is no mail server."""
        for stage in STAGES[2:]:
            for before in STAGES[: stage.number - 1]:
                assert set(before.depends) <= set(stage.depends)


class TestCatalogue:
    def test_codes_are_unique(self) -> None:
        codes = [each.code for each in CATALOGUE]
        assert len(set(codes)) == len(codes)

    def test_codes_are_of_a_stages_hundred(self) -> None:
        assert [each.code for each in CATALOGUE if not re.fullmatch(r"MW[1-6][0-9]{2}", each.code)] == []

    def test_every_stage_has_a_code_for_an_unknown_cause(self) -> None:
        assert all("not known" in entry(f"MW{stage.number}00").title for stage in STAGES)

    @pytest.mark.parametrize("each", CATALOGUE, ids=lambda each: each.code)
    def test_texts_can_be_filled_in(self, each: object) -> None:
        found = next(one for one in CATALOGUE if one == each)
        fields = {
            name
            for template in (found.cause, found.fix, *found.see)
            for _, name, _, _ in string.Formatter().parse(template)
            if name is not None
        }
        values = {name: f"<{name}>" for name in fields - words(SITE).keys()}
        made = diagnose(found.code, words(SITE), **values)
        assert made.code == found.code
        assert all(part.isprintable() and part for part in (made.title, made.cause, made.fix, *made.see))
        assert all(value in "".join((made.cause, made.fix, *made.see)) for value in values.values())
        assert "{" not in found.title

    def test_a_missing_value_is_a_defect(self) -> None:
        with pytest.raises(KeyError):
            diagnose("MW104", words(SITE))

    def test_an_unknown_code_is_a_defect(self) -> None:
        with pytest.raises(KeyError):
            entry("MW999")


class TestExplain:
    @pytest.mark.parametrize("name", names())
    def test_everything_can_be_explained_in_words(self, name: str) -> None:
        found = explain(name, SITE)
        shown = text(found)
        assert name in shown
        assert str(found["title"]) in shown
        assert all(line.isprintable() for line in shown.split("\n"))

    def test_the_list_has_a_title_for_each_name(self) -> None:
        assert tuple(name for name, _ in titles()) == names()
        assert all(title for _, title in titles())

    def test_a_code_is_known_in_small_letters(self) -> None:
        assert explain("mw104", SITE)["code"] == "MW104"
