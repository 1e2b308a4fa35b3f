from __future__ import annotations

import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.mail.samples import COOKIE, probe
from tests.unit.mail.scripted import scripted
from wizard.errors import CommandError
from wizard.host import Completed
from wizard.localhost import LocalHost
from wizard.mail.conversation import greet, rcpt, rcpts, sendmail, submit
from wizard.mail.dialogue import EHLO_NAME, ConversationError, Endpoint, Reply, dialogue
from wizard.mail.message import Kind

ALICE, BOB = "alice@local.edu", "bob@local.edu"
RAW = probe().raw


def test_a_message_is_sent_as_it_is() -> None:
    raw = probe(Kind.UTF8).raw
    with scripted() as server:
        reply = submit(server.endpoint, ALICE, (BOB, "carol@local.edu"), raw)
    assert reply.accepted
    assert reply.queue_id == "4XyZ12abCD"
    assert server.lines == [
        f"EHLO {EHLO_NAME}",
        f"MAIL FROM:<{ALICE}> BODY=8BITMIME",
        f"RCPT TO:<{BOB}>",
        "RCPT TO:<carol@local.edu>",
        "DATA",
        "QUIT",
    ]
    assert server.message.replace(b"\r\n..", b"\r\n.") == raw
    assert b"\r\n..\r\n" in server.message


def test_bare_line_feeds_become_line_ends() -> None:
    with scripted() as server:
        submit(server.endpoint, ALICE, (BOB,), RAW.replace(b"\r\n", b"\n"))
    assert server.message == RAW


def test_ascii_needs_no_8bitmime_and_8_bit_does() -> None:
    plain = {"EHLO": b"250 mail.local.edu\r\n"}
    with scripted(plain) as server:
        submit(server.endpoint, "", (BOB,), RAW)
    assert "MAIL FROM:<>" in server.lines
    with scripted(plain) as server, pytest.raises(ConversationError, match="8BITMIME is not offered"):
        submit(server.endpoint, ALICE, (BOB,), probe(Kind.UTF8).raw)
    assert server.verbs == ["EHLO", "QUIT"]


def test_the_name_to_greet_with_is_not_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(*_: object) -> str:
        raise AssertionError("asked for a name")

    monkeypatch.setattr(socket, "getfqdn", hang)
    with scripted() as server:
        greet(server.endpoint)


def test_the_source_address_is_spoken_from() -> None:
    with scripted() as server:
        rcpt(server.endpoint, ALICE, BOB, source_address="127.0.0.9")
    assert server.client == "127.0.0.9"


@pytest.mark.parametrize("lmtp", [False, True])
def test_asking_for_a_recipient_sends_nothing(lmtp: bool) -> None:  # noqa: FBT001 - a parameter of the test
    refusal = {"RCPT": b"550-5.1.1 <x@local.edu>: Recipient address rejected:\r\n550 5.1.1 unknown\r\n"}
    with scripted(refusal) as server:
        reply = rcpt(server.endpoint, ALICE, "x@local.edu", lmtp=lmtp)
    assert reply == Reply(550, "5.1.1 <x@local.edu>: Recipient address rejected: 5.1.1 unknown")
    assert not reply.accepted
    assert reply.queue_id is None
    assert server.verbs == ["LHLO" if lmtp else "EHLO", "MAIL", "RCPT", "QUIT"]


def test_several_recipients_are_asked_about_in_one_conversation() -> None:
    with scripted() as server:
        replies = rcpts(server.endpoint, "", [BOB, "carol@local.edu"])
    assert [reply.code for reply in replies] == [250, 250]
    assert server.verbs == ["EHLO", "MAIL", "RCPT", "RCPT", "QUIT"]


def test_a_server_that_wants_to_know_who_asks_has_refused() -> None:
    with scripted({"MAIL": b"530 5.7.0 Authentication required\r\n"}) as server, pytest.raises(ConversationError) as no:
        rcpts(server.endpoint, ALICE, [BOB])
    assert (no.value.code, no.value.late) == (530, False)
    assert server.verbs == ["EHLO", "MAIL", "QUIT"]


