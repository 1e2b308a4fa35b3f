"""A lab on a real terminal: an outer shell, this program as its job, a shell inside."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

import pexpect
import psutil
import pytest

from tests.services.outside import DRIVER, left_empty

LAB = shlex.join(DRIVER)
OUTER = "OUTER> "
INNER = "INNER> "


@pytest.fixture
def shell() -> Iterator[pexpect.spawn[str]]:
    child: pexpect.spawn[str] = pexpect.spawn(
        "bash", ["--norc", "--noprofile"], encoding="utf-8", echo=False, timeout=15, dimensions=(31, 97)
    )
    child.delaybeforesend = None
    child.sendline(f"bind 'set enable-bracketed-paste off'; PS1='{OUTER}'")
    child.expect_exact(f"\n{OUTER}")
    yield child
    child.close(force=True)


def enter(shell: pexpect.spawn[str]) -> None:
    shell.sendline(f"PS1='{INNER}' {LAB} bash --norc --noprofile")
    shell.expect_exact(INNER)
    shell.sendline("bind 'set enable-bracketed-paste off'")
    shell.expect_exact(INNER)


def ask(shell: pexpect.spawn[str], command: str, prompt: str = INNER) -> str:
    shell.sendline(command)
    shell.expect_exact(prompt)
    return (shell.before or "").replace(command, "", 1).strip()


def test_the_shell_inside_has_the_terminal_with_its_size_and_name(shell: pexpect.spawn[str]) -> None:
    enter(shell)

    assert ask(shell, "hostname") == "lab"
    assert ask(shell, "stty size") == "31 97"
    assert ask(shell, "tty") == "/dev/console"
    shell.setwinsize(40, 120)
    assert ask(shell, "stty size") == "40 120"
    assert ask(shell, "exit 5; ", OUTER).endswith("exit")
    assert ask(shell, "echo $?", OUTER) == "5"


def test_ctrl_c_reaches_what_runs_inside_and_nothing_else(shell: pexpect.spawn[str]) -> None:
    enter(shell)
    shell.sendline("cat")
    shell.sendline("up")
    shell.expect_exact("up")

    shell.sendintr()

    shell.expect_exact(INNER)
    assert ask(shell, "echo $?") == "130"
    assert ask(shell, "hostname") == "lab"


def test_job_control_inside(shell: pexpect.spawn[str]) -> None:
    enter(shell)
    shell.sendline("cat")
    shell.sendline("up")
    shell.expect_exact("up")

    shell.send("\x1a")

    shell.expect_exact("Stopped")
    shell.expect_exact(INNER)
    assert "Stopped" in ask(shell, "jobs")
    ask(shell, "kill -9 %1; wait; true")


def test_ctrl_z_gives_the_outer_shell_back_and_fg_the_lab(shell: pexpect.spawn[str]) -> None:
    shell.sendline(f"{LAB} cat")
    shell.sendline("up")
    shell.expect_exact("up")

    shell.send("\x1a")

    shell.expect_exact("Stopped")
    shell.expect_exact(OUTER)
    shell.sendline("fg")
    shell.expect_exact("cat")
    shell.sendline("again")
    shell.expect_exact("again")
    shell.sendeof()
    shell.expect_exact(OUTER)
    assert ask(shell, "echo $?", OUTER) == "0"


def test_in_a_pipeline_it_reads_the_terminal_all_the_same(shell: pexpect.spawn[str]) -> None:
    shell.sendline(f"{LAB} sh -c 'read answer; echo got $answer' | cat")
    shell.sendline("blue")

    shell.expect_exact("got blue")
    shell.expect_exact(OUTER)


def test_ctrl_c_ends_a_command_in_a_pipeline(shell: pexpect.spawn[str]) -> None:
    shell.sendline(f"{LAB} sh -c 'echo up; exec sleep 100' | cat")  # dash loses a signal while it forks
    shell.expect_exact("up\r\n")

    shell.sendintr()

    shell.expect_exact(OUTER)
    assert ask(shell, "echo ${PIPESTATUS[0]}", OUTER) == "130"


def test_a_killed_command_leaves_the_terminal_as_it_was(shell: pexpect.spawn[str]) -> None:
    before = ask(shell, "stty -a", OUTER)
    shell.sendline(f"{LAB} sh -c 'stty raw -echo; kill -9 $$'")
    shell.expect_exact(OUTER)

    assert ask(shell, "stty -a", OUTER) == before


def test_hanging_up_ends_the_lab(shell: pexpect.spawn[str]) -> None:
    enter(shell)
    (outer,) = psutil.Process(shell.pid).children()

    with left_empty(outer.children()[0].pid):
        shell.close(force=False)


def test_without_a_command_it_is_the_users_shell(shell: pexpect.spawn[str]) -> None:
    shell.sendline(f"SHELL=/bin/sh PS1='{INNER}' {LAB}")
    shell.expect_exact(INNER)

    assert ask(shell, "hostname") == "lab"
    shell.sendline("exit")
    shell.expect_exact(OUTER)
