from __future__ import annotations

import os
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from tests.services.outside import DRIVER, drive
from wizard import wait
from wizard.errors import CommandError
from wizard.lab import Lab


class TestIsolation:
    def test_what_is_written_is_seen_inside_only(self, lab: Lab, tmp_path: Path) -> None:
        (tmp_path / "outside").write_text("before")

        lab.run(["sh", "-c", f"echo after > {tmp_path}/outside; touch {tmp_path}/inside"]).require()

        assert lab.run(["cat", f"{tmp_path}/outside"]).stdout == "after\n"
        assert (tmp_path / "outside").read_text() == "before"
        assert not (tmp_path / "inside").exists()

    def test_the_machines_own_files_stay(self, lab: Lab) -> None:
        before = {name: Path(name).read_bytes() for name in ("/etc/passwd", "/etc/hostname")}

        lab.run(["sh", "-c", "useradd --create-home trainee && rm /etc/hostname"]).require()

        assert {name: Path(name).read_bytes() for name in before} == before
        assert not Path("/home/trainee").exists()

    def test_a_mount_is_not_seen_outside(self, lab: Lab) -> None:
        before = Path("/proc/self/mountinfo").read_text()

        lab.run(["mount", "-t", "tmpfs", "none", "/mnt"]).require()

        assert Path("/proc/self/mountinfo").read_text() == before

    def test_a_port_is_not_open_outside(self, lab: Lab) -> None:
        listen = "import socket,signal; s=socket.create_server(('127.0.0.1',2525)); print(1,flush=1); signal.pause()"
        lab.run(
            ["sh", "-c", f'setsid python3 -c "{listen}" > /run/port & until grep 1 /run/port; do :; done']
        ).require()

        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", 2525), timeout=2)
        assert "127.0.0.1:2525" in lab.run(["ss", "-ltn"]).stdout

    def test_it_has_a_host_name_and_an_address_of_its_own_and_no_way_out(self, lab: Lab) -> None:
        outside = socket.gethostname()

        assert lab.run(["hostname"]).stdout == "lab\n"
        assert lab.run(["getent", "hosts", "lab"]).stdout.split() == ["127.0.1.1", "lab"]
        assert "198.51.100.25" in lab.run(["cat", "/proc/net/fib_trie"]).stdout
        assert lab.run(["cat", "/proc/net/route"]).stdout.count("\n") == 1
        lab.run(["hostname", "other"]).require()
        assert socket.gethostname() == outside

    def test_it_sees_its_own_processes_only(self, lab: Lab) -> None:
        assert str(os.getpid()) not in lab.run(["ls", "/proc"]).stdout.split()

    def test_settings_of_the_whole_machine_cannot_be_changed(self, lab: Lab) -> None:
        assert "Read-only" in lab.run(["sh", "-c", "echo 1 > /proc/sys/vm/swappiness"]).stderr
        assert "Read-only" in lab.run(["sh", "-c", "touch /sys/new"]).stderr

    def test_a_group_that_a_command_signals_does_not_reach_out(self) -> None:
        assert drive("sh", "-c", "kill -KILL 0").returncode == 128 + signal.SIGKILL

    def test_two_side_by_side_do_not_meet(self, lab: Lab, fresh_lab: Lab) -> None:
        for one in (lab, fresh_lab):
            one.run(["sh", "-c", "postconf -e maillog_file=/var/log/mail.log && postfix start"]).require()

        for one in (lab, fresh_lab):
            assert one.run(["postfix", "status"]).ok
        fresh_lab.run(["postfix", "stop"]).require()
        assert lab.run(["postfix", "status"]).ok
        assert not fresh_lab.run(["postfix", "status"]).ok


class TestCommands:
    def test_real_postfix_answers_on_its_real_port(self, fresh_lab: Lab) -> None:
        fresh_lab.run(["sh", "-c", "postconf -e maillog_file=/var/log/mail.log && postfix start"]).require()

        hello = "import smtplib; print(smtplib.SMTP('127.0.0.1', 25).noop())"
        assert "250" in fresh_lab.run(["python3", "-c", hello]).stdout

    def test_input_user_and_output(self, lab: Lab) -> None:
        done = lab.run(["sh", "-c", "id -un; cat; echo problem >&2; exit 4"], stdin="given", user="list")

        assert (done.code, done.stdout, done.stderr) == (4, "list\ngiven", "problem\n")

    def test_a_command_that_takes_too_long_is_ended(self, lab: Lab) -> None:
        assert lab.run(["sleep", "61.25"], limit=0.3).code == 124
        assert "61.25" not in lab.run(["ps", "ax"]).stdout

    def test_daemons_stay_and_orphans_are_reaped(self, lab: Lab) -> None:
        lab.run(["sh", "-c", "setsid sleep 62.25 & (true &) ; (sh -c 'exit 3' &)"]).require()

        assert "sleep 62.25" in lab.run(["ps", "ax"]).stdout
        wait.until(lambda: True if " Z" not in lab.run(["ps", "ax"]).stdout else None, limit=5)

    def test_a_stopped_lab_says_so(self) -> None:
        lab = Lab.start()
        lab.stop()
        lab.stop()

        with pytest.raises(CommandError, match="the lab has ended"):
            lab.run(["true"])

    @pytest.mark.parametrize(
        ("script", "code"), [("exit 0", 0), ("exit 42", 42), ("kill -TERM $$", 143), ("kill -KILL $$", 137)]
    )
    def test_the_exit_code_is_the_commands(self, script: str, code: int) -> None:
        assert drive("sh", "-c", script).returncode == code

    def test_streams_pass_straight_through(self) -> None:
        done = subprocess.run(
            [*DRIVER, "sh", "-c", "cat; echo problem >&2"],
            input=b"\0\xff\n",
            capture_output=True,
            check=False,
        )

        assert (done.stdout, done.stderr) == (b"\0\xff\n", b"problem\n")

    def test_what_cannot_be_run_is_told_as_a_shell_does(self) -> None:
        assert drive("no-such-command").returncode == 127
        assert drive("/etc/hosts").returncode == 126

    def test_the_directory_and_the_environment_stay(self, tmp_path: Path) -> None:
        done = subprocess.run(
            [*DRIVER, "sh", "-c", "pwd; echo $KEPT"],
            cwd=tmp_path,
            env={**os.environ, "KEPT": "yes"},
            capture_output=True,
            text=True,
            check=False,
        )

        assert done.stdout == f"{tmp_path}\nyes\n"

    def test_this_very_installation_runs_inside(self) -> None:
        done = drive("mailman-wizard", "--help")

        assert done.returncode == 0
        assert "usage: mailman-wizard" in done.stdout

    def test_a_shell_with_a_path_of_its_own_finds_it(self) -> None:
        done = drive("env", "PATH=/usr/local/bin:/usr/bin:/bin", "sh", "-c", "mailman-wizard --version")

        assert done.stdout.startswith("mailman-wizard ")

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1])
    def test_signals_reach_the_command(self, number: signal.Signals) -> None:
        name = number.name.removeprefix("SIG")
        script = f"trap 'exit 9' {name}; echo up; while :; do sleep 0.05; done"
        with subprocess.Popen([*DRIVER, "sh", "-c", script], stdout=subprocess.PIPE) as outer:
            assert outer.stdout is not None
            assert outer.stdout.readline() == b"up\n"
            outer.send_signal(number)
            assert outer.wait(timeout=10) == 9
