"""Two terminals on one server: one has the controls, the other looks on, and may take over."""

from __future__ import annotations

from tests.terminal.link import Link
from tests.terminal.walking import READ_ONLY, opened, with_plan_waiting


def test_the_second_looks_on_and_takes_over(anew: Link) -> None:
    first = with_plan_waiting(anew)
    (run,) = anew.runs
    second = anew.open()
    second.wait(READ_ONLY)
    second.keys("F5")
    second.wait("shall these changes be made")

    second.keys("F9")
    second.wait("this screen is read-only")
    second.keys("^X")
    second.wait("read-only")
    second.wait_gone("Stop the run?")
    second.keys("F12")
    assert anew.runs == [run]

    second.keys("t")
    second.wait("Take the controls?")
    second.keys("n")
    second.wait_gone("Take the controls?")
    second.wait(READ_ONLY)
    second.keys("t")
    second.wait("Take the controls?")
    second.keys("y")
    second.wait_gone("read-only")

    first.wait(READ_ONLY)
    first.keys("F9")
    first.wait("this screen is read-only")
    assert anew.runs == [run]
    second.keys("F12")
    anew.no_run()
    first.wait_gone("shall these changes be made")


def test_a_new_screen_has_the_controls_when_the_other_is_gone(anew: Link) -> None:
    first = opened(anew.open())
    first.cut()
    anew.no_screen()

    second = opened(anew.open())

    assert "read-only" not in second.text
