"""Files of the wizard's own that are damaged: set aside or read as far as they go, said so, and it starts."""

from __future__ import annotations

import shlex

import pytest

from tests.services.server import STATE
from tests.terminal.link import Link
from tests.terminal.walking import WAITS, opened, with_plan_waiting

DAMAGED = {
    "half": "{",
    "bytes": "\\x00\\xff\\xfe",
    "beyond": '{"stage": 99, "pane": "nowhere", "drafts": {}, "theme": "none", "stages": 7}',
    "deep": "[" * 5000,
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED.keys())
@pytest.mark.parametrize("name", ["place.json", "session.json"])
def test_what_cannot_be_read_is_set_aside(anew: Link, name: str, content: str) -> None:
    anew.server.sh(f"install -d -m 0700 /{STATE} && printf '%b' {shlex.quote(content)} > /{STATE}/{name}")

    terminal = opened(anew.open())

    terminal.wait(name)
    terminal.wait("set aside")
    terminal.keys("F6")
    terminal.wait("not tried")
    assert anew.server.sh(f"ls /{STATE}").count(name.removesuffix(".json")) >= 1


def test_an_event_log_that_breaks_off_is_shown_as_far_as_it_goes(anew: Link) -> None:
    terminal = with_plan_waiting(anew)
    terminal.cut()
    anew.server.sh(f"kill -KILL {anew.runs[0]}")
    anew.no_run()
    log = f"/{STATE}/runs/*/events.jsonl"
    anew.server.sh(
        f"for log in {log}; do truncate -s -40 $log; printf 'nonsense\\n\\x00\\n[]\\n{{\"number\"' >> $log; done"
    )

    again = opened(anew.open())

    again.wait("the run ended without a word")
    again.keys("F9")
    again.wait(WAITS)


def test_a_run_without_a_log_is_no_obstacle(anew: Link) -> None:
    anew.server.sh(f"install -d -m 0700 /{STATE} /{STATE}/runs /{STATE}/runs/20260101T000000Z-000000")

    terminal = opened(anew.open())

    terminal.keys("F9")
    terminal.wait(WAITS)
