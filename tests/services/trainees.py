"""A trainee at a terminal, in plain lines or on the screens; what they do is what the course shows them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pexpect

from tests.services import train_driver
from tests.terminal.terminal import Terminal
from wizard.training.course import SERVER, Lesson
from wizard.training.load import BUILT_IN, load

COURSE = load(BUILT_IN)
LIMIT = 600.0
"""Seconds for one step; much more than it takes, because ten may take it at once."""
INSIDE = "INSIDE> "
SIZE = (40, 110)


def argv(state: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-P", train_driver.__file__, str(state), *arguments]


def environment() -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": "/root",
        "TERM": "xterm-256color",
        "LANG": "C.UTF-8",
        "SHELL": "/bin/bash",
    }


class Plain:
    """Somebody in plain lines."""

    def __init__(self, state: Path, name: str, *arguments: str) -> None:
        words = argv(state, "train", *arguments, "--plain", "--trainee", name)
        self.child: pexpect.spawn[str] = pexpect.spawn(
            words[0], words[1:], env=environment(), encoding="utf-8", timeout=LIMIT, dimensions=SIZE, echo=False
        )
        self.child.delaybeforesend = None

    def prompt(self, what: str) -> str:
        """Wait for a question, and return what was said before it."""
        self.child.expect_exact(what)
        return str(self.child.before)

    def ask(self, word: str, prompt: str) -> str:
        self.child.sendline(word)
        return self.prompt(prompt)

    def shell(self, scripts: list[str], prompt: str) -> str:
        """Type commands in the shell inside, and leave it."""
        said = []
        self.child.sendline("s")
        self.child.expect(r"[#$] $")
        self.child.sendline("bind 'set enable-bracketed-paste off'; PS1='IN''SIDE> '; PS2=")
        self.prompt(INSIDE)
        for script in scripts:
            for line in script.strip("\n").split("\n"):
                self.child.sendline(line)
            self.prompt(INSIDE)
            said.append(str(self.child.before))
        self.child.sendline("exit")
        self.prompt(prompt)
        return "\n".join(said)

    def end(self) -> int:
        """Leave, and return the exit code."""
        self.child.sendline("q")
        self.child.expect(pexpect.EOF)
        self.child.close()
        return int(self.child.exitstatus or 0)


READY = (
    "timeout 120 bash -c 'until ! pgrep -f mailman3/bin/master > /dev/null"
    " || (: < /dev/tcp/127.0.0.1/8001 && : < /dev/tcp/127.0.0.1/8024) 2> /dev/null; do sleep 0.2; done'"
)
"""Waits for a Mailman that starts, as somebody does who was told that it takes ten seconds."""


def walked(trainee: Plain, lesson: Lesson) -> str:
    """Do a lesson: not passed at its start, passed after its commands; returns what the examiner said in the end."""
    prompt = f"lesson {COURSE.number(lesson)}: "
    trainee.prompt(prompt)
    assert "not yet" in trainee.ask("k", prompt)
    trainee.shell([*(each.run for each in lesson.steps), READY], prompt)
    if lesson.base < SERVER:  # what was done by hand is what the wizard would have done
        assert "nothing to change" in trainee.shell([f"mailman-wizard plan --stage {lesson.stage}"], prompt)
    said = trainee.ask("k", prompt)
    if lesson.exam == "by-hand" and "not yet" in said:  # the post may still be on its way to the mailboxes
        said = trainee.ask("k", prompt)
    return said


@contextmanager
def on_screens(state: Path, name: str, *arguments: str) -> Iterator[Terminal]:
    """Open the screens of a lesson or a drill."""
    terminal = Terminal(argv(state, "train", *arguments, "--trainee", name), environment(), SIZE)
    try:
        yield terminal
    finally:
        terminal.close()
