"""The command line as scripts use it: exit codes, streams, messages, JSON."""

from __future__ import annotations

import json
import os
import pty
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import tests
from tests.unit.doubles import MemoryHost, as_nobody
from tests.unit.trace.recorded import recording
from wizard import checkpoint, cli, controls, explain, version
from wizard.checkpoint import Checkpoint, Checkpoints
from wizard.commands import tracing
from wizard.inherited import Inherited
from wizard.localhost import LocalHost
from wizard.plan import File
from wizard.probes import accounts
from wizard.site import Given, build
from wizard.stages import STAGES
from wizard.state import State

ROOT = Path(tests.__file__).parent.parent
COMMANDS = ("plan", "apply", "check", "status", "history", "undo", "trace", "explain", "watch", "report", "lab")


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str

    def json(self) -> Any:
        assert self.out.count("\n") == 1
        return json.loads(self.out)


Call = Callable[..., Ended]


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(tmp_path / "state")


@pytest.fixture
def call(state: State, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Call:
    """Call the program with no answers but those given; a run that it starts is one of doubles."""
    answers = tmp_path / "site.toml"
    answers.write_text("schema = 1\n")

    def begin(*arguments: str, what: str = "pass", answers: str | None = str(answers)) -> Ended:
        named = [] if answers is None or not arguments else ["--answers", answers]
        program = ["env", f"PYTHONPATH={ROOT}", f"RUN_DOUBLE={what}", sys.executable, "-m", "tests.unit.run_double"]
        try:
            code = cli.main([*arguments[:1], *named, *arguments[1:]], state=state, program=program)
        except SystemExit as ended:
            code = int(str(ended.code))
        out, err = capfd.readouterr()
        return Ended(code, out, err)

    return begin


@pytest.fixture(autouse=True)
def no_terminal() -> Iterator[None]:
    """Give the tests an empty standard input, whatever they were started from."""
    before = os.dup(0)
    empty = os.open("/dev/null", os.O_RDONLY)
    os.dup2(empty, 0)
    stdin, sys.stdin = sys.stdin, os.fdopen(0, closefd=False)
    yield
    sys.stdin.close()
    sys.stdin = stdin
    os.dup2(before, 0)
    os.close(before)
    os.close(empty)


class TestUsage:
    def test_the_help_names_every_command_and_exit_code(self, call: Call) -> None:
        ended = call("--help", answers=None)
        assert ended.code == 0
        assert all(f"    {command} " in ended.out for command in COMMANDS)
        assert {"0", "1", "2", "3", "4", "70"} <= set(ended.out.partition("Exit codes:")[2].split())

    @pytest.mark.parametrize("command", COMMANDS)
    def test_each_command_explains_itself(self, call: Call, command: str) -> None:
        ended = call(command, "--help", answers=None)
        assert ended.code == 0
        assert ended.out.startswith(f"usage: mailman-wizard {command}")
        assert all(option in ended.out for option in ("--answers", "--set", "--json", "--plain", "--color"))

    def test_the_version(self, call: Call) -> None:
        assert call("--version", answers=None).out == f"mailman-wizard {version()}\n"

    @pytest.mark.parametrize(
        "arguments",
        [
            ("nonsense",),
            ("stage", "7"),
            ("apply", "--yes", "--stage", "2", "--through", "3"),
            ("apply", "--yes", "--stage", "0"),
            ("apply", "--yes", "--stage", "7"),
            ("apply", "--yes", "--through", "all"),
            ("check", "--stage", "-1"),
            ("check", "--through", "2"),
            ("check", "--yes"),
            ("apply", "--force"),
            ("check", "--color", "sometimes"),
            ("status", "extra"),
        ],
    )
    def test_bad_usage_is_exit_2(self, call: Call, state: State, arguments: tuple[str, ...]) -> None:
        ended = call(*arguments, answers=None)
        assert (ended.code, ended.out) == (2, "")
        assert "usage: mailman-wizard" in ended.err
        assert not state.root.exists()


class TestAnswers:
    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ("mail.domain=a b", "mail.domain"),
            ("mail.domian=local.edu", "mail.domain"),
            ("mailman.lmtp=127.0.0.1:99999", "mailman.lmtp"),
            ("lists.0.name=a/b", "lists.0.name"),
            ("check.subscribers=0", "check.subscribers"),
            ('mail.networks=["x"]', "mail.networks"),
            ("no-equals-sign", "KEY=VALUE"),
            ("mail.domain=\x1b[31mred", r"\x1b[31mred"),
        ],
    )
    @pytest.mark.parametrize("command", ["plan", "apply", "check", "status"])
    def test_a_wrong_one_is_exit_2_and_named(
        self, call: Call, state: State, command: str, given: str, said: str
    ) -> None:
        ended = call(command, "--set", given, *(["--yes"] if command == "apply" else []))
        assert (ended.code, ended.out) == (2, "")
        assert said in ended.err
        assert ended.err.replace("\n", "").isprintable()
        assert not state.root.exists()

    @pytest.mark.parametrize("content", ["[mail", "x = 1\n", "[mail]\ndomain = 5\n", "\x00"])
    def test_a_broken_file_is_exit_2(self, call: Call, tmp_path: Path, content: str) -> None:
        path = tmp_path / "other.toml"
        path.write_text(content)
        assert call("check", answers=str(path)).code == 2

    @pytest.mark.parametrize("name", ["absent.toml", "."])
    def test_a_file_that_is_none_is_exit_2(self, call: Call, tmp_path: Path, name: str) -> None:
        ended = call("check", answers=str(tmp_path / name))
        assert ended.code == 2
        assert str(tmp_path) in ended.err

    def test_a_subscriber_who_is_nobody_here(self, call: Call) -> None:
        ended = call("check", "--set", 'check.subscribers=["stranger@local.edu"]')
        assert ended.code == 2
        assert "check.subscribers.0" in ended.err

    def test_a_list_that_is_called_like_a_user(self) -> None:
        (problem,) = accounts.taken(build({"lists": [{"name": "books"}, {"name": "daemon"}]}))
        assert (problem.key, problem.value) == ("lists.1.name", "'daemon'")
        assert accounts.taken(build({"mail": {"domain_class": "dedicated"}, "lists": [{"name": "daemon"}]})) == ()

    def test_without_a_terminal_yes_is_needed(self, call: Call, state: State) -> None:
        ended = call("apply")
        assert (ended.code, ended.out) == (2, "")
        assert "--yes" in ended.err
        assert not state.root.exists()