def test_starttls_comes_first_where_it_is_wanted() -> None:
    offering = {"EHLO": b"250-mail.local.edu\r\n250 STARTTLS\r\n", "STAR": b"454 4.7.0 no TLS now\r\n"}
    wanting = {**offering, "MAIL": b"530 5.7.0 Must issue a STARTTLS command first\r\n"}
    with scripted(wanting) as server, pytest.raises(ConversationError) as no:
        rcpts(server.endpoint, ALICE, [BOB])
    assert (no.value.step, no.value.code) == ("STARTTLS", 454)


def test_a_server_that_hangs_up_after_its_answer_has_answered() -> None:
    with scripted({"RCPT": b"421 4.3.2 closing\r\n", "QUIT": b""}) as server:
        assert rcpt(server.endpoint, ALICE, BOB).code == 421


@pytest.mark.parametrize("lmtp", [False, True])
def test_a_greeting_is_the_banner_and_the_extensions(lmtp: bool) -> None:  # noqa: FBT001 - as above
    with scripted() as server:
        greeting = greet(server.endpoint, lmtp=lmtp)
    assert str(greeting.banner) == "220 mail.local.edu ESMTP Postfix"
    assert "8bitmime" in greeting.extensions


@pytest.mark.parametrize(
    ("changes", "step", "code", "text"),
    [
        ({"": b"554 go away\r\n"}, "banner", 554, "go away"),
        ({"": b"SSH-2.0-OpenSSH\r\n"}, "banner", None, "not an answer of a mail server"),
        ({"": b""}, "banner", None, "closed"),
        ({"EHLO": b"502 what\r\n"}, "EHLO", 502, "what"),
        ({"MAIL": b"451 4.3.0 later\r\n"}, f"MAIL FROM:<{ALICE}>", 451, "4.3.0 later"),
        ({"RCPT": b"550 5.1.1 no\r\n"}, f"RCPT TO:<{BOB}>", 550, "5.1.1 no"),
        ({"RCPT": b""}, f"RCPT TO:<{BOB}>", None, "closed"),
        ({"DATA": b"452 4.3.1 full\r\n"}, "DATA", 452, "4.3.1 full"),
        ({".": b"554 5.6.0 \x1b[2Jbad\r\n"}, "end of the message", 554, r"5.6.0 \x1b[2Jbad"),
        ({".": b""}, "DATA", None, "closed"),
        ({"MAIL": b"55\xff\xfe\r\n"}, f"MAIL FROM:<{ALICE}>", None, "not an answer"),
    ],
)
def test_a_failure_says_at_which_step_and_what_was_said(
    changes: Mapping[str, bytes], step: str, code: int | None, text: str
) -> None:
    with scripted(changes) as server, pytest.raises(ConversationError) as caught:
        submit(server.endpoint, ALICE, (BOB,), RAW, limit=5)
    assert (caught.value.step, caught.value.code) == (step, code)
    assert text in caught.value.text
    assert str(caught.value).startswith(f"{step}: ")
    assert str(caught.value).isprintable()


def test_a_refused_recipient_keeps_the_message_from_all() -> None:
    with scripted({"RCPT": b"550 5.1.1 no\r\n"}) as server, pytest.raises(ConversationError):
        submit(server.endpoint, ALICE, (BOB,), RAW)
    assert server.verbs == ["EHLO", "MAIL", "RCPT", "QUIT"]


def test_a_closed_port_is_a_refused_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        closed = Endpoint(*listening.getsockname())
    with pytest.raises(ConversationError, match="connect: Connection refused"):
        greet(closed)


