"""One execution: what is planned, made, checked, said and remembered."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.unit.doubles import MAIN_CF, Kept, MemoryHost, Planned, Recorder, check, engine, passing, stage
from wizard import session
from wizard.check import CheckFailedError, Evidence, Outcome
from wizard.engine import Engine
from wizard.errors import ChangeError, RefusedError, UnseenError
from wizard.host import Listener, Process
from wizard.mailman import cfg
from wizard.plan import File, Packages, Plan, Rebuild, Service, Why
from wizard.probes.ledger import Ledger
from wizard.scene import Scene
from wizard.site import Site, changed
from wizard.state import State
from wizard.wayback import Approve

Look = Callable[[Scene], Evidence]


def failing(_scene: Scene) -> Evidence:
    raise CheckFailedError("seen, and wrong")


def unseen(_scene: Scene) -> Evidence:
    raise UnseenError("not seen")


def recorder(running: Engine) -> Recorder:
    assert isinstance(running.emit, Recorder)
    return running.emit


def yes(_plan: Plan) -> bool:
    return True


def touch(number: int = 1) -> Rebuild:
    return Rebuild(number, "maps", ("touch", str(number)), None, (Why("x", "y"),))


def host(**commands: Any) -> MemoryHost:
    return MemoryHost(commands={"touch": lambda _: "", **commands})


X = cfg.PATH


def made(change: File) -> MemoryHost:
    """A machine that has the content of a file's change, for a check to look at."""
    machine = host(mailman=lambda _: "", chgrp=lambda _: "")
    machine.files[change.path] = Kept(change.before or b"")
    return machine


def edit(number: int = 1, after: bytes = b"broken\n") -> File:
    return File(number, X, b"old\n", after, 0o644, "root", "root", (Why("x", "y"),))


def whole(scene: Scene) -> Evidence:
    if scene.host.read(X) == b"broken\n":
        raise CheckFailedError("it is broken")
    return ("seen",)


class TestTheWayBack:
    """What broke a stage that worked before is put back; what did not stays."""

    def run(
        self, tmp_path: Path, machine: MemoryHost, approve: Approve = yes, number: int = 1, site: Site | None = None
    ) -> Engine:
        plan = Planned((edit(number),))
        first = stage(1, check(whole), plan=plan if number == 1 else Planned(), depends=(str(X),))
        second = stage(2, check(whole, name="c2"), plan=plan)
        running = engine(tmp_path, (first, second)[:number], machine, site)
        running.apply(number, number, approve)
        return running

    def test_of_a_stage_that_is_known_to_have_worked(self, tmp_path: Path) -> None:
        machine = made(edit())
        assert engine(tmp_path, (stage(1, check(whole), depends=(str(X),)),), machine).check(1, 1)
        before = session.load(State(tmp_path).session)
        with pytest.raises(ChangeError, match=r"stage 1 \(stage1\) worked before these changes(?s:.*)was put back"):
            self.run(tmp_path, machine)
        assert machine.files[X].content == b"old\n"
        assert session.load(State(tmp_path).session) == before

    def test_of_a_stage_that_worked_with_other_answers(self, tmp_path: Path) -> None:
        """With the new ones it does not work before the change either, but the server did."""
        machine = made(edit())
        machine.running, machine.listening = (), ()
        known = (stage(1, check(whole), depends=(str(X), "site.mail")),)
        assert engine(tmp_path, known, machine).check(1, 1)
        other = changed(Site(), {"mail.hostname": "other.example"})
        with pytest.raises(ChangeError, match=r"stage 1 \(stage1\) worked before these changes(?s:.*)was put back"):
            self.run(tmp_path, machine, site=other)
        assert machine.files[X].content == b"old\n"

    def test_of_a_server_that_nobody_has_looked_at(self, tmp_path: Path) -> None:
        machine = made(edit())
        with pytest.raises(ChangeError, match="was put back"):
            self.run(tmp_path, machine)
        assert machine.files[X].content == b"old\n"

    def test_of_an_earlier_stage(self, tmp_path: Path) -> None:
        machine = made(edit())
        with pytest.raises(ChangeError, match=r"stage 1 \(stage1\)(?s:.*)changed in stage 2 was put back"):
            self.run(tmp_path, machine, number=2)
        assert machine.files[X].content == b"old\n"

    def test_what_did_not_work_before_keeps_what_was_changed(self, tmp_path: Path) -> None:
        machine = made(edit())
        machine.running, machine.listening = (), ()
        running = self.run(tmp_path, machine)
        assert machine.files[X].content == b"broken\n"
        assert recorder(running).of("stage.finished")[-1]["outcome"] == "fail"

    def test_what_only_starts_at_boot_from_now_on_is_not_looked_at_before(self, tmp_path: Path) -> None:
        looks: list[Scene] = []

        def look(scene: Scene) -> Evidence:
            looks.append(scene)
            return ("seen",)

        plan = Planned((Service(1, "postfix", "enable", (Why("x", "y"),)),))
        machine = host(**{"update-rc.d": lambda _: ""})
        assert engine(tmp_path, (stage(1, check(look), plan=plan),), machine).apply(1, 1, yes)
        assert len(looks) == 1

    def test_it_is_asked_with_the_diff_and_the_reason(self, tmp_path: Path) -> None:
        asked: list[str] = []

        def approve(plan: Plan) -> bool:
            asked.append(plan.text())
            return len(asked) == 1

        machine = made(edit())
        self.run(tmp_path, machine, approve)
        assert machine.files[X].content == b"broken\n"
        assert "-broken" in asked[1]
        assert "worked before these changes and fails with them" in asked[1]