class TestRefused:
    @pytest.mark.parametrize(
        "arguments", [("plan",), ("apply", "--yes"), ("check",), ("status",), ("watch",), ("report",)]
    )
    def test_who_is_not_root_is_exit_3(self, call: Call, arguments: tuple[str, ...]) -> None:
        with as_nobody():
            ended = call(*arguments, answers=None)
        assert (ended.code, ended.out) == (3, "")
        assert "root" in ended.err

    def test_who_may_not_read_the_answers_is_told_that_root_may(self, call: Call, tmp_path: Path) -> None:
        (tmp_path / "closed").mkdir(mode=0o700)
        for command in ("status", "check", "apply"):
            with as_nobody():
                ended = (
                    call(command, "--yes", answers=str(tmp_path / "closed" / "site.toml"))
                    if command == "apply"
                    else call(command, answers=str(tmp_path / "closed" / "site.toml"))
                )
            assert ended.code == 3, ended.err

    def test_anybody_may_have_things_explained(self, call: Call) -> None:
        with as_nobody():
            ended = call("explain", "MW104", answers=None)
        assert ended.code == 0
        assert "Open relay" in ended.out

    def test_another_run_is_named(self, call: Call, state: State) -> None:
        state.prepare()
        with state.locked():
            ended = call("check")
        assert ended.code == 3
        assert f"process {os.getpid()}" in ended.err


