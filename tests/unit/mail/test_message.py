from __future__ import annotations

from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.mail.samples import DATE, TOKEN, probe
from wizard.mail.message import Kind, command, compose

COMMANDS = {
    *("subscribe", "unsubscribe", "join", "leave", "help", "confirm", "echo", "end", "stop", "info", "lists"),
    *("set", "who", "password", "passwd", "remove", "signoff", "cancel", "accept", "reject", "discard"),
}
kinds = st.sampled_from(Kind)
tokens = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9-]{5,39}", fullmatch=True)
words = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,28}[a-z0-9])?", fullmatch=True)
addresses = st.builds("{}@{}.{}".format, words, words, words)


def parsed(raw: bytes) -> EmailMessage:
    return message_from_bytes(raw, _class=EmailMessage, policy=policy.SMTP)


@given(kind=kinds, token=tokens, number=st.integers(0, 10**6), sender=addresses, recipient=addresses)
def test_a_probe_reads_back_as_it_was_composed(
    kind: Kind, token: str, number: int, sender: str, recipient: str
) -> None:
    made = compose(kind, token=token, number=number, sender=sender, recipient=recipient, date=DATE)
    read = parsed(made.raw)
    assert read["Message-ID"] == made.message_id == f"<{token}.{number}@{sender.partition('@')[2]}>"
    assert token in read["Subject"]
    assert read["Subject"] == made.subject
    assert [found.addr_spec for found in read["To"].addresses] == [recipient]
    assert [found.addr_spec for found in read["From"].addresses] == [sender]
    assert read["Date"].datetime == DATE
    assert read["X-No-Archive"] == "yes"
    assert "Precedence" not in read
    assert not read.defects


@pytest.mark.parametrize("kind", Kind)
def test_a_probe_keeps_to_what_lists_and_smtp_take(kind: Kind) -> None:
    raw = probe(kind).raw
    assert len(raw) < 40_000
    assert raw.endswith(b"\r\n")
    assert raw.count(b"\n") == raw.count(b"\r\n") == raw.count(b"\r")
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    body = parsed(raw).get_body(("plain",))
    assert body is not None
    first_words = {line.split()[0].lower().rstrip(":") for line in body.get_content().splitlines() if line}
    assert not first_words & COMMANDS
    assert TOKEN.encode() in raw.partition(b"\r\n\r\n")[0].partition(b"Subject:")[2].partition(b"\r\n")[0]


def test_the_text_probe_is_ascii_and_the_utf8_probe_is_not() -> None:
    assert probe(Kind.TEXT).raw.isascii()
    assert b"\r\n\r\nFrom " in probe(Kind.FROM).raw
    raw = probe(Kind.UTF8).raw
    head, _, body = raw.partition(b"\r\n\r\n")
    assert b"=?utf-8?" in head
    assert head.isascii()
    assert b"Content-Transfer-Encoding: 8bit" in head
    lines = body.split(b"\r\n")
    assert b"." in lines
    assert any(line.endswith(b" ") for line in lines)
    assert max(map(len, lines)) >= 890


def test_the_binary_probe_attaches_every_octet_value() -> None:
    attached = [part.get_content() for part in parsed(probe(Kind.BINARY).raw).iter_attachments()]
    assert len(attached) == 1
    assert attached[0].startswith(bytes(range(256)))
    assert len(attached[0]) > 1024


def test_a_command_goes_to_the_address_that_is_the_command() -> None:
    made = command(token=TOKEN, number=2, sender="a@local.edu", recipient="reading-group-join@local.edu", date=DATE)
    assert parsed(made.raw)["To"] == "reading-group-join@local.edu"
    assert b"Precedence" not in made.raw


@pytest.mark.parametrize(
    "wrong",
    [
        *("", "a", "@", "a@", "@b", "a b@c.d", "a@b, c@d", "a@b,c@d", "a@b;c@d", "A <a@b.c>", "<a@b.c>"),
        *("a@b\r\nBcc: c@d", "a@b\nBcc: c@d", "a@b\rX: y", "a@b\x00", "é@local.edu", "a@b c", "a@b@c"),
        *("a(comment)@b.c", "group:a@b.c;", "a@b.c(x)", "a@[", '"a@b', "a\u2028@b.c", "\\@b.c"),
    ],
)
def test_what_is_not_one_plain_address_is_refused(wrong: str) -> None:
    for sender, recipient in ((wrong, "b@local.edu"), ("b@local.edu", wrong)):
        with pytest.raises(ValueError, match="not one plain address"):
            compose(Kind.TEXT, token=TOKEN, number=1, sender=sender, recipient=recipient, date=DATE)


@given(text=st.text() | st.text(alphabet='@.<>"(),:;\\[] \r\nab'))
def test_no_text_for_an_address_adds_a_recipient_or_a_header(text: str) -> None:
    try:
        made = compose(Kind.TEXT, token=TOKEN, number=1, sender="a@local.edu", recipient=text, date=DATE)
    except ValueError:
        return
    read = parsed(made.raw)
    assert [found.addr_spec for found in read["To"].addresses] == [text]
    assert read.keys() == parsed(probe().raw).keys()


@pytest.mark.parametrize("token", ["", "short", "a b c d e f", "x" * 41, "abcdef\r\nX: y", "-abcdef", "abcdéf"])
def test_what_is_not_a_token_is_refused(token: str) -> None:
    with pytest.raises(ValueError, match="not a token"):
        compose(Kind.TEXT, token=token, number=1, sender="a@b.c", recipient="a@b.c", date=DATE)


def test_a_date_without_a_zone_is_refused() -> None:
    naive = datetime(2025, 3, 1, 12, 0)  # noqa: DTZ001 - the naive date is what is tested
    with pytest.raises(ValueError, match="time zone"):
        compose(Kind.TEXT, token=TOKEN, number=1, sender="a@b.c", recipient="a@b.c", date=naive)


def test_the_repr_shows_neither_the_recipient_nor_the_text() -> None:
    assert "bob" not in repr(probe())
