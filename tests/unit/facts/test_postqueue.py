from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard.errors import CommandError
from wizard.facts import postqueue

from .recorded import DEBIAN_12, DEBIAN_13, POSTFIX_3_11, recording, telling

REFUSED = "connect to 127.0.0.1[127.0.0.1]:9: Connection refused"


@pytest.mark.parametrize(
    ("release", "queue_id", "arrived", "size"),
    [
        (DEBIAN_12, "4jXL7l3gf7zJ9BP", datetime(2026, 11, 22, 7, 20, 19, tzinfo=UTC), 243),
        (DEBIAN_13, "4jXWD71nYNz58s", datetime(2026, 11, 22, 14, 9, 43, tzinfo=UTC), 252),
    ],
)
def test_deferred_messages(release: str, queue_id: str, arrived: datetime, size: int) -> None:
    bounce, post = postqueue.parse(recording("postqueue-j.txt", release))
    assert bounce.sender == "MAILER-DAEMON"
    assert post == postqueue.QueuedMessage(
        queue_name="deferred",
        queue_id=queue_id,
        arrival_time=arrived,
        size=size,
        sender="alice@local.edu",
        recipients=(
            postqueue.QueuedRecipient("one@example.org", REFUSED),
            postqueue.QueuedRecipient("two@example.org", REFUSED),
        ),
    )


def test_recipients_given_up_whose_sender_is_not_told_yet() -> None:
    (message,) = postqueue.parse(recording("postqueue-j.txt", POSTFIX_3_11))
    assert [(each.address.partition("@")[0], each.delay_reason) for each in message.recipients] == [
        ("off", "connect to mx.example.com[192.0.2.26]:25: Connection refused"),
        ("late", "Server certificate not trusted"),
        ("new", None),
    ]


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


recipients = st.lists(st.fixed_dictionaries({"address": st.text()}, optional={"delay_reason": values}), max_size=3)
messages = st.fixed_dictionaries(
    {
        **dict.fromkeys(["queue_name", "queue_id", "sender"], st.text() | st.just("\x1b[31m\u202e")),
        **dict.fromkeys(["arrival_time", "message_size"], st.integers(0, 2**33)),
        "recipients": recipients,
    }
)


@given(
    st.text()
    | values.map(json.dumps)
    | st.dictionaries(names, values, min_size=5).map(json.dumps)
    | messages.map(json.dumps)
)
def test_no_line_crashes_the_parser_or_comes_out_raw(text: str) -> None:
    for message in postqueue.parse(text):
        texts = [message.queue_name, message.queue_id, message.sender]
        texts += [text for each in message.recipients for text in (each.address, each.delay_reason or "")]
        assert all(text.isprintable() for text in texts)
