"""Every kind of terminal, and none."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping

import pytest

from tests.services.server import LIMIT, PROGRAM
from tests.terminal.link import UTF8, Link
from tests.terminal.terminal import Terminal
from tests.terminal.walking import opened
from wizard.host import Completed

SGR = re.compile(rb"\x1b\[([\d;:]*)m")
COLOURS = {*range(30, 50), *range(90, 108)} - {39, 49}
"""All but the terminal's own."""
REFUSED = 3


def seen_around(terminal: Terminal) -> None:
    """Look at each pane and at help, and leave."""
    opened(terminal)
    for key, text in (("F4", "mail.hostname"), ("F5", "What F9 would change"), ("F6", "not tried"), ("F7", "shown:")):
        terminal.keys(key)
        terminal.wait(text)
    terminal.keys("F1")
    terminal.wait("Esc back")
    terminal.keys("Esc")
    terminal.wait("F3 Why")
    terminal.keys("q")
    assert terminal.wait_end() == 0
    assert not terminal.full_screen


@pytest.mark.parametrize("term", ["xterm-256color", "screen", "tmux-256color", "linux", "vt220"])
def test_every_pane_is_shown(anew: Link, term: str) -> None:
    terminal = anew.open(term=term)
    seen_around(terminal)
    assert bool(re.search(rb"[34]8;[25];", terminal.raw)) is term.endswith("256color")


@pytest.mark.parametrize("term", ["vt220", "linux"])
def test_an_old_terminal_is_asked_nothing(anew: Link, term: str) -> None:
    terminal = anew.open(term=term)
    seen_around(terminal)
    for question in (b"$p", b"\x1b[>", b"\x1b[?1003h", b"\x1b[c", b"\x1b]"):
        assert question not in terminal.raw


def test_without_colour_there_is_none(anew: Link) -> None:
    terminal = anew.open(term="xterm", env={**UTF8, "NO_COLOR": "1"})
    seen_around(terminal)
    used = {int(each or 0) for found in SGR.findall(bytes(terminal.raw)) for each in re.split(rb"[;:]", found)}
    assert not used & COLOURS


@pytest.mark.parametrize("env", [{"LANG": "C"}, {"LC_ALL": "C"}, {}, {"LC_ALL": "POSIX", "LANG": "C.UTF-8"}])
def test_where_the_locale_has_no_more_it_is_ascii(anew: Link, env: Mapping[str, str]) -> None:
    terminal = anew.open(env=env)
    seen_around(terminal)
    assert terminal.raw.isascii()


def test_an_old_terminal_gets_ascii(anew: Link) -> None:
    terminal = anew.open(term="vt220")
    seen_around(terminal)
    assert terminal.raw.isascii()


@pytest.mark.parametrize("term", ["dumb", "unknown"])
def test_a_terminal_without_a_screen_is_refused(anew: Link, term: str) -> None:
    terminal = anew.open(term=term)
    assert terminal.wait_end() == REFUSED
    assert "--plain" in terminal.text
    assert b"\x1b" not in terminal.raw


def piped(link: Link, typed: str, *arguments: str) -> Completed:
    """Run the program with its streams in pipes."""
    return link.server.lab.run(["env", "TERM=xterm-256color", PROGRAM, *arguments], stdin=typed, limit=LIMIT)


def test_no_terminal_is_refused(anew: Link) -> None:
    ended = piped(anew, "")
    assert ended.code == REFUSED
    assert "--plain" in ended.stderr
    assert "\x1b" not in ended.stdout + ended.stderr


def test_in_plain_lines_stage_1_is_walked_by_answers(anew: Link) -> None:
    answers = ["w", "a", "plain.example", *[""] * 10, "s", "p", "y", "l", "r", "n", "1", "7", "2", "q"]
    ended = piped(anew, "\n".join(answers) + "\n", "--plain")

    said = ended.stdout + ended.stderr
    assert "stage 1 of 6, postfix" in said
    assert "Stage 1: local mail works" in said
    assert "myhostname = plain.example" in said
    assert "daemon started" in said
    assert "# Mailing list server plain.example" in said
    assert said.count("stage 1 of 6, postfix") == said.count("stage 2 of 6, mailman") == 2
    assert "'7' is none of" in said
    assert "\x1b" not in said
    assert ended.code == 1  # stage 2, which was left, is not verified
    assert shlex.split(anew.server.sh("postconf -h myhostname")) == ["plain.example"]
