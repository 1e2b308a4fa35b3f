"""Terminals that go away: no screen stays behind, no run ends with one, and the next one goes on from there."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.services.server import STATE, Server
from tests.terminal.link import Link
from tests.terminal.terminal import Terminal
from tests.terminal.walking import ON, WAITS, opened, to_pane, with_plan_waiting
from wizard import wait

SOON = 8.0
"""Seconds within which a process is gone, on a noisy machine; it takes two at most on a quiet one."""


@pytest.mark.parametrize("lose", [Terminal.cut, Terminal.close], ids=["cut", "hang-up"])
def test_the_run_outlives_the_screen_and_the_next_one_shows_it(anew: Link, lose: Callable[[Terminal], None]) -> None:
    terminal = with_plan_waiting(anew)
    terminal.keys("F4")
    terminal.wait("mail.hostname")
    terminal.keys("End", ".draft")
    terminal.wait(lambda: "draft" in str(anew.place().get("drafts")))
    to_pane(terminal, "F5", anew, "changes")
    (run,) = anew.runs

    lose(terminal)

    anew.no_screen()
    assert anew.runs == [run]
    again = anew.open()
    again.wait("stage 1, postfix")
    again.wait("shall these changes be made")
    again.wait(WAITS)
    again.keys("F4")
    again.wait("mail.local.edu.draft")
    again.keys("F12")
    anew.no_run()


def test_sigterm_puts_the_terminal_in_order(anew: Link) -> None:
    terminal = with_plan_waiting(anew)
    (screen,) = anew.screens

    anew.server.sh(f"kill -TERM {screen}")

    assert terminal.wait_end(SOON) == 143
    assert not terminal.full_screen
    assert terminal.cursor
    assert anew.runs


def test_sighup_ends_the_screen_alone(anew: Link) -> None:
    terminal = with_plan_waiting(anew)
    (screen,) = anew.screens

    anew.server.sh(f"kill -HUP {screen}")

    terminal.wait_end(SOON)
    anew.no_screen()
    assert anew.runs


def test_with_hang_ups_ignored_nothing_stays_without_its_terminal(anew: Link) -> None:
    terminal = opened(anew.open(before="trap '' HUP;"))

    terminal.cut()

    anew.no_screen(SOON)


def test_q_asks_while_a_run_is_on_and_the_run_goes_on(anew: Link) -> None:
    terminal = with_plan_waiting(anew)
    (run,) = anew.runs

    terminal.keys("q")
    terminal.wait("It goes on without this screen")
    terminal.keys("n")
    terminal.wait_gone("It goes on without this screen")
    terminal.keys("q")
    terminal.wait("It goes on without this screen")
    terminal.keys("y")

    assert terminal.wait_end() == 0
    assert not terminal.full_screen
    assert anew.runs == [run]


def test_q_leaves_at_once_where_no_run_is_on(anew: Link) -> None:
    terminal = opened(anew.open())
    terminal.keys("q")
    assert terminal.wait_end() == 0


def test_a_run_that_was_killed_is_told_of(anew: Link, server: Server) -> None:
    terminal = with_plan_waiting(anew)

    server.sh(f"kill -KILL {anew.runs[0]}")

    terminal.wait("the run ended without a word")
    terminal.wait_gone(ON)
    assert server.path(STATE).is_dir()
    wait.until(lambda: None if anew.runs else True, limit=SOON)
