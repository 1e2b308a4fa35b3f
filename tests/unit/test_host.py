"""The real machine: commands with limits, files, processes and sockets."""

from __future__ import annotations

import fcntl
import os
import pwd
import signal
import socket
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from wizard import wait
from wizard.errors import CommandError
from wizard.host import NOT_FOUND, TIMED_OUT, Completed
from wizard.localhost import PATH, LocalHost

HOST = LocalHost()


def lives(pid: int) -> bool:
    """Tell whether a process runs; one that ended and was not collected does not."""
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False


class TestRun:
    def test_output_and_exit_code(self) -> None:
        ended = HOST.run(["sh", "-c", "echo out; echo err >&2; exit 3"])
        assert (ended.code, ended.stdout, ended.stderr, ended.ok) == (3, "out\n", "err\n", False)
        assert ended.argv[0] == "sh"
        assert ended.seconds > 0

    @pytest.mark.parametrize("argument", ["a b", "$HOME", "`id`", "'", '"', "*", "\n", "é", ""])
    def test_there_is_no_shell(self, argument: str) -> None:
        assert HOST.run(["printf", "%s", argument]).stdout == argument

    def test_input_is_given_and_empty_without(self) -> None:
        assert HOST.run(["cat"], stdin="né\n\udcff").stdout == "né\n\\xff"
        assert HOST.run(["cat"]).stdout == ""

    def test_output_that_is_not_text_is_shown_escaped(self) -> None:
        assert HOST.run(["printf", r"a\377b"]).stdout == r"a\xffb"

    def test_a_command_that_does_not_exist(self) -> None:
        ended = HOST.run(["no-such-command-of-ours"])
        assert ended.code == NOT_FOUND
        with pytest.raises(CommandError, match="no-such-command-of-ours ended with 127"):
            ended.require()

    def test_a_file_that_may_not_be_run(self, tmp_path: Path) -> None:
        (tmp_path / "plain").touch()
        assert HOST.run([str(tmp_path / "plain")]).code == NOT_FOUND

    def test_the_limit_ends_it_with_all_its_children(self, tmp_path: Path) -> None:
        ended = HOST.run(["sh", "-c", f"sleep 60 & echo $! > {tmp_path}/child; wait"], limit=0.3)
        assert ended.code == TIMED_OUT
        child = int((tmp_path / "child").read_text())
        wait.until(lambda: None if lives(child) else True, limit=10)
        with pytest.raises(CommandError, match="sh took longer than its limit"):
            ended.require()

    def test_a_daemon_that_keeps_its_output_open_is_not_waited_for(self, tmp_path: Path) -> None:
        start = time.monotonic()
        ended = HOST.run(["sh", "-c", f"sleep 60 & echo $! > {tmp_path}/child; echo started"], limit=30)
        os.kill(int((tmp_path / "child").read_text()), signal.SIGKILL)
        assert ended.stdout == "started\n"
        assert time.monotonic() - start < 30

    def test_a_signal_is_a_negative_code(self) -> None:
        assert HOST.run(["sh", "-c", "kill -9 $$"]).code == -signal.SIGKILL

    def test_the_environment_is_ours_alone(self) -> None:
        os.environ["LEAKED"] = "yes"
        try:
            lines = HOST.run(["env"], env={"MORE": "x"}).stdout.splitlines()
        finally:
            del os.environ["LEAKED"]
        assert {"LC_ALL=C.UTF-8", f"PATH={PATH}", "HOME=/root", "MORE=x"} <= set(lines)
        assert not any(line.startswith("LEAKED=") for line in lines)

    def test_another_user_with_their_groups_and_without_ours(self) -> None:
        account = pwd.getpwnam("nobody")
        ended = HOST.run(["sh", "-c", "id -u; id -g; id -G; pwd; echo $HOME"], user="nobody")
        groups = " ".join(map(str, os.getgrouplist("nobody", account.pw_gid)))
        assert ended.stdout.split("\n")[:3] == [str(account.pw_uid), str(account.pw_gid), groups]
        assert ended.stdout.split("\n")[3:5] == ["/", account.pw_dir]

    def test_it_has_no_terminal_and_a_session_of_its_own(self) -> None:
        ended = HOST.run(
            [sys.executable, "-c", "import os; print(os.getsid(0) == os.getpid()); os.open('/dev/tty', 0)"]
        )
        assert ended.stdout == "True\n"
        assert "No such device or address" in ended.stderr

    def test_descriptors_are_not_passed_on(self, tmp_path: Path) -> None:
        with (tmp_path / "secret").open("w") as file:
            os.set_inheritable(file.fileno(), True)  # noqa: FBT003 (os has no keyword for it)
            assert HOST.run(["test", "-e", f"/proc/self/fd/{file.fileno()}"]).code == 1