class TestOutcome:
    @pytest.mark.parametrize(
        ("looks", "outcome"),
        [
            ((passing, passing), Outcome.PASS),
            ((passing, failing), Outcome.FAIL),
            ((unseen, passing), Outcome.UNKNOWN),
            ((unseen, failing), Outcome.FAIL),
            ((), Outcome.UNKNOWN),
        ],
    )
    def test_a_stage_is_as_good_as_its_worst_check(
        self, tmp_path: Path, looks: tuple[Look, ...], outcome: Outcome
    ) -> None:
        running = engine(tmp_path, (stage(1, *(check(look, name=f"c{n}") for n, look in enumerate(looks))),))
        assert running.check(1, 1) is (outcome is Outcome.PASS)
        (result,) = running.results
        assert result.outcome is outcome
        assert json.loads(json.dumps(result.data()))["outcome"] == str(outcome)
        assert recorder(running).of("stage.finished")[0]["verified"] is (outcome is Outcome.PASS)

    def test_checking_ends_at_the_first_stage_that_does_not_pass(self, tmp_path: Path) -> None:
        running = engine(tmp_path, (stage(1, check()), stage(2, check(failing)), stage(3, check())))
        assert not running.check(1, 3)
        assert [result.stage.number for result in running.results] == [1, 2]

    def test_what_was_seen_is_remembered(self, tmp_path: Path) -> None:
        running = engine(tmp_path, (stage(1, check()), stage(2, check(failing))))
        running.check(1, 2)
        known = session.load(running.state.session).stages
        assert {number: (entry.passed, entry.run) for number, entry in known.items()} == {
            1: (True, "a-run"),
            2: (False, "a-run"),
        }

    def test_a_later_failure_takes_the_proof_back(self, tmp_path: Path) -> None:
        looks: list[Look] = [failing, passing]

        def look(scene: Scene) -> Evidence:
            return looks.pop()(scene)

        running = engine(tmp_path, (stage(1, check(look)), stage(2, check())))
        assert running.check(1, 1)
        assert not running.check(1, 1)
        assert not running.gate(2)
        assert not session.load(running.state.session).stages[1].passed


