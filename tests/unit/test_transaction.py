"""A plan is made as a whole, or what was there is put back byte for byte, or the message says what is not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.doubles import MAIN_CF, MemoryHost, Recorder
from tests.unit.machine import FAIL, NEW, OLD, failing, machine, write
from wizard import checkpoint
from wizard.changes import Workshop
from wizard.errors import ChangeError, CommandError, ExitCode
from wizard.host import Process
from wizard.mailman import cfg
from wizard.plan import Directory, File, MailmanObject, Plan, Rebuild, Service
from wizard.state import State
from wizard.transaction import Transaction


class TestDone:
    def test_all_changes_are_made_in_order(self, tmp_path: Path) -> None:
        made = machine(tmp_path)
        first = Rebuild(1, "first", ("first",), None, ())
        made.apply(first, write(tmp_path / "a"), write(tmp_path / "b", after=None), write(tmp_path / "c", before=None))
        assert made.contents() == {"a": (NEW, 0o640), "c": (NEW, 0o640)}
        assert made.acted() == ["first"]
        assert made.emit.kinds() == ["change.started", "change.finished"] * 4

    def test_what_was_there_is_recorded_before(self, tmp_path: Path) -> None:
        made = machine(tmp_path)
        made.apply(write(tmp_path / "a"), Directory(1, tmp_path / "d", 0o755, "root", "root", ()))
        (record,) = made.records()
        assert record["run"] == "a-run"
        assert [(one["path"], one["becomes"]) for one in record["files"]] == [
            (str(tmp_path / "a"), checkpoint.digest(NEW))
        ]
        assert [(change["kind"], change["path"]) for change in record["changes"]] == [
            ("file", str(tmp_path / "a")),
            ("directory", str(tmp_path / "d")),
        ]
        assert NEW.decode() not in json.dumps(record["changes"])

    def test_a_file_that_is_already_as_it_is_to_be_is_fine(self, tmp_path: Path) -> None:
        made = machine(tmp_path)
        (tmp_path / "a").write_bytes(NEW)
        made.apply(write(tmp_path / "a"))
        assert made.contents()["a"] == (NEW, 0o640)


class TestPutBack:
    def test_a_failure_in_the_middle_puts_all_back(self, tmp_path: Path) -> None:
        made = machine(tmp_path, commands=FAIL)
        before = made.contents()
        with pytest.raises(ChangeError, match=r"fail ended with 1(?s:.*)Everything .* was put back") as caught:
            made.apply(
                write(tmp_path / "a"),
                write(tmp_path / "c", before=None),
                Directory(1, tmp_path / "d", 0o755, "root", "root", ()),
                failing(),
                write(tmp_path / "b"),
            )
        assert made.contents() == before
        assert not (tmp_path / "d").exists()
        assert caught.value.exit_code is ExitCode.PUT_BACK
        assert isinstance(caught.value.__cause__, CommandError)

    def test_a_file_that_cannot_be_written(self, tmp_path: Path) -> None:
        made = machine(tmp_path, broken=frozenset({tmp_path / "b"}))
        before = made.contents()
        with pytest.raises(ChangeError, match="No space left on device"):
            made.apply(write(tmp_path / "a"), write(tmp_path / "b"))
        assert made.contents() == before

    def test_a_file_for_a_user_that_does_not_exist(self, tmp_path: Path) -> None:
        made = machine(tmp_path)
        before = made.contents()
        strange = File(1, tmp_path / "b", OLD, NEW, 0o640, "nobody-of-that-name", "root", ())
        with pytest.raises(ChangeError, match="cannot be given to nobody-of-that-name:root"):
            made.apply(write(tmp_path / "a"), strange)
        assert made.contents() == before

    @pytest.mark.parametrize("present", [b"an admin's own line\n", None])
    def test_a_file_changed_by_someone_else_since_the_plan(self, tmp_path: Path, present: bytes | None) -> None:
        made = machine(tmp_path)
        (tmp_path / "b").unlink()
        if present is not None:
            (tmp_path / "b").write_bytes(present)
        before = made.contents()
        with pytest.raises(ChangeError, match="was changed by someone else since the plan was made"):
            made.apply(write(tmp_path / "a"), write(tmp_path / "b"))
        assert made.contents() == before

    def test_a_file_made_by_someone_else_since_the_plan_stays(self, tmp_path: Path) -> None:
        made = machine(tmp_path)
        with pytest.raises(ChangeError, match="changed by someone else"):
            made.apply(write(tmp_path / "a", before=None))
        assert made.contents()["a"] == (OLD, 0o604)

    def test_the_keyboard_puts_back_as_well(self, tmp_path: Path) -> None:
        def stop() -> int:
            if made.acted() == ["fail"]:
                raise KeyboardInterrupt
            return 0

        made = machine(tmp_path, commands={"fail": stop})
        before = made.contents()
        with pytest.raises(ChangeError, match="the run was told to stop"):
            made.apply(write(tmp_path / "a"), failing())
        assert made.contents() == before

    def test_a_defect_puts_back_and_stays_a_defect(self, tmp_path: Path) -> None:
        made = machine(tmp_path, commands={"fail": lambda: 1 // 0})
        before = made.contents()
        with pytest.raises(ZeroDivisionError):
            made.apply(write(tmp_path / "a"), failing())
        assert made.contents() == before

    def test_what_cannot_be_put_back_is_named_and_the_rest_is_put_back(self, tmp_path: Path) -> None:
        def gone() -> int:
            (tmp_path / "sub" / "a").unlink()
            (tmp_path / "sub").rmdir()
            (tmp_path / "sub").write_bytes(b"")
            return 1

        made = machine(tmp_path, commands={"fail": gone})
        (tmp_path / "sub").mkdir()
        (tmp_path / "sub" / "a").write_bytes(OLD)
        with pytest.raises(ChangeError, match=r"Not everything could be put back") as caught:
            made.apply(write(tmp_path / "sub" / "a"), write(tmp_path / "b"), failing())
        assert str(tmp_path / "sub" / "a") in str(caught.value)
        assert made.contents()["b"] == (OLD, 0o604)
        assert "Everything" not in str(caught.value)


class TestServices:
    def postfix(self) -> Process:
        return Process(1, 0, "master", ("/usr/lib/postfix/sbin/master",), "root", "running", 0, 0)

    def test_after_the_old_files_are_back_the_service_reads_them(self, tmp_path: Path) -> None:
        seen = []

        def reload() -> int:
            seen.append((tmp_path / "a").read_bytes())
            return 0

        made = machine(tmp_path, commands={"postfix reload": reload, **FAIL})
        made.host.running.append(self.postfix())
        with pytest.raises(ChangeError):
            made.apply(write(tmp_path / "a"), Service(1, "postfix", "reload", ()), failing())
        assert seen == [NEW, OLD]

    def test_a_reload_that_fails_is_made_again_with_the_old_files(self, tmp_path: Path) -> None:
        made = machine(tmp_path, commands={"postfix reload": lambda: int((tmp_path / "a").read_bytes() == NEW)})
        made.host.running.append(self.postfix())
        with pytest.raises(ChangeError, match="Everything"):
            made.apply(write(tmp_path / "a"), Service(1, "postfix", "reload", ()))
        assert made.acted() == ["postfix reload"] * 2

    def test_a_service_that_was_started_is_stopped_again(self, tmp_path: Path) -> None:
        def start() -> int:
            made.host.running.append(self.postfix())
            return 0

        def stop() -> int:
            made.host.running.clear()
            return 0

        made = machine(tmp_path, commands={"postfix start": start, "postfix stop": stop, **FAIL})
        with pytest.raises(ChangeError, match="Everything"):
            made.apply(Service(1, "postfix", "start", ()), failing())
        assert made.acted() == ["postfix start", "fail", "postfix stop"]

    def test_a_start_that_got_nowhere_needs_no_stop(self, tmp_path: Path) -> None:
        made = machine(tmp_path, commands={"postfix start": lambda: 1, "postfix stop": lambda: 1})
        with pytest.raises(ChangeError, match=r"start failed(?s:.*)Everything"):
            made.apply(Service(1, "postfix", "start", ()))
        assert made.acted() == ["postfix start"]


class TestRefused:
    """Postfix and Mailman judge what is staged, before anything is touched."""

    def apply(self, tmp_path: Path, host: MemoryHost, change: File) -> Recorder:
        state, emit = State(tmp_path / "state"), Recorder()
        state.prepare()
        Transaction(state, Workshop(host, emit, tmp_path / "transcript"), "r").apply(Plan(2, (change,)))
        return emit

    def change(self) -> File:
        return File(2, cfg.PATH, None, b"[mta]\na: 1\n", 0o640, "root", "root", ())

    def test_mailman_refuses(self, tmp_path: Path) -> None:
        def mailman(_argv: tuple[str, ...]) -> str:
            raise OSError("bad section")

        host = MemoryHost(commands={"mailman": mailman, "chgrp": lambda _: ""})
        with pytest.raises(ChangeError, match=f"Mailman refuses the new {cfg.PATH}: bad section"):
            self.apply(tmp_path, host, self.change())
        assert cfg.PATH not in host.files
        assert list((tmp_path / "state" / "checkpoints").iterdir()) == []

    def test_mailman_agrees(self, tmp_path: Path) -> None:
        host = MemoryHost(commands={"mailman": lambda _: "", "chgrp": lambda _: ""})
        self.apply(tmp_path, host, self.change())
        assert host.read(cfg.PATH) == b"[mta]\na: 1\n"
        assert host.read(MAIN_CF)

    def test_without_its_configuration_mailman_can_be_asked_nothing(self, tmp_path: Path) -> None:
        made = machine(tmp_path)
        with pytest.raises(ChangeError, match=f"{cfg.PATH} is not there"):
            made.apply(MailmanObject(3, "domain", "local.edu", after="present"))
