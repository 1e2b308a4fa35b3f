"""Judging a message's way, from recordings of real logs."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.facts import recorded as facts
from tests.unit.trace.recorded import (
    LIST,
    MAILMAN,
    NOW,
    POSTFIX,
    RUNNERS,
    identity,
    material,
    queue_file,
    states,
    traced,
)
from wizard.facts import mailman_log, postfix_log
from wizard.facts.mailman_log import LogLine as MailmanLine
from wizard.facts.postfix_log import LogLine as PostfixLine
from wizard.printable import KEPT, SHOWN
from wizard.trace import legs, show
from wizard.trace.judge import GRACE, judge
from wizard.trace.material import Addresses, Material
from wizard.trace.model import HOPS, State
from wizard.trace.stragglers import PATIENCE

ALL = dict.fromkeys(HOPS, "passed")
HANDED = {"entry": "passed", "lmtp": "passed"}
SENT = {**HANDED, "mailman": "passed", "outbound": "passed"}


@pytest.mark.parametrize(
    ("name", "expected", "stopped"),
    [
        ("all-1", ALL, None),
        ("two-1", ALL, None),
        ("both-1", ALL, None),
        ("plain-1", {"entry": "passed", "mailbox": "passed"}, None),
        ("join-1", {**HANDED, "mailman": "passed"}, None),
        ("held-1", {**HANDED, "mailman": "stuck"}, "mailman"),
        ("held-2", {**ALL, "mailbox": "lost"}, "mailbox"),
        ("held-3", {**HANDED, "mailman": "lost"}, "mailman"),
        ("discarded-1", {**HANDED, "mailman": "lost"}, "mailman"),
        ("rejected-1", {**HANDED, "mailman": "lost"}, "mailman"),
        ("killed-1", {**HANDED, "mailman": "lost"}, "mailman"),
        ("ghost-1", {**SENT, "postfix-out": "lost", "mailbox": "lost"}, "postfix-out"),
        ("many-1", {**ALL, "mailbox": "stuck"}, "mailbox"),
        ("pickup-1", {**ALL, "mailbox": "stuck"}, "mailbox"),
        ("refused-1", {"entry": "passed", "lmtp": "stuck"}, "lmtp"),
        ("never", {}, "entry"),
    ],
)
def test_where_it_is(name: str, expected: dict[str, str], stopped: str | None) -> None:
    found = traced(name)
    assert states(found) == expected
    assert (found.stopped_at.name if found.stopped_at else None) == stopped


@pytest.mark.parametrize(
    ("name", "hop", "said"),
    [
        ("all-1", "entry", "from <ann@local.edu>"),
        ("all-1", "outbound", "to 3 recipient(s)"),
        ("two-1", "outbound", "for reading-group@local.edu, second@local.edu to 5 recipient(s)"),
        ("plain-1", "lmtp", "it is not for Mailman"),
        ("join-1", "mailman", "processed as mail to -join; that is not posted"),
        ("held-1", "mailman", f"held for the moderator of {LIST}: The message is not from a list member"),
        ("held-2", "mailman", "then approved by the moderator"),
        ("held-3", "mailman", "then dropped by the moderator"),
        ("discarded-1", "mailman", "discarded: The message is not from a list member"),
        ("rejected-1", "mailman", "rejected"),
        ("killed-1", "mailman", "matched a header rule"),
        ("ghost-1", "postfix-out", "ghost@local.edu: Postfix refused it to Mailman: 550 5.1.1"),
        ("many-1", "mailbox", "29 of 30 reached; not m07@local.edu: cannot update mailbox"),
        ("pickup-1", "entry", "uid=0"),
        ("refused-1", "lmtp", "lost connection with 127.0.0.1"),
    ],
)
def test_what_is_said_of_it(name: str, hop: str, said: str) -> None:
    found = next(each for each in traced(name).hops if each.name == hop)
    assert said in found.evidence[0]


def test_when_how_long_and_under_which_queue_id() -> None:
    entry, lmtp, mailman, outbound, postfix_out, mailbox = traced("all-1").hops
    assert entry.at == datetime(2026, 11, 22, 10, 59, 6, tzinfo=UTC)
    assert (entry.queue_id, lmtp.queue_id) == ("4jXR0B47gYzXJ", "4jXR0B47gYzXJ")
    assert (lmtp.seconds, mailman.seconds) == (0.01, 0.0)
    assert outbound.seconds == pytest.approx(0.018, abs=0.001)
    assert postfix_out.queue_id == mailbox.queue_id == "4jXR0C5wCkzXS"
    assert mailbox.recipients
    assert (mailbox.recipients.expected, mailbox.recipients.reached) == (3, 3)


def test_each_line_shown_is_the_messages_own() -> None:
    found = traced("all-1")
    lines = [line for hop in found.hops for line in hop.evidence[1:]]
    assert len(lines) > len(HOPS)
    assert all("all-1@local.edu" in line or "4jXR0B47gYzXJ" in line or "4jXR0C5wCkzXS" in line for line in lines)


def test_many_recipients_are_counted_and_the_exceptions_named() -> None:
    found = traced("many-1").hop("mailbox").recipients
    assert found
    assert (found.expected, found.reached) == (30, 29)
    (straggler,) = found.stragglers
    assert (straggler.address, straggler.state) == ("m07@local.edu", State.STUCK)
    assert "m07.lock: File exists" in straggler.reason


def test_a_bounce_a_refusal_and_a_deferral_of_one_post() -> None:
    found = traced("deferred-1").hop("mailbox").recipients
    assert found
    assert {each.address.partition("@")[0]: str(each.state) for each in found.stragglers} == {
        "cyd": "lost",
        "far": "stuck",
        "ghost": "lost",
    }
    assert found.reached == 2


class TestQueues:
    """What waits in Mailman's queues; the logs stop before it."""

    def stopped(self, queue: str, age: float, *, accepted: bool, runners: frozenset[str] = RUNNERS) -> dict[str, str]:
        base = material("all-1")
        coming = tuple(line for line in base.postfix if line.queue_id == base.postfix[0].queue_id)
        now = coming[-1].at + timedelta(seconds=age)
        mailman = tuple(line for line in base.mailman if accepted and line.text.startswith("ACCEPT"))
        file = queue_file(queue, coming[-1].at)
        found = replace(base, postfix=coming, mailman=mailman, files=(file,), now=now, runners=runners)
        return states(judge(found))

    @pytest.mark.parametrize("age", [1.0, PATIENCE - 1])
    def test_young_it_is_pending(self, age: float) -> None:
        assert self.stopped("in", age, accepted=False) == {**HANDED, "mailman": "pending"}
        assert self.stopped("out", age, accepted=True) == {**HANDED, "mailman": "passed", "outbound": "pending"}

    def test_old_it_is_stuck(self) -> None:
        age = PATIENCE + 1
        assert self.stopped("in", age, accepted=False) == {**HANDED, "mailman": "stuck"}
        assert self.stopped("out", age, accepted=True) == {**HANDED, "mailman": "passed", "outbound": "stuck"}

    def test_without_its_runner_it_is_stuck_at_once(self) -> None:
        found = self.stopped("out", 1, accepted=True, runners=RUNNERS - {"out"})
        assert found == {**HANDED, "mailman": "passed", "outbound": "stuck"}

    @pytest.mark.parametrize("queue", ["in", "pipeline", "out"])
    def test_nothing_changes_any_more_while_its_runner_does_not_work(self, queue: str) -> None:
        base, file = material("all-1"), queue_file(queue, NOW)
        coming = tuple(line for line in base.postfix if line.queue_id == base.postfix[0].queue_id)
        waits = replace(base, postfix=coming, files=(file,), mailman=base.mailman[: queue == "out"])
        assert not judge(waits).final
        found = judge(replace(waits, runners=RUNNERS - {queue}))
        assert found.final
        assert found.stopped_at is not None
        assert found.stopped_at.state is State.STUCK

    def test_nor_while_postfix_does_not_run(self) -> None:
        base, file = material("all-1"), queue_file("out", NOW)
        coming = tuple(line for line in base.postfix if line.queue_id == base.postfix[0].queue_id)
        waits = replace(base, postfix=coming, files=(file,), mailman=base.mailman[:1])
        assert not judge(replace(waits, delivers=True)).final
        found = judge(replace(waits, delivers=False))
        assert found.final
        assert "Postfix does not run" in found.hop("outbound").evidence[0]
        queued = judge(replace(base, postfix=coming[:3], mailman=(), delivers=False))
        assert queued.final
        assert queued.hop("lmtp").state is State.STUCK

    def test_a_moderator_or_a_later_attempt_may_still_change_it(self) -> None:
        assert not traced("held-1").final
        assert not traced("refused-1").final
        assert traced("refused-1", runners=RUNNERS - {"lmtp"}).final

    @pytest.mark.parametrize(("queue", "hop"), [("pipeline", "mailman"), ("out", "outbound")])
    def test_the_runner_that_it_waits_for_is_named(self, queue: str, hop: str) -> None:
        base, file = material("all-1"), queue_file(queue, NOW)
        found = {
            works: next(
                each.evidence[0]
                for each in judge(replace(base, files=(file,), runners=RUNNERS if works else RUNNERS - {queue})).hops
                if each.name == hop
            )
            for works in (True, False)
        }
        assert f"Mailman's {queue} runner does not work" in found[False]
        assert "does not work" not in found[True]

    def test_shunted(self) -> None:
        file = queue_file("shunt", NOW)
        base = material("shunted-1")
        shunting = [line for line in MAILMAN if line.failure or line.text.startswith("SHUNTING")]
        found = judge(replace(base, files=(file,), mailman=(*base.mailman, *shunting))).hop("mailman")
        assert (found.state, found.queue_id) == (State.STUCK, str(file.path))
        assert "shunted after an exception" in found.evidence[0]
        assert any("UnicodeDecodeError" in line for line in found.evidence)
        assert any("ACCEPT: <shunted-1@local.edu>" in line for line in found.evidence)

    @pytest.mark.parametrize(("age", "state"), [(1, "pending"), (GRACE + 1, "lost")])
    def test_in_no_queue_and_no_log(self, age: float, state: str) -> None:
        base = material("held-1")
        now = base.postfix[-1].at + timedelta(seconds=age)
        found = judge(replace(base, mailman=(), now=now))
        assert states(found) == {**HANDED, "mailman": state}

    def test_what_its_logs_do_not_have_is_not_lost_if_postfix_has_it(self) -> None:
        found = traced("all-1", mailman=())
        assert states(found) == ALL
        assert found.stopped_at is None
        assert all(hop.evidence[0] for hop in found.hops)