class TestRuns:
    def test_verified_is_exit_0(self, call: Call) -> None:
        ended = call("apply", "--yes")
        assert ended.code == 0
        assert "stage 2 (stage2): verified" in ended.out
        assert ended.out.endswith("nothing was changed\nverified: true\n")
        assert "stage 1 (stage1): checking" in ended.err

    def test_a_check_that_fails_is_exit_1(self, call: Call) -> None:
        ended = call("check", what="fail")
        assert ended.code == 1
        assert "FAIL" in ended.out
        assert "MW100" in ended.out
        assert ended.out.endswith("verified: false\n")
        assert "stage2" not in ended.out

    def test_a_defect_is_exit_70_and_says_where_the_report_is(self, call: Call, state: State) -> None:
        ended = call("apply", "--yes", what="crash")
        assert ended.code == 70
        (report,) = state.runs.glob(f"*/{controls.CRASH}")
        assert str(report) in ended.err

    def test_one_object_with_json(self, call: Call, state: State) -> None:
        ended = call("apply", "--yes", "--json", what="plan")
        found = ended.json()
        assert ended.code == 0
        (directory,) = state.runs.iterdir()
        assert {**found, "stages": None} == {
            "schema": 1,
            "run": directory.name,
            "verified": True,
            "changed": 1,
            "error": None,
            "stages": None,
        }
        assert [(stage["stage"], stage["name"], stage["outcome"]) for stage in found["stages"]] == [
            (1, "stage1", "pass"),
            (2, "stage2", "pass"),
        ]
        check = found["stages"][0]["checks"][0]
        assert {**check, "seconds": 0} == {
            "id": "stage1.first",
            "outcome": "pass",
            "seconds": 0,
            "evidence": ["seen"],
            "diagnosis": None,
            "also": [],
        }

    def test_what_stands_before_a_command_holds_behind_it_too(self, call: Call, tmp_path: Path) -> None:
        named = str(tmp_path / "site.toml")
        ended = call(
            "--answers", named, "--json", "--set", "mail.mailbox=heap", "check", "--set", "check.limit=no", answers=None
        )
        said = ended.json()["error"]
        assert ended.code == 2
        assert "heap" in said
        assert "check.limit" in said

    def test_a_failure_with_json(self, call: Call) -> None:
        ended = call("check", "--json", what="fail")
        (stage,) = ended.json()["stages"]
        assert stage["outcome"] == "fail"
        assert stage["checks"][0]["diagnosis"].keys() >= {"code", "title", "cause", "fix", "see"}

    def test_a_part_of_the_stages_passes_and_is_not_called_verified(self, call: Call) -> None:
        ended = call("check", "--stage", "1")
        assert ended.code == 0
        assert ended.out.endswith("passed: stage 1; verified is said of all 6 in one run\n")
        assert call("check", "--stage", "1", "--json").json()["verified"] is False

    @pytest.mark.parametrize("arguments", [("check", "--bogus"), ("check", "--stage", "9"), ("nonsense",)])
    def test_bad_usage_with_json(self, call: Call, arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "argv", ["mailman-wizard", *arguments, "--json"])
        ended = call(*arguments, "--json", answers=None)
        assert ended.code == 2
        assert ended.json()["error"]

    def test_an_error_before_the_run_with_json(self, call: Call) -> None:
        ended = call("check", "--json", "--set", "mail.domain=nonsense")
        assert ended.code == 2
        found = ended.json()
        assert {**found, "error": None} == {"schema": 1, "run": None, "verified": False, "stages": [], "error": None}
        assert "mail.domain" in found["error"]

    @pytest.mark.parametrize(("arguments", "stages"), [(("--stage", "1"), [1]), (("--stage", "2"), [2]), ((), [1, 2])])
    def test_the_stages_that_are_checked(self, call: Call, arguments: tuple[str, ...], stages: list[int]) -> None:
        found = call("check", "--json", *arguments).json()
        assert [stage["stage"] for stage in found["stages"]] == stages

    @pytest.mark.parametrize(
        ("arguments", "first", "last"),
        [((), 1, 6), (("--stage", "4"), 4, 4), (("--through", "4"), 1, 4), (("--through", "6"), 1, 6)],
    )
    def test_what_a_run_is_asked_for(
        self, call: Call, state: State, arguments: tuple[str, ...], first: int, last: int
    ) -> None:
        call("apply", "--yes", *arguments)
        (request,) = state.runs.glob(f"*/{controls.REQUEST}")
        found = json.loads(request.read_bytes())
        assert (found["command"], found["first"], found["last"], found["approved"]) == ("apply", first, last, True)

    @pytest.mark.parametrize("options", [("--color", "never"), ("--plain",), ("--color", "always", "--plain")])
    def test_without_colour_there_is_no_escape_sequence(self, call: Call, options: tuple[str, ...]) -> None:
        ended = call("check", *options, what="fail")
        assert "\x1b" not in ended.out + ended.err

    def test_with_colour_there_are(self, call: Call) -> None:
        assert "\x1b[" in call("check", "--color", "always", what="fail").out


