"""What people do in the wizard, in words that tests share."""

from __future__ import annotations

from tests.terminal.link import Link
from tests.terminal.terminal import LIMIT, Terminal

RUN_LIMIT = 400.0
"""Seconds for one stage's run, on a noisy machine."""
NEW = "F9 sets this stage up"
WAITS = "the run waits"
ON = "a run is on"
WRONG = ("FAIL", "the gate is shut", "✘")
VERIFIED = "verified; F10"
READ_ONLY = "read-only (t takes over)"


def opened(terminal: Terminal) -> Terminal:
    """Wait until the wizard has come up and knows where the stages stand."""
    terminal.wait("F3 Why")
    terminal.wait_any(NEW, VERIFIED, "comes first", "set aside", "without a word", WAITS)
    return terminal


def with_plan_waiting(link: Link) -> Terminal:
    """Open the wizard on a new server, and start stage 1's run, which waits with its plan: it is on for long."""
    terminal = opened(link.open())
    terminal.keys("F9")
    terminal.wait(WAITS)
    return terminal


def set_up(terminal: Terminal) -> None:
    """Set the stage that is shown up, and see its plan first if there is one; it must be verified then."""
    terminal.keys("F9")
    if terminal.wait_any(WAITS, VERIFIED, *WRONG, limit=RUN_LIMIT) == WAITS:
        terminal.keys("F9")
    terminal.wait_any(VERIFIED, *WRONG, limit=RUN_LIMIT)
    terminal.wait(VERIFIED, LIMIT)


def to_pane(terminal: Terminal, key: str, link: Link, name: str) -> None:
    """Go to a pane, until that is noted."""
    terminal.keys(key)
    terminal.wait(lambda: link.place().get("pane") == name)