class TestPostfix:
    @pytest.mark.parametrize("sender", ["users-bounces@other.example", "users-bounces+alice=local.edu@other.example"])
    @pytest.mark.parametrize(("name", "expected"), [("plain-1", {"mailbox": "passed"}), ("join-1", {"lmtp": "passed"})])
    def test_what_another_servers_list_sent_came_in(self, name: str, expected: dict[str, str], sender: str) -> None:
        base = material(name)
        arrived = [line for line in base.postfix if line.text.startswith("from=<")]
        text = f"from=<{sender}>,{arrived[0].text.partition(',')[2]}"
        lines = [replace(line, text=text) if line is arrived[0] else line for line in base.postfix]
        found = judge(replace(base, postfix=tuple(lines)))
        assert found.hop("entry").state is State.PASSED
        assert sender in found.hop("entry").evidence[0]
        assert states(found).items() >= expected.items()
        assert "postfix-out" not in states(found)

    def test_as_the_log_grows_no_hop_is_forgotten(self) -> None:
        passed = 0
        for count in range(len(POSTFIX) + 1):
            now = sum(hop.state is State.PASSED for hop in judge(material("all-1", lines=count)).hops)
            assert now >= passed
            passed = now

    def test_lines_of_an_earlier_message_with_the_same_queue_id_are_left_out(self) -> None:
        def line(service: str, text: str) -> PostfixLine:
            return PostfixLine(NOW, "mail", f"postfix/{service}", 1, "6BD5D20C013", text)

        before = [line("smtpd", "client=a[1]"), line("cleanup", "message-id=<x@y>"), line("qmgr", "removed")]
        mine = [line("smtpd", "client=b[2]"), line("cleanup", f"message-id={identity('one')}"), line("qmgr", "removed")]
        after = [line("pickup", "uid=0 from=<a>"), line("cleanup", "message-id=<z@y>")]
        assert legs.own([*before, *mine, *after], identity("one")) == tuple(mine)

    @pytest.mark.parametrize(
        ("text", "state", "said"),
        [
            ("relay=local, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (delivered to mailbox)", "passed", "(1)"),
            (
                "relay=local, delay=1, delays=0/0/0/1, tls=none, dsn=2.0.0, status=sent (delivered)",
                "passed",
                "reached every",
            ),
            (
                "relay=h[10.0.0.1]:25, conn_use=2, delay=1, delays=0/0/0/1, tls=may, dsn=2.0.0, status=sent (250 ok)",
                "passed",
                "1 l",
            ),
            ("relay=none, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (x)", "lost", "thrown away"),
            ("relay=none, delay=1, delays=0/0/0/1, dsn=4.4.1, status=deferred (x y)", "stuck", "x y"),
            ("relay=local, delay=1, delays=0/0/0/1, dsn=5.2.2, status=bounced (full)", "lost", "bounced: full"),
            (
                "relay=local, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (forwarded as 4jXR0D20GyzXz)",
                "passed",
                "(",
            ),
        ],
    )
    def test_what_a_delivery_agent_says(self, text: str, state: str, said: str) -> None:
        base = material("plain-1")
        lines = tuple(
            replace(line, text=f"to=<bea@local.edu>, {text}") if "status=" in line.text else line
            for line in base.postfix
            if line.text != "removed"
        )
        found = judge(replace(base, postfix=lines)).hop("mailbox")
        assert (str(found.state), said in found.evidence[0]) == (state, True)

    def test_whose_mail_is_sent_on_is_named_by_the_own_address(self) -> None:
        base = material("plain-1")
        to = "to=<bea@remote.example>, orig_to=<bea@local.edu>, relay=none, delay=1, delays=0/0/0/1, dsn=4.4.1, "
        lines = tuple(
            replace(line, text=f"{to}status=deferred (timed out)") if "status=" in line.text else line
            for line in base.postfix
            if line.text != "removed"
        )
        recipients = judge(replace(base, postfix=lines)).hop("mailbox").recipients
        assert recipients is not None
        (found,) = recipients.stragglers
        assert (found.address, found.reason) == ("bea@local.edu", "sent on to bea@remote.example: timed out")

    def test_mail_that_was_queued_again_is_not_taken_for_two(self) -> None:
        now = datetime(2026, 11, 22, 8, tzinfo=UTC)
        lines = postfix_log.parse(facts.recording("postfix-short-ids.log").splitlines(), now=now, zone=UTC)
        ids = {line.queue_id for line in lines if legs.is_cleanups(line, identity("queued-1"))}
        own = legs.own([line for line in lines if line.queue_id in ids], identity("queued-1"))
        assert len(ids) == 2
        base = Material(identity("queued-1"), now, 8024, own, addresses=Addresses(frozenset({LIST})))
        assert judge(base).hop("lmtp").state is State.PASSED