class TestAsking:
    @pytest.mark.parametrize(("typed", "code", "changed"), [("y\n", 0, True), ("n\n", 1, False), ("\n", 1, False)])
    def test_the_answer_of_the_terminal_decides(self, call: Call, typed: str, code: int, changed: bool) -> None:  # noqa: FBT001 (a table)
        master, slave = pty.openpty()
        stdin, sys.stdin = sys.stdin, os.fdopen(slave)
        try:
            os.write(master, typed.encode())
            ended = call("apply", what="plan")
        finally:
            sys.stdin.close()
            sys.stdin = stdin
            os.close(master)
        assert ended.code == code
        assert "! edit" in ended.out
        assert "Apply these changes for stage 1? [y/N] " in ended.err
        assert ("1 change(s) made" in ended.out) is changed


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_undo_after_a_kill_puts_back_what_was_interrupted_and_nothing_else(
    call: Call, state: State, tmp_path: Path, more: tuple[str, ...]
) -> None:
    state.prepare()
    path, host, checkpoints = tmp_path / "a", LocalHost(), Checkpoints(state.checkpoints)
    for content in (b"first", b"second"):
        before = path.read_bytes() if path.exists() else None
        change = File(1, path, before, content, 0o644, "root", "root", ())
        name, becomes = checkpoints.name(1, datetime(2026, 11, 22, tzinfo=UTC)), checkpoint.digest(content)
        saved = checkpoint.saved(host, path, becomes)
        journal = checkpoints.take(Checkpoint(name, "", 1, "a-run", (saved,), (change,)))
        journal.begins(0)
        path.write_bytes(content)
        if content == b"first":
            journal.ends("made")
    ended = call("undo", "--yes", *more)
    assert ended.code == 0
    assert "checkpoint 2 was interrupted: it is put back, and nothing before it is undone" in ended.err
    assert path.read_bytes() == b"first"
    assert [each.ending for each in checkpoints.all()] == ["made", "put back"]
    assert not more or ended.json()["error"] is None


class TestWatch:
    def test_without_a_run(self, call: Call) -> None:
        ended = call("watch")
        assert ended.code == 2
        assert "RUN = not given: one of the 0 runs" in ended.err

    def test_one_that_is_not_there(self, call: Call) -> None:
        call("check")
        ended = call("watch", "nonsense")
        assert ended.code == 2
        assert "'nonsense'" in ended.err

    def test_the_newest_is_shown_as_it_was(self, call: Call) -> None:
        first = call("check", what="fail")
        again = call("watch")
        assert (again.code, again.out) == (first.code, first.out)

    def test_one_that_was_killed(self, call: Call, state: State) -> None:
        call("check")
        (directory,) = state.runs.iterdir()
        (directory / "events.jsonl").write_bytes(b"")
        ended = call("watch")
        assert ended.code == 70
        assert "it was killed" in ended.err
        assert call("watch", "--json").json()["run"] == directory.name

    def test_it_asks_nothing_and_answers_nothing(self, call: Call, state: State) -> None:
        """Who watches must not decide; the run waits for the one who started it."""
        done = threading.Event()

        def approve() -> None:
            for path in iter(lambda: next(state.runs.glob("*/events.jsonl"), None), 0):
                if path is not None and b"plan.waiting" in path.read_bytes():
                    controls.answer(path.parent, 1, approve=True)
                    done.set()
                    return

        state.prepare()
        other = threading.Thread(target=approve)
        other.start()
        program = ["env", f"PYTHONPATH={ROOT}", "RUN_DOUBLE=plan", sys.executable, "-m", "tests.unit.run_double"]
        controls.start(state, controls.Request("apply", 1, 2, approved=False, site="schema = 1\n"), program)
        ended = call("watch")
        other.join(30)
        assert done.is_set()
        assert ended.code == 0
        assert "[y/N]" not in ended.err