class TestApply:
    def test_changes_are_made_and_counted(self, tmp_path: Path) -> None:
        machine = host()
        plans = Planned((touch(1),)), Planned(), Planned((touch(3), touch(4)))
        running = engine(
            tmp_path, tuple(stage(number, check(), plan=plan) for number, plan in enumerate(plans, 1)), machine
        )
        assert running.apply(1, 3, yes)
        assert [words for words in machine.calls if words[0] == "touch"] == [("touch", n) for n in ("1", "3", "4")]
        assert running.changed == 3

    def test_a_second_apply_changes_nothing(self, tmp_path: Path) -> None:
        machine, plan = host(), Planned((touch(),))
        stages = (stage(1, check(), plan=plan),)
        assert engine(tmp_path, stages, machine).apply(1, 1, yes)
        again = engine(tmp_path, stages, machine)
        assert again.apply(1, 1, yes)
        assert again.changed == 0
        assert [event["changes"] for event in recorder(again).of("plan.made")] == [[]]

    def test_every_plan_is_asked_for(self, tmp_path: Path) -> None:
        asked: list[tuple[str, ...]] = []

        def approve(plan: Plan) -> bool:
            asked.append(tuple(change.target for change in plan.changes))
            return True

        engine(tmp_path, (stage(1, check(), plan=Planned((touch(),))), stage(2, check())), host()).apply(1, 2, approve)
        assert asked == [("maps",)]

    def test_a_change_that_fails_ends_it_unproven(self, tmp_path: Path) -> None:
        stages = (stage(1, check()), stage(2, check(), plan=Planned((Rebuild(2, "maps", ("absent",), None, ()),))))
        running = engine(tmp_path, stages, host())
        with pytest.raises(ChangeError, match="absent ended with 127"):
            running.apply(1, 2, yes)
        assert [result.stage.number for result in running.results] == [1]
        assert running.changed == 0

    def test_what_the_server_had_is_remembered_as_long_as_something_stands(self, tmp_path: Path) -> None:
        machine = host()
        running = engine(tmp_path, (stage(1, check(), plan=Planned((touch(),))),), machine)
        assert running.apply(1, 1, yes)
        assert running.state.inherited.exists()

    def test_what_was_put_back_leaves_nothing_to_remember(self, tmp_path: Path) -> None:
        stages = (stage(1, check(), plan=Planned((Rebuild(1, "maps", ("absent",), None, ()),))),)
        running = engine(tmp_path, stages, host())
        with pytest.raises(ChangeError):
            running.apply(1, 1, yes)
        assert not running.state.inherited.exists()

    def test_packages_need_a_system_that_has_them(self, tmp_path: Path) -> None:
        plan = Planned((Packages(1, ("postfix",), ()), touch()))
        machine = host()
        with pytest.raises(RefusedError, match="apt-get"):
            engine(tmp_path, (stage(1, check(), plan=plan),), machine).apply(1, 1, yes)
        assert ("touch", "1") not in machine.calls

    def test_a_port_that_is_taken_is_refused_before_anything_is_done(self, tmp_path: Path) -> None:
        machine, plan = host(), Planned((touch(),))
        machine.running = (Process(7, 1, "exim4", ("exim4",), "root", "running", 0, 0),)
        machine.listening = (Listener("0.0.0.0", 25, 7),)  # noqa: S104 (somebody else's)
        with pytest.raises(RefusedError, match=r"25.*exim4"):
            engine(tmp_path, (stage(1, check(), plan=plan),), machine).apply(1, 1, yes)
        assert plan.asked == 0


class TestProbes:
    def test_the_remains_of_a_killed_run_are_removed_first(self, tmp_path: Path) -> None:
        Ledger(tmp_path / "probes.json").note(user="mwz_0123abcd_s1")
        running = engine(tmp_path, (stage(1, check()),), host(userdel=lambda _: ""))
        assert running.check(1, 1)
        assert recorder(running).kinds().index("note") < recorder(running).kinds().index("stage.started")
        assert not Ledger(running.state.ledger).made

    @pytest.mark.parametrize("error", [UnseenError("x"), KeyboardInterrupt(), SystemExit(), ValueError("x")])
    def test_the_bench_is_cleared_however_it_ends(self, tmp_path: Path, error: BaseException) -> None:
        def look(scene: Scene) -> Evidence:
            scene.bench.ledger.note(user=f"{scene.bench.token}-s1")
            raise error

        running = engine(tmp_path, (stage(1, check(look)),), host(userdel=lambda _: ""))
        assert not running.check(1, 1)
        assert not Ledger(running.state.ledger).made

    def test_a_scene_has_what_a_check_looks_at(self, tmp_path: Path) -> None:
        seen: list[Scene] = []

        def look(scene: Scene) -> Evidence:
            scene.progress("looking")
            seen.append(scene)
            return (scene.words["domain"],)

        running = engine(tmp_path, (stage(1, check(look)),), host())
        assert running.check(1, 1)
        (scene,) = seen
        assert scene.residue["accounts"] == {"root"}
        assert scene.limit == 30
        assert recorder(running).of("check.progress") == [{"text": "looking"}]
        with pytest.raises(UnseenError, match=r"mailman\.cfg is not there"):
            scene.mailman()


def test_events_tell_the_whole_run(tmp_path: Path) -> None:
    machine = host()
    machine.running, machine.listening = (), ()
    machine.edit(MAIN_CF)
    running = engine(tmp_path, (stage(1, check(), plan=Planned((touch(),))),), machine)
    running.apply(1, 1, yes)
    kinds = [kind for kind in recorder(running).kinds() if kind != "note"]
    assert kinds == [
        "plan.made",
        "change.started",
        "change.finished",
        "plan.made",
        "stage.started",
        "check.started",
        "check.finished",
        "stage.finished",
    ]
