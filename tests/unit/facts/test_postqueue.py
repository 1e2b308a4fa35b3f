from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard.errors import CommandError
from wizard.facts import postqueue

from .recorded import recording, telling

REFUSED = "connect to 127.0.0.1[127.0.0.1]:9: Connection refused"


def test_deferred_messages() -> None:
    bounce, post = postqueue.parse(recording("postqueue-j.txt"))
    assert bounce.sender == "MAILER-DAEMON"
    assert post == postqueue.QueuedMessage(
        queue_name="deferred",
        queue_id="4jXL7l3gf7zJ9BP",
        arrival_time=datetime(2026, 11, 22, 7, 20, 19, tzinfo=UTC),
        size=243,
        sender="alice@local.edu",
        recipients=(
            postqueue.QueuedRecipient("one@example.org", REFUSED),
            postqueue.QueuedRecipient("two@example.org", REFUSED),
        ),
    )


def test_a_recipient_not_tried_yet_has_no_reason() -> None:
    line = recording("postqueue-j.txt").split("\n")[0].replace(f', "delay_reason": "{REFUSED}"', "")
    assert postqueue.parse(line)[0].recipients == (postqueue.QueuedRecipient("three@example.org", None),)


def test_empty_queue() -> None:
    assert postqueue.read(telling("")) == ()


def test_queue_that_cannot_be_read() -> None:
    with pytest.raises(CommandError, match="queue report"):
        postqueue.read(telling(code=69, err="postqueue: fatal: queue report unavailable\n"))


def test_a_line_that_is_not_understood_makes_no_queue_look_empty() -> None:
    with pytest.raises(CommandError, match="1 lines, 0"):
        postqueue.read(telling('{"queue_id": "x"}\n'))


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["address", "delay_reason", "x"]), inner),
    max_leaves=8,
)
names = st.sampled_from(["queue_name", "queue_id", "arrival_time", "message_size", "sender", "recipients"])


@given(st.text() | values.map(json.dumps) | st.dictionaries(names, values, min_size=5).map(json.dumps))
def test_nothing_crashes_the_parser(text: str) -> None:
    postqueue.parse(text)