class TestReport:
    def test_without_a_run(self, call: Call) -> None:
        ended = call("report")
        assert ended.code == 2
        assert "RUN = not given: one of the 0 runs" in ended.err

    def test_one_that_is_not_there(self, call: Call) -> None:
        call("check")
        ended = call("report", "nonsense")
        assert (ended.code, ended.out) == (2, "")
        assert "'nonsense'" in ended.err

    def test_the_doubles_two_stages_are_a_part_of_the_six(self, call: Call) -> None:
        """The run calls itself verified, having been given two; the report counts the six that there are."""
        assert "the report: " in call("apply", "--yes").err
        ended = call("report")
        assert ended.code == 0
        assert ended.out.startswith("# Mailing list server mail.local.edu: verified in part\n")
        assert "- stages 3, 4, 5, 6: not checked in this run\n" in ended.out
        found = call("report", "--json").json()
        assert (found["schema"], found["verified"], found["verdict"]["standing"]) == (1, False, "partial")

    def test_a_run_that_failed(self, call: Call) -> None:
        assert "the report: " not in call("check", what="fail").err
        ended = call("report")
        assert ended.code == 0
        assert "FAIL, MW100" in ended.out

    def test_as_html(self, call: Call) -> None:
        call("check")
        ended = call("report", "--html")
        assert ended.out.startswith("<!doctype html>\n")
        assert ended.out.endswith("</html>\n")
        assert call("report", "--html", "--json").code == 2

    def test_the_newest_that_has_ended_unless_another_is_named(self, call: Call, state: State) -> None:
        call("check")
        (first,) = state.runs.iterdir()
        newer = first.with_name("99991231T235959Z-000000")
        newer.mkdir()
        assert call("report", "--json").json()["run"] == first.name
        found = call("report", newer.name, "--json").json()
        assert (found["run"], found["verdict"]["standing"]) == (newer.name, "unfinished")


class TestStatus:
    def test_it_is_shown_for_every_stage(self, call: Call) -> None:
        ended = call("status")
        assert ended.code == 0
        assert [line.split()[:2] for line in ended.out.splitlines()] == [
            [str(stage.number), stage.name] for stage in STAGES
        ]

    def test_with_json(self, call: Call) -> None:
        found = call("status", "--json").json()
        assert (found["schema"], found["verified"]) == (1, False)
        assert all(row.keys() == {"stage", "name", "state", "at", "why", "drift"} for row in found["stages"])


def test_a_plan_with_json(call: Call) -> None:
    found = call("plan", "--json", "--stage", "1").json()
    assert found["schema"] == 1
    for change in found["changes"]:
        assert {"stage", "kind", "target", "diff"} <= change.keys()
        assert change["stage"] == 1


