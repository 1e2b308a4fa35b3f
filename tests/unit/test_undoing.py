"""The way back to before a checkpoint: all of it, byte for byte, and nothing of anybody else's."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.unit.machine import FAIL, NEW, OLD, Machine, failing, machine, write
from wizard import packages
from wizard.changes import Workshop
from wizard.errors import ChangeError, RefusedError
from wizard.history import history
from wizard.host import Process
from wizard.plan import Access, Action, Directory, File, Packages, Plan, Rebuild, Service
from wizard.transaction import Transaction
from wizard.undoing import Undoing, undoing

NEWER = b"newer\n"
POSTFIX = Process(1, 0, "master", ("/usr/lib/postfix/sbin/master",), "root", "running", 0, 0)

UP, DOWN = [POSTFIX], list[Process]()


def planned(made: Machine, name: str = "", *overwrite: str) -> Undoing:
    return undoing(made.checkpoints.find(name), made.checkpoints.all(), made.host, overwrite)


def undone(made: Machine, name: str = "", *overwrite: str) -> Undoing:
    found = planned(made, name, *overwrite)
    shop = Workshop(made.host, made.emit, made.root / "transcript")
    Transaction(made.state, shop, "another-run").apply(found.plan, "undo", found.undoes)
    return found


def states(made: Machine) -> dict[int, str]:
    return {row["number"]: row["state"] for row in history(made.state)}


def test_one_step_back_and_forth_again(tmp_path: Path) -> None:
    made = machine(tmp_path)
    before = made.contents()
    made.apply(write(tmp_path / "a"), write(tmp_path / "b", after=None), write(tmp_path / "c", before=None))
    after = made.contents()
    undone(made)
    assert made.contents() == before
    assert states(made) == {1: "undone", 2: "applied"}
    undone(made)
    assert made.contents() == after
    assert states(made) == {1: "applied", 2: "undone", 3: "applied"}


def test_several_steps_back(tmp_path: Path) -> None:
    made = machine(tmp_path)
    before = made.contents()
    made.apply(write(tmp_path / "a"), write(tmp_path / "c", before=None))
    made.apply(write(tmp_path / "a", before=NEW, after=NEWER))
    made.apply(write(tmp_path / "b"))
    assert undone(made, "1").undoes == tuple(each.name for each in made.checkpoints.all()[:3])
    assert made.contents() == before
    assert states(made) == {1: "undone", 2: "undone", 3: "undone", 4: "applied"}


def test_back_to_before_one_in_the_middle(tmp_path: Path) -> None:
    made = machine(tmp_path)
    made.apply(write(tmp_path / "a"))
    between = made.contents()
    made.apply(write(tmp_path / "a", before=NEW, after=NEWER))
    made.apply(write(tmp_path / "b"))
    undone(made, "2")
    assert made.contents() == between


def test_mode_owner_and_link_come_back(tmp_path: Path) -> None:
    made = machine(tmp_path)
    os.chown(tmp_path / "a", 12, 34567)
    (tmp_path / "l").symlink_to("a")
    made.apply(write(tmp_path / "l"))
    assert (tmp_path / "a").read_bytes() == NEW
    undone(made)
    found = (tmp_path / "a").stat()
    assert (found.st_mode & 0o7777, found.st_uid, found.st_gid) == (0o604, 12, 34567)
    assert (tmp_path / "l").is_symlink()
    assert (tmp_path / "a").read_bytes() == OLD


def test_a_link_that_led_nowhere_leads_there_again(tmp_path: Path) -> None:
    made = machine(tmp_path, commands=FAIL)
    (tmp_path / "l").symlink_to("nothing")
    made.apply(write(tmp_path / "l", before=None))
    assert (tmp_path / "nothing").read_bytes() == NEW
    undone(made)
    assert ((tmp_path / "l").is_symlink(), (tmp_path / "nothing").exists()) == (True, False)
    with pytest.raises(ChangeError, match="put back"):
        made.apply(write(tmp_path / "l", before=None), failing())
    assert ((tmp_path / "l").is_symlink(), (tmp_path / "nothing").exists()) == (True, False)


def test_a_mode_alone_comes_back_unless_it_was_changed_since(tmp_path: Path) -> None:
    made = machine(tmp_path)
    made.apply(Access(1, tmp_path / "a", 0o600, "root", "root", (0o604, "root", "root"), ()))
    made.apply(Access(1, tmp_path / "b", 0o600, "root", "root", (0o604, "root", "root"), ()))
    (tmp_path / "b").chmod(0o666)
    undone(made, "1")
    assert {name: mode for name, (_, mode) in made.contents().items()} == {"a": 0o604, "b": 0o666}


def test_directories_go_only_while_they_are_empty(tmp_path: Path) -> None:
    made = machine(tmp_path)
    made.apply(*(Directory(1, tmp_path / name, 0o755, "root", "root", ()) for name in ("x", "y")))
    (tmp_path / "y" / "file").touch()
    undone(made)
    assert not (tmp_path / "x").exists()
    assert (tmp_path / "y" / "file").exists()


def test_a_directory_that_going_back_has_removed_is_there_again_before_a_service_wants_it(tmp_path: Path) -> None:
    made = machine(tmp_path)
    made.apply(Directory(1, tmp_path / "x", 0o755, "root", "root", ()), write(tmp_path / "a"))
    undone(made)
    assert not (tmp_path / "x").exists()
    undone(made)
    assert (tmp_path / "x").is_dir()
    undone(made, "1")
    assert not (tmp_path / "x").exists()


def test_what_somebody_else_has_changed_stays_until_it_is_said(tmp_path: Path) -> None:
    made = machine(tmp_path)
    made.apply(write(tmp_path / "a"), write(tmp_path / "b"))
    (tmp_path / "a").write_bytes(NEW + b"an admin's own line\n")
    found = planned(made)
    (conflict,) = found.conflicts
    assert conflict.path == tmp_path / "a"
    assert "-an admin's own line" in conflict.diff
    assert [change.target for change in found.plan.changes] == [str(tmp_path / "b")]
    assert planned(made, "", str(tmp_path / "a")).conflicts == ()
    undone(made, "", str(tmp_path / "a"))
    assert made.contents() == {"a": (OLD, 0o604), "b": (OLD, 0o604)}


def test_what_somebody_else_has_changed_between_two_changes_stays_until_it_is_said(tmp_path: Path) -> None:
    made = machine(tmp_path)
    made.apply(write(tmp_path / "a"), write(tmp_path / "b"))
    theirs = NEW + b"an admin's own line\n"
    (tmp_path / "a").write_bytes(theirs)
    made.apply(write(tmp_path / "a", before=theirs, after=NEWER + theirs))
    (conflict,) = planned(made, "1").conflicts
    assert "-an admin's own line" in conflict.diff
    assert planned(made, "2").conflicts == ()
    undone(made, "1")
    assert (tmp_path / "a").read_bytes() == NEWER + theirs
    assert (tmp_path / "b").read_bytes() == OLD


def test_what_is_back_already_is_no_conflict(tmp_path: Path) -> None:
    made = machine(tmp_path)
    made.apply(write(tmp_path / "a"))
    (tmp_path / "a").write_bytes(OLD)
    (tmp_path / "a").chmod(0o604)
    assert (planned(made).conflicts, planned(made).plan.changes) == ((), ())


def test_a_compiled_map_comes_back_as_the_file_it_was(tmp_path: Path) -> None:
    def compile_it() -> int:
        (tmp_path / "b").write_bytes(b"compiled anew")
        return 0

    made = machine(tmp_path, commands={"first": compile_it})
    before = made.contents()
    made.apply(Rebuild(1, "maps", ("first",), None, (), (tmp_path / "b",)))
    undone(made)
    assert made.contents() == before
    assert made.acted() == ["first"]


def test_a_map_that_somebody_has_compiled_since_is_compiled_from_its_source(tmp_path: Path) -> None:
    def compile_it() -> int:
        (tmp_path / "b").write_bytes(b"compiled from " + (tmp_path / "a").read_bytes())
        return 0

    made = machine(tmp_path, commands={"first": compile_it})
    made.apply(Rebuild(1, "maps", ("first",), None, (), (tmp_path / "b",)))
    (tmp_path / "a").write_bytes(NEWER)
    compile_it()
    found = undone(made)
    assert found.conflicts == ()
    assert (tmp_path / "b").read_bytes() == b"compiled from " + NEWER
    assert made.acted() == ["first", "first"]


@pytest.mark.parametrize(
    ("ran", "runs", "action", "wanted"),
    [
        (UP, UP, "reload", ["postfix reload"]),
        (UP, UP, "restart", ["postfix stop", "postfix start"]),
        (UP, DOWN, "reload", ["postfix start"]),
        (DOWN, UP, "start", ["postfix stop"]),
        (DOWN, DOWN, "start", []),
    ],
)
def test_services_come_back_to_where_they_were(
    tmp_path: Path, ran: list[Process], runs: list[Process], action: Action, wanted: list[str]
) -> None:
    def become(processes: list[Process]) -> int:
        made.host.running[:] = processes
        return 0

    made = machine(tmp_path, commands={"postfix start": lambda: become(UP), "postfix stop": lambda: become(DOWN)})
    become(ran)
    made.apply(write(tmp_path / "a"), Service(1, "postfix", action, ()))
    become(runs)
    made.host.calls.clear()
    undone(made)
    assert made.acted() == wanted


def test_what_was_put_back_cannot_be_undone_and_is_not_the_newest(tmp_path: Path) -> None:
    made = machine(tmp_path, commands=FAIL)
    made.apply(write(tmp_path / "a"))
    with pytest.raises(ChangeError):
        made.apply(write(tmp_path / "b"), failing())
    with pytest.raises(RefusedError, match="checkpoint 2 was put back already"):
        planned(made, "2")
    undone(made)
    assert made.contents()["a"] == (OLD, 0o604)
    assert states(made) == {1: "undone", 2: "put back", 3: "applied"}


class Packaged:
    """What is installed, as dpkg(1) and apt-get(8) would have it; mailman3 brings one more."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.there = {"base-files"}
        self.others: tuple[str, ...] = ()
        monkeypatch.setattr(packages, "all_installed", lambda _: frozenset(self.there))
        monkeypatch.setattr(packages, "others", lambda *_: self.others)
        monkeypatch.setattr(packages, "install", self.install)
        monkeypatch.setattr(packages, "remove", self.remove)

    def install(self, names: Sequence[str], **_others: object) -> None:
        self.there |= {*names, *(["python3-zope"] if "mailman3" in names else [])}

    def remove(self, names: Sequence[str], **_others: object) -> None:
        self.there -= {*names}


