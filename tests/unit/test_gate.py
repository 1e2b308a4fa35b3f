"""Stage N+1 opens only when every check of 1…N passed on the configuration as it is now, whatever is asked for."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.doubles import MAIN_CF, MemoryHost, Planned, Recorder, check, engine, passing, stage
from wizard import session, wait
from wizard.check import CheckFailedError, Evidence, Outcome
from wizard.engine import Engine
from wizard.errors import ChangeError, RefusedError, UnseenError
from wizard.plan import Plan, Rebuild
from wizard.scene import Scene
from wizard.stages import STAGES
from wizard.stages.model import Stage

COUNT = len(STAGES)
Look = Callable[[Scene], Evidence]
EDIT = Rebuild(0, "main.cf", ("edit",), None, ())
"""A change that alters main.cf, on a host that has such a command."""


def yes(_plan: Plan) -> bool:
    return True


def failing(_scene: Scene) -> Evidence:
    raise CheckFailedError("seen, and wrong")


def unseen(_scene: Scene) -> Evidence:
    raise UnseenError("nobody could look")


def defective(_scene: Scene) -> Evidence:
    raise ZeroDivisionError


def refused(_scene: Scene) -> Evidence:
    raise RefusedError("not on this machine")


def broken(_scene: Scene) -> Evidence:
    raise OSError(5, "Input/output error")


def late(_scene: Scene) -> Evidence:
    raise wait.LimitError("not seen within 1 s")


def ended(_scene: Scene) -> Evidence:
    raise SystemExit(0)


def without_evidence(_scene: Scene) -> Evidence:
    return ()


def stopping_halfway(_scene: Scene) -> Evidence:
    def lines() -> Iterator[str]:
        yield "the first line"
        raise UnseenError("and no more")

    return list(lines())


NOT_PASSING = (failing, unseen, defective, refused, broken, late, ended, without_evidence, stopping_halfway)


@dataclass
class Six:
    """Six stages, each with a plan that counts and two checks, of which one can be told how to end."""

    plans: tuple[Planned, ...]
    stages: tuple[Stage, ...]


def six(ends: dict[int, tuple[Look, ...]]) -> Six:
    plans = tuple(Planned((EDIT,)) for _ in range(COUNT))
    stages = tuple(
        stage(
            number,
            *(
                check(look, name=f"stage{number}.{place}")
                for place, look in enumerate(ends.get(number, (passing, passing)))
            ),
            plan=plans[number - 1],
        )
        for number in range(1, COUNT + 1)
    )
    return Six(plans, stages)


def editing() -> MemoryHost:
    host = MemoryHost()

    def edit(_words: tuple[str, ...]) -> str:
        host.edit(MAIN_CF)
        return ""

    host.commands["edit"] = edit
    return host


def ways(stuck: int) -> list[tuple[int, int]]:
    """List what `apply` hands to the engine for every option that asks for a stage after the one that is stuck.

    ``--through N`` and no option at all (all six) begin at the first stage, ``--stage N`` at its own.
    """
    later = range(stuck + 1, COUNT + 1)
    return [*((1, through) for through in later), *((number, number) for number in later)]


def asked_after(made: Six, stuck: int) -> list[int]:
    return [number for number, plan in enumerate(made.plans, 1) if number > stuck and plan.asked]


@pytest.mark.parametrize(
    "ends",
    [*((end, passing) for end in NOT_PASSING), (passing, unseen), (failing, failing), ()],
    ids=lambda ends: "-".join(end.__name__ for end in ends) or "no checks",
)
@pytest.mark.parametrize("stuck", range(1, COUNT))
def test_no_stage_is_planned_after_one_that_is_not_proven(tmp_path: Path, stuck: int, ends: tuple[Look, ...]) -> None:
    for first, last in ways(stuck):
        made = six({stuck: ends})
        running = engine(tmp_path / f"{first}-{last}", made.stages, editing())
        assert not running.apply(first, last, yes), (first, last)
        assert asked_after(made, stuck) == [], (first, last)
        assert not running.gate(stuck + 1)
        assert [result.stage.number for result in running.results] == list(range(1, stuck + 1))


@pytest.mark.parametrize("stuck", range(1, COUNT))
def test_no_stage_is_planned_after_one_whose_check_takes_too_long(tmp_path: Path, stuck: int) -> None:
    release = threading.Event()

    def hanging(_scene: Scene) -> Evidence:
        release.wait(60)
        return ("too late",)

    try:
        for first, last in ways(stuck):
            made = six({stuck: (hanging,)})
            stages = tuple(_impatient(each) if each.number == stuck else each for each in made.stages)
            running = engine(tmp_path / f"{first}-{last}", stages, editing())
            assert not running.apply(first, last, yes), (first, last)
            assert asked_after(made, stuck) == [], (first, last)
            assert running.results[-1].outcome is Outcome.UNKNOWN
            assert not running.gate(stuck + 1)
    finally:
        release.set()


def _impatient(slow: Stage) -> Stage:
    return replace(slow, checks=tuple(replace(each, limit=0.05) for each in slow.checks))


@pytest.mark.parametrize("stuck", range(1, COUNT))
def test_a_skipped_check_keeps_the_next_stage_shut(tmp_path: Path, stuck: int) -> None:
    made = six({})
    needy = replace(check(name="needy"), needs=("needed",))
    skipping = stage(stuck, check(unseen, name="needed"), needy)
    stages = (*made.stages[: stuck - 1], skipping, *made.stages[stuck:])
    running = engine(tmp_path, stages, editing())
    assert not running.apply(1, COUNT, yes)
    assert [result.outcome for result in running.results[-1].checks] == [Outcome.UNKNOWN, Outcome.SKIP]
    assert asked_after(made, stuck) == []


@given(
    ends=st.lists(st.sampled_from((passing, passing, passing, *NOT_PASSING)), min_size=COUNT, max_size=COUNT),
    first=st.integers(1, COUNT),
    last=st.integers(1, COUNT),
)
@settings(deadline=None, max_examples=100)
def test_whatever_the_stages_do_only_open_ones_are_planned(ends: list[Look], first: int, last: int) -> None:
    made = six({number: (end,) for number, end in enumerate(ends, 1)})
    stuck = next((number for number, end in enumerate(ends, 1) if end is not passing), COUNT + 1)
    with tempfile.TemporaryDirectory() as root:
        verified = engine(Path(root), made.stages, editing()).apply(first, last, yes)
    assert verified is (stuck > last)
    planned = [number for number, plan in enumerate(made.plans, 1) if plan.asked]
    assert planned == [number for number in range(first, last + 1) if number <= stuck]


def test_what_an_earlier_run_proved_opens_nothing_for_this_one(tmp_path: Path) -> None:
    host = editing()
    assert engine(tmp_path, six({}).stages, host).apply(1, COUNT, yes)
    made = six({2: (unseen,)})
    assert not engine(tmp_path, made.stages, host).apply(3, 3, yes)
    assert asked_after(made, 2) == []


def test_checking_a_later_stage_opens_nothing(tmp_path: Path) -> None:
    made = six({2: (failing,)})
    running = engine(tmp_path, made.stages, editing())
    assert running.check(3, 5)
    assert not running.apply(6, 6, yes)
    assert asked_after(made, 2) == []


class Counted:
    """A check that counts, and that may do something on the way."""

    def __init__(self, do: Callable[[], None] = lambda: None) -> None:
        self.count = 0
        self._do = do

    def __call__(self, _scene: Scene) -> Evidence:
        self.count += 1
        self._do()
        return ("seen",)


class TestChangedParts:
    def test_a_change_of_stage_3_makes_stages_1_and_2_be_proven_again_before_4_opens(self, tmp_path: Path) -> None:
        looks = [Counted() for _ in range(4)]
        made = six({number: (look,) for number, look in enumerate(looks, 1)})
        stages = tuple(
            each if number == 3 else stage(number, *each.checks) for number, each in enumerate(made.stages, 1)
        )
        assert engine(tmp_path, stages, editing()).apply(1, 4, yes)
        assert [look.count for look in looks] == [2, 2, 1, 1]

    def test_stage_4_stays_shut_if_the_change_of_stage_3_has_broken_stage_1(self, tmp_path: Path) -> None:
        host = editing()

        def whole(_scene: Scene) -> Evidence:
            if b"changed" in host.files[MAIN_CF].content:
                raise CheckFailedError("stage 3 broke it")
            return ("whole",)

        made = six({1: (whole,)})
        stages = tuple(
            each if number >= 3 else stage(number, *each.checks) for number, each in enumerate(made.stages, 1)
        )
        running = engine(tmp_path, stages, host)
        assert not running.apply(1, COUNT, yes)
        assert asked_after(made, 3) == []
        assert not running.gate(2)

    def test_a_stage_on_other_parts_is_not_proven_again(self, tmp_path: Path) -> None:
        looks = [Counted(), Counted()]
        stages = (
            stage(1, check(looks[0]), depends=("mailman3",)),
            stage(2, check(looks[1]), plan=Planned((EDIT,))),
        )
        assert engine(tmp_path, stages, editing()).apply(1, 2, yes)
        assert [look.count for look in looks] == [1, 1]

    def test_a_stage_whose_parts_changed_while_it_was_checked_is_not_verified(self, tmp_path: Path) -> None:
        host = MemoryHost()
        made = six({1: (Counted(lambda: host.edit(MAIN_CF)),)})
        running = engine(tmp_path, made.stages, host)
        assert not running.check(1, 1)
        assert running.results[0].outcome is Outcome.PASS
        assert not running.gate(2)
        assert not session.load(running.state.session).stages[1].passed
        assert isinstance(running.emit, Recorder)
        assert f"while it was checked, {MAIN_CF} changed" in str(running.emit.of("note")[-1]["text"])

    def test_a_change_from_outside_between_two_stages_shuts_the_gate(self, tmp_path: Path) -> None:
        host = MemoryHost()
        running = engine(tmp_path, six({}).stages, host)
        assert running.check(1, 2)
        assert running.gate(3)
        host.edit(MAIN_CF)
        assert not running.gate(3)
        assert not running.gate(2)
        assert running.gate(1)

    @pytest.mark.parametrize("versions", ["postfix\tinstalled\t3.7.11-1\n", ""], ids=["upgraded", "removed"])
    def test_a_changed_package_shuts_the_gate(self, tmp_path: Path, versions: str) -> None:
        host = MemoryHost()
        running = engine(tmp_path, (stage(1, check(), depends=("postfix",)), stage(2, check())), host)
        assert running.check(1, 1)
        assert running.gate(2)
        host.commands["dpkg-query"] = lambda _: versions
        assert not running.gate(2)


class TestApproval:
    def test_a_plan_that_is_not_approved_is_not_made(self, tmp_path: Path) -> None:
        host = editing()
        made = six({})
        running: Engine = engine(tmp_path, made.stages, host)
        assert not running.apply(1, COUNT, lambda _: False)
        assert ("edit",) not in host.calls
        assert running.changed == 0
        assert asked_after(made, 1) == []

    def test_a_plan_that_never_ends_is_an_error_and_no_proof(self, tmp_path: Path) -> None:
        endless = stage(1, check(), plan=lambda _site, _host: Plan(1, (EDIT,)))
        running = engine(tmp_path, (endless, stage(2, check())), editing())
        with pytest.raises(ChangeError, match="still wants changes"):
            running.apply(1, 2, yes)
        assert not running.gate(2)