def test_a_probe_that_is_not_where_it_was_delivered_is_lost() -> None:
    found = traced("plain-1", probe=True, mailboxes={"bea@local.edu": False})
    assert states(found) == {"entry": "passed", "mailbox": "lost"}
    assert found.hop("mailbox").recipients.reached == 0  # type: ignore[union-attr]
    assert states(traced("plain-1", mailboxes={"bea@local.edu": False}))["mailbox"] == "passed"


def test_a_confirmation_token_is_never_shown() -> None:
    secret = "0123456789abcdef" * 2 + "01234567"
    base = material("join-1")
    lines = tuple(
        replace(line, text=line.text.replace("reading-group-join@", f"reading-group-confirm+{secret}@"))
        for line in base.postfix
    )
    found = judge(replace(base, postfix=lines))
    assert found.hop("mailman").state is State.PASSED
    assert secret not in json.dumps(found.data())
    assert secret not in str(list(show.lines(found)))


def test_a_line_of_any_length_is_cut_and_says_by_how_much() -> None:
    base = material("plain-1")
    long = "x" * 100_000
    lines = tuple(replace(line, text=line.text.replace("(delivered", f"({long}")) for line in base.postfix)
    found = judge(replace(base, postfix=lines))
    evidence = [text for hop in found.hops for text in hop.evidence]
    assert max(map(len, evidence)) < KEPT + 40
    assert len(json.dumps(found.data())) < 2 * KEPT + 4000
    cut = [text for text, _ in show.lines(found) if "xxx" in text]
    assert cut
    assert all(len(text) < SHOWN + 60 and text.endswith(" more characters") for text in cut)