def work(made: Machine) -> Transaction:
    return Transaction(made.state, Workshop(made.host, made.emit, made.root / "transcript"), "a-run")


def removal(made: Machine, name: str) -> Undoing:
    return undoing(made.checkpoints.find(name), made.checkpoints.all(), made.host, remove=True)


def test_packages_are_listed_and_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = machine(tmp_path)
    Packaged(monkeypatch)
    work(made).install(Packages(1, ("postfix", "mailman3"), ()))
    made.apply(write(tmp_path / "a"))
    assert planned(made).kept == ()
    assert planned(made, "1").kept == (
        "installed since, and staying unless --packages is given: postfix mailman3 python3-zope",
    )
    (row,) = history(made.state)[1:]
    assert (row["packages"], row["brought"]) == (["postfix", "mailman3"], ["python3-zope"])


def test_packages_are_removed_when_that_is_asked_for_and_come_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = machine(tmp_path)
    dpkg = Packaged(monkeypatch)
    work(made).install(Packages(1, ("mailman3",), ()))
    made.apply(write(tmp_path / "a"))
    found = removal(made, "1")
    assert found.kept == ()
    change = found.plan.changes[-1]
    assert isinstance(change, Packages)
    assert (change.remove, change.diff()) == (True, "- mailman3\n- python3-zope")
    assert found.plan.packages == ()

    work(made).remove(change, found.undoes[:1])
    assert dpkg.there == {"base-files"}
    assert history(made.state)[0]["packages"] == ["mailman3 (removed)", "python3-zope (removed)"]
    assert states(made)[1] == "undone"
    assert planned(made).plan.packages == ("mailman3", "python3-zope")
    # Before the first checkpoint they were not there.
    assert planned(made, "1").plan.packages == ()
    assert [type(each) for each in removal(made, "1").plan.changes] == [File]


