from __future__ import annotations

from functools import reduce
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.screens.desks import lines
from wizard import events
from wizard.desk import RunView, step
from wizard.desk.view import NOTES, TIMES
from wizard.events import Event
from wizard.stages import STAGES

KINDS = sorted({event.kind for line in lines() if (event := events.parse(line))})
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
KEYS = ("stage", "id", "title", "outcome", "seconds", "evidence", "diagnosis", "also", "text", "changes", "message_id")
DATA = st.dictionaries(st.sampled_from([*KEYS, "hop", "state", "of", "address", "limit", "percent", "question"]), JSON)


def recorded(until: str = "", count: int = 1) -> RunView:
    found = (events.parse(line) for line in lines(until, count))
    return reduce(step, filter(None, found), RunView())


def test_a_whole_run() -> None:
    view = recorded()
    assert (view.finished, view.verified, view.exit, view.changed, view.error) == (True, True, 0, 11, "")
    assert (view.command, view.first, view.last, view.waiting, view.question) == ("apply", 1, 6, None, None)
    for stage in STAGES:
        seen = view.stage(stage.number)
        assert (seen.outcome, seen.verified) == ("pass", True)
        assert [check.id for check in seen.checks] == [check.id for check in stage.checks]
        assert all(check.evidence and check.seconds >= 0 for check in seen.checks)


def test_a_post_on_its_way() -> None:
    stage = recorded('"id": "broadcast.delivery", "outcome"').stage(5)
    message = stage.message
    assert message is not None
    assert {hop.state for hop in message.hops.values()} == {"passed"}
    assert list(message.hops) == ["entry", "lmtp", "mailman", "outbound", "postfix-out", "mailbox"]
    assert (len(message.arrived), message.of) == (3, 3)
    assert len(stage.times) == 9
    assert all(0 < took < 10 for took in stage.times)


def test_what_is_waited_for_has_its_seconds() -> None:
    view = recorded('"kind": "check.progress"', 6)
    assert view.waiting is not None
    assert view.waiting.limit == 30
    assert view.waiting.text.startswith("waiting for ")


def test_mailmans_start_is_counted_up() -> None:
    view = recorded('"kind": "change.progress"', 20)
    assert view.waiting is not None
    assert view.waiting.done is not None
    assert 0 <= view.waiting.done <= 1


def test_a_plan_that_waits_is_a_question_until_it_is_applied() -> None:
    asked = Event(5, "2026-11-22T14:00:00+00:00", "plan.waiting", {"stage": 2, "question": 3, "text": "+a\n-b"})
    view = step(RunView(), asked)
    assert view.question is not None
    assert (view.question.stage, view.question.number, view.question.text) == (2, 3, "+a\n-b")
    made = Event(6, "2026-11-22T14:00:01+00:00", "change.started", {"change": "file", "target": "/etc/x"})
    assert step(view, made).question is None


def test_nothing_in_it_is_raw() -> None:
    said = Event(1, "2026-11-22T14:00:00+00:00", "note", {"text": "\x1b[2J\u202eevil\x07"})
    assert all(note.isprintable() for note in step(RunView(), said).notes)


@given(st.lists(st.tuples(st.sampled_from([*KINDS, "of.a.later.version"]), DATA), max_size=30))
def test_no_event_breaks_it(found: list[tuple[str, dict[str, Any]]]) -> None:
    view = RunView()
    for number, (kind, data) in enumerate(found):
        view = step(view, Event(number, "2026-11-22T14:00:00+00:00", kind, data))
    assert view.number == max(len(found) - 1, 0)
    assert len(view.notes) <= NOTES
    assert all(len(stage.times) <= TIMES for stage in view.stages.values())