class TestSaid:
    @pytest.mark.parametrize(
        ("out", "err", "said"),
        [("", "", "nothing"), ("a\nb\n", "", "b"), ("a", "one\n two \n\n", "two"), ("a", " \n", "a")],
    )
    def test_the_last_line(self, out: str, err: str, said: str) -> None:
        assert Completed(("x",), 1, out, err, 0).said == said

    def test_of_a_traceback_the_error_itself(self) -> None:
        frames = "Traceback (most recent call last):\n  File 'x'\n    call()\n"
        last = f"{frames}OperationalError: no server\n\tis it up?\n\n(see x)\n"
        err = f"{frames}db.Error: no\n\nThe above exception …:\n\n{last}"
        assert Completed(("x",), 1, "", err, 0).said == "OperationalError: no server"

    def test_a_good_end_is_returned(self) -> None:
        done = Completed(("x",), 0, "", "", 0)
        assert done.require() is done


class TestSpawn:
    def test_it_lives_on_with_the_descriptor_and_a_session_of_its_own(self, tmp_path: Path) -> None:
        lock = os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
        fcntl.flock(lock, fcntl.LOCK_EX)
        code = "import os, signal; print(os.getsid(0) == os.getpid(), flush=True); signal.pause()"
        pid = HOST.spawn([sys.executable, "-c", code], output=tmp_path / "out", keep=lock)
        os.close(lock)
        try:
            wait.until(lambda: (tmp_path / "out").read_text() or None, limit=20, paths=(tmp_path,))
            assert (tmp_path / "out").read_text() == "True\n"
            with (tmp_path / "lock").open() as file, pytest.raises(BlockingIOError):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        finally:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        with (tmp_path / "lock").open() as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


class TestFiles:
    def test_what_was_written_is_read_with_mode_and_owner(self, tmp_path: Path) -> None:
        path = tmp_path / "file"
        HOST.write(path, b"\0\xff", mode=0o640, owner="root", group="nogroup")
        state = HOST.state(path)
        assert HOST.read(path) == b"\0\xff"
        assert state is not None
        assert (state.kind, state.mode, state.owner, state.group, state.size) == ("file", 0o640, "root", "nogroup", 2)

    def test_the_owner_of_a_file_may_have_no_name(self, tmp_path: Path) -> None:
        path = tmp_path / "file"
        path.touch()
        os.chown(path, 54321, 54322)
        state = HOST.state(path)
        assert state is not None
        HOST.write(path, b"", mode=0o600, owner=state.owner, group=state.group)
        assert (path.stat().st_uid, path.stat().st_gid) == (54321, 54322)

    def test_an_unknown_owner_is_an_error_and_nothing_is_written(self, tmp_path: Path) -> None:
        with pytest.raises(KeyError):
            HOST.write(tmp_path / "file", b"", mode=0o600, owner="nobody-of-that-name", group="root")
        with pytest.raises(KeyError):
            HOST.write(tmp_path / "file", b"", mode=0o600, owner="root", group="no-group-of-that-name")
        assert not (tmp_path / "file").exists()

    def test_what_is_not_there(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        for path in (tmp_path / "absent", tmp_path / "file" / "below"):
            assert HOST.state(path) is None
            assert HOST.names(path) == ()
        with pytest.raises(FileNotFoundError):
            HOST.read(tmp_path / "absent")
        HOST.remove(tmp_path / "absent")

    def test_kinds(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "fifo")
        (tmp_path / "link").symlink_to(tmp_path)
        found = {name: HOST.state(tmp_path / name) for name in ("fifo", "link")}
        assert {name: state.kind for name, state in found.items() if state} == {"fifo": "other", "link": "directory"}

    def test_names_are_in_order(self, tmp_path: Path) -> None:
        for name in ("b", "a", ".c"):
            (tmp_path / name).touch()
        assert HOST.names(tmp_path) == (".c", "a", "b")


class TestSeeing:
    def test_this_process_is_listed(self) -> None:
        found = {process.pid: process for process in HOST.processes()}[os.getpid()]
        assert found.parent == os.getppid()
        assert found.user == "root"
        assert found.argv
        assert found.wakings >= 0

    def test_a_listener_is_listed_with_its_owner(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            found = [each for each in HOST.listeners() if each.port == port]
        assert [(each.address, each.pid) for each in found] == [("127.0.0.1", os.getpid())]

    def test_the_clock_is_in_utc(self) -> None:
        assert HOST.now().tzinfo is UTC
        assert abs((HOST.now() - datetime.now(UTC)).total_seconds()) < 60