def test_what_a_plan_takes_from_the_server_is_told_with_json_too(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    site, kept = Given({}).site(), {"mail.interfaces": "all"}
    monkeypatch.setattr("wizard.inherited.settled", lambda *_: Inherited(site, kept, (), ()))
    ended = call("plan", "--json", "--stage", "1")
    assert ended.json()["schema"] == 1
    assert "mail.interfaces is not answered, so it stays what the server has: all\n" in ended.err


class TestExplain:
    def test_alone_it_lists_all(self, call: Call) -> None:
        names = [line.split()[0] for line in call("explain").out.splitlines()]
        assert names == list(explain.names())
        found = call("explain", "--json").json()
        assert [row["name"] for row in found["names"]] == names

    @pytest.mark.parametrize("name", ["MW101", "mw301", "lmtp.post"])
    def test_one_of_them(self, call: Call, name: str) -> None:
        assert call("explain", name).code == 0
        found = call("explain", name, "--json").json()
        assert found["schema"] == 1
        assert {"title", "stage", "see"} <= found.keys()

    @pytest.mark.parametrize(("name", "near"), [("postfix.rely", "postfix.relay"), ("MW1044", "MW104")])
    def test_an_unknown_name_gets_the_nearest(self, call: Call, name: str, near: str) -> None:
        ended = call("explain", name)
        assert ended.code == 2
        assert repr(name) in ended.err
        assert f"did you mean {near}?" in ended.err

    def test_the_sites_values_are_in_the_commands(self, call: Call) -> None:
        ended = call("explain", "lmtp.unknown-list", "--set", "mail.domain=lists.example.org")
        assert "no-such-list@lists.example.org" in ended.out


class TestSecrets:
    @pytest.mark.parametrize(("mode", "told"), [(0o644, True), (0o640, True), (0o600, False)])
    def test_a_password_that_others_may_read_is_told(
        self, call: Call, tmp_path: Path, mode: int, *, told: bool
    ) -> None:
        path = tmp_path / "mine.toml"
        path.write_text('schema = 1\n[mailman]\ndatabase = "postgresql://mm:S3cretPw@db.example/mm"\n')
        path.chmod(mode)
        ended = call("explain", "MW104", answers=str(path))
        assert (ended.code, f"chmod 600 {path}" in ended.err, "S3cretPw" in ended.err) == (0, told, False)
        path.write_text("schema = 1\n")
        given = "mailman.database=postgresql://mm:S3cretPw@db.example/mm"
        assert "chmod" not in call("explain", "MW104", "--set", given, answers=str(path)).err


class TestTrace:
    """The machine has no mail server, or none that these tests may use: what is refused before it is asked."""

    @pytest.mark.parametrize("given", ["", "a b", "<<a@b>>", "a\x1b[31m@b", "x" * 1000])
    def test_what_is_no_message_id_is_exit_2(self, call: Call, given: str) -> None:
        ended = call("trace", given)
        assert (ended.code, ended.out) == (2, "")
        assert "MESSAGE-ID" in ended.err
        assert ended.err.replace("\n", "").isprintable()

    @pytest.mark.parametrize(
        "arguments",
        [
            ("trace",),
            ("trace", "a@b", "--send", "reading-group@local.edu"),
            ("trace", "a@b", "--since", "0"),
            ("trace", "a@b", "--since", "nan"),
            ("trace", "a@b", "--since", "\x1b[31m"),
            ("trace", "a@b", "c@d"),
        ],
    )
    def test_bad_usage_is_exit_2(self, call: Call, arguments: tuple[str, ...]) -> None:
        ended = call(*arguments, answers=None)
        assert (ended.code, ended.out) == (2, "")
        assert "usage: mailman-wizard" in ended.err
        assert "\x1b" not in ended.err

    @pytest.mark.parametrize(
        "address", ["somebody@example.org", "root@local.edu", "reading-group-owner@local.edu", "\x1b[31m", "a b"]
    )
    def test_nobody_is_sent_mail_who_was_not_named(self, call: Call, state: State, address: str) -> None:
        ended = call("trace", "--send", address)
        assert (ended.code, ended.out) == (2, "")
        assert "--send" in ended.err
        assert "reading-group@local.edu" in ended.err
        assert "\x1b" not in ended.err
        assert not state.root.exists()

    def test_while_a_run_goes_on_nothing_is_sent(self, call: Call, state: State) -> None:
        state.prepare()
        with state.locked():
            ended = call("trace", "--send", "reading-group@local.edu")
        assert ended.code == 3
        assert "holds the lock" in ended.err

    def test_who_is_not_root_is_exit_3(self, call: Call) -> None:
        with as_nobody():
            ended = call("trace", "a@b", answers=None)
        assert (ended.code, ended.out) == (3, "")

    def test_without_a_log_it_is_exit_3(self, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(
            tracing, "LocalHost", lambda: MemoryHost(commands={"postconf": lambda _: "maillog_file = \n"})
        )
        ended = call("trace", "a@b", "--json")
        assert ended.code == 3
        assert "maillog_file" in ended.json()["error"]

    @pytest.mark.parametrize(("identity", "code"), [("plain-1@local.edu", 0), ("<never@local.edu>", 1)])
    @pytest.mark.parametrize("how", [("--json",), ("--plain",), ("--follow", "--set", "check.limit=1"), ()])
    def test_a_message_of_a_recorded_log(
        self,
        call: Call,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        identity: str,
        code: int,
        how: tuple[str, ...],
    ) -> None:
        log = tmp_path / "mail.log"
        today = f"{datetime.now().astimezone():%b %e}"
        log.write_text(recording("mail.log").replace("Nov 22 1", f"{today} 0"))
        host = MemoryHost(commands={"postconf": lambda _: f"maillog_file = {log}\n"})
        monkeypatch.setattr(tracing, "LocalHost", lambda: host)
        ended = call("trace", identity, *how)
        assert ended.code == code
        assert "\x1b" not in ended.out
        if "--json" in how:
            found = ended.json()
            assert found["schema"] == 1
            assert found["stopped_at"] == (None if code == 0 else "entry")
        elif code == 0:
            assert ended.out.splitlines()[-1] == "it reached everything"
            assert any(line.startswith("passed      mailbox") for line in ended.out.splitlines())
        else:
            assert ended.out.splitlines()[-1].startswith("not found: nothing of this message")
