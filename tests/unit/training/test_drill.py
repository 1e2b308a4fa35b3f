"""Which drill is given, and what is said of the trainee's work."""

from __future__ import annotations

from dataclasses import replace

import pytest

from wizard.desk import CheckView, RunView, StageView
from wizard.errors import AnswerError
from wizard.training import judge
from wizard.training.course import TOGETHER
from wizard.training.drill import CHOICES, choices, choose
from wizard.training.load import BUILT_IN, load

COURSE = load(BUILT_IN)


class TestTheChoice:
    def test_the_same_seed_chooses_the_same(self) -> None:
        assert choose(COURSE, seed="7") == choose(COURSE, seed="7")
        assert len({choose(COURSE, seed=str(each)).drills[0].fault for each in range(40)}) > 10

    def test_a_surprise_tells_its_seed(self) -> None:
        first = choose(COURSE)
        assert choose(COURSE, seed=first.seed) == first

    @pytest.mark.parametrize("level", [1, 2, 3])
    def test_by_level(self, level: int) -> None:
        for seed in range(20):
            (drill,) = choose(COURSE, level=level, seed=str(seed)).drills
            assert drill.level == level

    @pytest.mark.parametrize("stage", range(1, 7))
    def test_by_stage(self, stage: int) -> None:
        (drill,) = choose(COURSE, stage=stage, seed="x").drills
        assert drill.known.stage == stage

    def test_two_at_the_highest_level_of_different_stages_in_order(self) -> None:
        for seed in range(50):
            chosen = choose(COURSE, level=TOGETHER, seed=str(seed))
            stages = [each.known.stage for each in chosen.drills]
            assert len(stages) == 2
            assert stages[0] < stages[1]

    def test_by_name_and_none_of_that_name(self) -> None:
        assert choose(COURSE, fault="emergency").drills[0].fault == "emergency"
        with pytest.raises(AnswerError, match="emergency"):
            choose(COURSE, fault="nonsense")

    def test_the_causes_to_choose_from_have_the_true_ones(self) -> None:
        chosen = choose(COURSE, level=TOGETHER, seed="3")
        offered = choices(COURSE, chosen)
        assert len(offered) == CHOICES
        assert {each.fault for each in chosen.drills} <= {each.fault for each in offered}
        assert offered == choices(COURSE, chosen)


def view(verified: str, *, finished: bool = True) -> RunView:
    """Make a run of stages; ``+`` is one that is verified."""
    check = CheckView("x.y", "A check", "pass", "2026-11-23T08:00:00+00:00")
    stages = {
        number: StageView(
            number,
            (check if sign == "+" else replace(check, state="fail"),),
            "pass" if sign == "+" else "fail",
            verified=sign == "+",
        )
        for number, sign in enumerate(verified, start=1)
    }
    return RunView(stages=stages, finished=finished)


class TestTheJudge:
    def test_all_proven(self) -> None:
        assert judge.proven(view("+++"), 1, 3) == ()

    def test_the_first_that_is_not_is_named_with_its_check(self) -> None:
        assert judge.proven(view("+-+"), 1, 3) == ("stage 2: A check: failed",)

    def test_a_stage_that_was_not_come_to_is_not_proven(self) -> None:
        assert judge.proven(view("++"), 1, 3) == ("stage 3 was not checked",)

    def test_checks_that_were_stopped_prove_nothing(self) -> None:
        assert judge.proven(view("+++", finished=False), 1, 3)

    def test_a_stage_without_checks_is_not_proven(self) -> None:
        assert judge.proven(RunView(stages={1: StageView(1, (), "pass")}, finished=True), 1, 1)

    def test_what_is_gone_is_named_and_what_has_come_is_not(self) -> None:
        before = {"members": ["l alice", "l bob"], "lists": ["l"]}
        assert judge.harmed(before, {"members": ["l alice"], "lists": ["l", "m"]}) == (
            "members: l bob was there before and is gone",
        )
        assert judge.harmed(before, before) == ()
        assert len(judge.harmed(before, {})) == 3

    def test_settings_that_the_fault_had_not_touched_are_told(self) -> None:
        before, broken = {"a": "1", "b": "1"}, {"a": "2", "b": "1"}
        assert judge.beside(before, broken, {"a": "3", "b": "1"}) == ()
        assert judge.beside(before, broken, {"a": "1", "b": "2", "c": "1"}) == ("b", "c")
        assert judge.beside(before, broken, {"a": "1"}) == ("b",)