def test_the_json_is_what_is_promised() -> None:
    found = json.loads(json.dumps(traced("many-1").data()))
    assert found.keys() == {"schema", "message_id", "hops", "stopped_at", "unseen"}
    assert (found["schema"], found["message_id"], found["stopped_at"]) == (1, identity("many-1"), "mailbox")
    assert [hop["hop"] for hop in found["hops"]] == list(HOPS)
    for hop in found["hops"]:
        assert hop.keys() == {"hop", "state", "at", "seconds", "queue_id", "evidence", "recipients"}
        assert hop["state"] in {"passed", "pending", "stuck", "lost", "not-reached"}
    assert found["hops"][5]["recipients"]["exceptions"][0]["address"] == "m07@local.edu"


moments = st.datetimes(min_value=datetime(2026, 1, 1), max_value=datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
words = st.sampled_from(
    [
        "client=unknown[127.0.0.1]",
        "message-id=<all-1@local.edu>",
        "from=<ann@local.edu>, size=1, nrcpt=3 (queue active)",
        "from=<reading-group-bounces@local.edu>, size=1, nrcpt=2 (queue active)",
        "to=<\x1b[31m>, relay=127.0.0.1[127.0.0.1]:8024, delay=x, status=sent (250 \x07)",
        "to=<a@b>, orig_to=<c>, relay=local, delay=1, delays=1/, dsn=2, status=sent (forwarded as A70CC20C986)",
        "to=<a>, relay=none, status=deferred",
        "from=<>, status=expired, returned to sender",
        "removed",
    ]
)
texts = words | st.text() | st.sampled_from([line.text for line in POSTFIX])
services = st.sampled_from(["smtpd", "cleanup", "qmgr", "local", "lmtp", "smtp", "error", "bounce"])
postfix_lines = st.builds(
    PostfixLine,
    at=moments,
    host=st.just("mail"),
    program=services.map("postfix/{}".format),
    pid=st.none() | st.integers(1, 9),
    queue_id=st.sampled_from(["4jXR0B47gYzXJ", "A70CC20C986"]) | st.none(),
    text=texts,
)
mailman_lines = st.builds(
    MailmanLine,
    file=st.sampled_from(["mailman.log", "smtp.log"]),
    at=moments | st.none(),
    pid=st.none() | st.integers(1, 9),
    text=st.text() | st.sampled_from([line.text for line in MAILMAN]) | st.just("HOLD: \x1b held, message-id=<: \x9b"),
    rest=st.lists(st.text(), max_size=30).map(tuple),
)


@given(
    st.lists(postfix_lines, max_size=12).map(tuple),
    st.lists(mailman_lines, max_size=6).map(tuple),
    st.lists(st.sampled_from(["in", "out", "shunt", "bad", "retry", "archive"]), max_size=2),
)
def test_no_line_crashes_it_or_is_shown_raw(
    postfix: tuple[PostfixLine, ...], mailman: tuple[mailman_log.LogLine, ...], where: list[str]
) -> None:
    files = tuple(queue_file(queue, NOW) for queue in where)
    found = judge(Material(identity("all-1"), NOW, 8024, postfix, mailman, files=files, unseen=()))
    assert [hop.name for hop in found.hops] == list(HOPS)
    assert all(text.isprintable() for hop in found.hops for text in hop.evidence)
    assert all(text.isprintable() for text, _ in show.lines(found))
    json.dumps(found.data())