def test_packages_that_others_need_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = machine(tmp_path)
    dpkg = Packaged(monkeypatch)
    work(made).install(Packages(1, ("mailman3",), ()))
    dpkg.others = ("exim4", "mutt")
    found = removal(made, "1")
    assert not found.plan
    assert found.kept == ("mailman3 python3-zope stay: to remove them, apt would remove or install exim4 mutt as well",)


def test_a_removal_that_was_killed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = machine(tmp_path)
    Packaged(monkeypatch)

    def killed(*_: object, **_others: object) -> None:
        raise SystemExit

    monkeypatch.setattr(packages, "remove", killed)
    with pytest.raises(SystemExit):
        work(made).remove(Packages(1, ("mailman3",), (), remove=True), ())
    made.recover()
    assert made.emit.of("note")[-1]["text"] == (
        "run a-run was killed while it removed packages; 'undo --packages' goes on"
    )
    assert states(made) == {1: "put back in part"}


def test_a_way_back_that_fails_leaves_all_as_it_was(tmp_path: Path) -> None:
    made = machine(tmp_path, commands=FAIL)
    made.apply(write(tmp_path / "a"), write(tmp_path / "b"))
    now = made.contents()
    found = planned(made)
    plan = Plan(1, (*found.plan.changes, failing()))
    with pytest.raises(ChangeError, match="Everything"):
        Transaction(made.state, Workshop(made.host, made.emit, tmp_path / "t"), "r").apply(plan, "undo", found.undoes)
    assert made.contents() == now
    assert states(made) == {1: "applied", 2: "put back"}