@pytest.mark.parametrize("dribble", [0.05, 60])
def test_the_limit_is_for_the_whole_and_not_for_each_octet(dribble: float) -> None:
    start = time.monotonic()
    with scripted(dribble=dribble) as server, pytest.raises(ConversationError) as caught:
        greet(server.endpoint, limit=0.4)
    assert caught.value.step == "banner"
    assert caught.value.text == "no answer within 0.4 s"
    assert time.monotonic() - start < 20


def test_confirmation_tokens_are_in_no_reply_and_no_error() -> None:
    secret = f"reading-group-confirm+{COOKIE}@local.edu"
    with scripted({"RCPT": f"550 5.1.1 <{secret}>: unknown\r\n".encode()}) as server:
        reply = rcpt(server.endpoint, ALICE, secret)
    with scripted({"RCPT": b"550 5.1.1 no\r\n"}) as server, pytest.raises(ConversationError) as caught:
        submit(server.endpoint, ALICE, (secret,), RAW)
    assert f"RCPT TO:<{secret}>" in server.lines
    assert COOKIE not in f"{reply}{caught.value}{caught.value.step}{caught.value.text}"


@given(st.text() | st.text(alphabet="ab@<>\r\n \x00"))
def test_no_address_adds_a_command(text: str) -> None:
    if text.isascii() and text.isprintable() and not set(text) & {"<", ">"}:
        return
    with pytest.raises(ValueError, match="cannot stand in an SMTP command"):
        rcpt(Endpoint("127.0.0.1", 1), ALICE, text)
    with pytest.raises(ValueError, match="not one plain address"):
        submit(Endpoint("127.0.0.1", 1), ALICE, (text,), RAW)


def test_a_line_end_in_a_command_is_refused() -> None:
    with (
        scripted() as server,
        dialogue(server.endpoint) as talk,
        pytest.raises(ValueError, match="prohibited newline"),
    ):
        talk.say("NOOP\r\nQUIT")


@dataclass(frozen=True, slots=True)
class NotingHost(LocalHost):
    """A machine whose sendmail only notes what it is given."""

    code: int = 0
    given: list[tuple[tuple[str, ...], str | None]] = field(default_factory=list)

    def run(
        self,
        argv: Sequence[str],
        *,
        stdin: str | None = None,
        limit: float = 60,
        user: str | None = None,
        env: Mapping[str, str] | None = None,
    ) -> Completed:
        assert limit < 60
        assert user is None
        assert env is None
        self.given.append((tuple(argv), stdin))
        return Completed(tuple(argv), self.code, "", "sendmail: fatal: no", 0.0)


@pytest.mark.parametrize("kind", Kind)
def test_sendmail_is_given_addresses_as_such_and_the_message_as_it_is(kind: Kind) -> None:
    host = NotingHost()
    raw = probe(kind).raw
    sendmail(host, ALICE, ("-oQ/tmp@local.edu", BOB), raw)
    ((argv, text),) = host.given
    assert argv == ("/usr/sbin/sendmail", "-i", "-f", ALICE, "--", "-oQ/tmp@local.edu", BOB)
    assert text is not None
    assert text.encode("utf-8", "surrogateescape") == raw.replace(b"\r\n", b"\n")


def test_sendmails_refusal_is_an_error() -> None:
    with pytest.raises(CommandError, match="fatal: no"):
        sendmail(NotingHost(code=75), ALICE, (BOB,), RAW)


@pytest.mark.parametrize("recipients", [(), ("",), ("a@b.c,d@e.f",), ("a@b.c d@e.f",), ("root",)])
def test_what_is_not_one_recipient_each_is_refused(recipients: Sequence[str]) -> None:
    host = NotingHost()
    with pytest.raises(ValueError, match=r"needs a recipient|one plain address"):
        sendmail(host, ALICE, recipients, RAW)
    with pytest.raises(ValueError, match=r"needs a recipient|one plain address"):
        submit(Endpoint("127.0.0.1", 1), ALICE, recipients, RAW)
    assert not host.given
