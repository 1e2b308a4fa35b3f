from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.mail.samples import CONFIRMATION, RECORDINGS, probe
from wizard.mail.intact import compare_direct, compare_post
from wizard.mail.message import Kind

HOPS = b"Return-Path: <alice@local.edu>\nDelivered-To: bob@local.edu\nReceived: from x\n\tby y; z\n"
FOOTER = "_______________________________________________\nreading-group mailing list\n"


def delivered(raw: bytes) -> bytes:
    return HOPS + raw.replace(b"\r\n", b"\n")


def decorated(raw: bytes) -> bytes:
    """Wrap a mail as Mailman does to add its footer."""
    inner = message_from_bytes(raw, _class=EmailMessage, policy=policy.default)
    outer = EmailMessage(policy=policy.default)
    outer["Subject"] = f"[Reading-group] {inner['Subject']}"
    for name in ("Subject", "From", "To", "Date", "Message-ID", "X-No-Archive"):
        del inner[name]
    footer = EmailMessage(policy=policy.default)
    footer.set_content(FOOTER)
    outer.make_mixed()
    outer.attach(inner)
    outer.attach(footer)
    return HOPS + outer.as_bytes()


def with_footer(raw: bytes, charset: str = "utf-8", cte: str = "base64") -> bytes:
    """Append a footer to a text and encode it again, as Mailman does to a plain text."""
    message = message_from_bytes(raw, _class=EmailMessage, policy=policy.default)
    message.set_content(message.get_content() + FOOTER, charset=charset, cte=cte)
    return HOPS + message.as_bytes()


@pytest.mark.parametrize("kind", Kind)
def test_a_mail_that_only_got_headers_on_its_way_is_intact(kind: Kind) -> None:
    raw = probe(kind).raw
    assert compare_direct(raw, delivered(raw)) == ()
    assert compare_post(raw, delivered(raw)) == ()


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.FROM])
def test_what_mailman_made_of_a_post_is_intact(kind: Kind) -> None:
    sent = (RECORDINGS / f"sent-{kind}.eml").read_bytes()
    received = (RECORDINGS / f"post-{kind}.eml").read_bytes()
    assert b"List-Post:" in received
    assert compare_post(sent, received) == ()
    assert compare_direct(sent, received)


@pytest.mark.parametrize("kind", Kind)
def test_a_post_that_a_list_wrapped_is_intact(kind: Kind) -> None:
    raw = probe(kind).raw
    assert compare_post(raw, decorated(raw)) == ()


@pytest.mark.parametrize("cte", ["base64", "quoted-printable", "8bit"])
@pytest.mark.parametrize("kind", [Kind.TEXT, Kind.UTF8])
def test_a_text_with_a_footer_in_another_transfer_encoding_is_intact(kind: Kind, cte: str) -> None:
    raw = probe(kind).raw
    assert compare_post(raw, with_footer(raw, cte=cte)) == ()


def test_a_footer_is_a_difference_where_no_list_was_between() -> None:
    raw = probe().raw
    longer = delivered(raw) + FOOTER.encode()
    (difference,) = compare_direct(raw, longer)
    assert difference.where == "body"
    assert difference.words.startswith(f"goes on for {len(FOOTER)} octets")


@pytest.mark.parametrize("kind", Kind)
def test_each_single_octet_of_a_body_counts(kind: Kind) -> None:
    raw = probe(kind).raw
    head, _, body = delivered(raw).partition(b"\n\n")
    for octet in range(0, len(body) - 1, 13):
        changed = bytearray(body)
        changed[octet] ^= 1
        (difference,) = compare_direct(raw, head + b"\n\n" + bytes(changed))
        assert (difference.where, difference.octet) == ("body", octet)
        assert f"octet {octet} of {len(body) - 1} was 0x{body[octet]:02x}" in str(difference)


@given(st.data())
def test_each_octet_of_a_text_counts_through_a_list(data: st.DataObject) -> None:
    raw = probe(Kind.UTF8).raw
    text = raw.partition(b"\r\n\r\n")[2].replace(b"\r\n", b"\n")
    octet = data.draw(st.integers(0, len(text) - 2))
    new = data.draw(st.integers(0, 255).filter(lambda value: value not in {text[octet], 0x0D}))
    changed = text[:octet] + bytes([new]) + text[octet + 1 :]
    (difference,) = compare_post(raw, delivered(raw).replace(text, changed + FOOTER.encode()))
    assert (difference.where, difference.octet) == ("part 1 (text/plain)", octet)


@pytest.mark.parametrize("kind", Kind)
def test_a_truncated_mail_is_found(kind: Kind) -> None:
    raw = probe(kind).raw
    end = len(raw) - 200 if kind is Kind.BINARY else len(raw) - 20
    cut = delivered(raw[:end])
    assert any("ends after" in str(difference) for difference in compare_direct(raw, cut))
    assert any("ends after" in str(difference) for difference in compare_post(raw, cut))


def test_an_octet_of_an_attachment_is_found() -> None:
    raw = probe(Kind.BINARY).raw
    (difference,) = compare_post(raw, decorated(raw.replace(b"\r\nAAECAwQ", b"\r\nAAECAwU", 1)))
    assert difference.where == "part 2 (application/octet-stream)"
    assert str(difference).endswith("octet 4 of 4352 was 0x04, is 0x05")


def test_a_dropped_attachment_is_found() -> None:
    raw = probe(Kind.BINARY).raw
    message = message_from_bytes(raw, _class=EmailMessage, policy=policy.default)
    body = message.get_body(("plain",))
    assert body is not None
    (difference,) = compare_post(raw, decorated(body.as_bytes()))
    assert str(difference) == "part 2 (application/octet-stream): is missing"


def test_a_text_recoded_into_another_character_set_is_found() -> None:
    raw = probe(Kind.UTF8).raw
    recoded = raw.replace("é".encode(), b"\xe9").replace(b'"utf-8"', b'"iso-8859-1"')
    assert compare_post(raw, delivered(recoded))
    assert {difference.where for difference in compare_direct(raw, delivered(recoded))} == {
        "body",
        "Content-Type",
    }


def test_a_changed_label_alone_is_found() -> None:
    raw = probe(Kind.UTF8).raw
    mislabelled = raw.replace(b'"utf-8"', b'"iso-8859-1"')
    (difference,) = compare_post(raw, delivered(mislabelled))
    assert difference.words == "its charset was utf-8, is iso-8859-1"
    (difference,) = compare_direct(raw, delivered(mislabelled))
    assert difference.where == "Content-Type"


def test_an_added_line_in_the_midst_of_a_text_is_found() -> None:
    raw = probe(Kind.UTF8).raw
    assert compare_post(raw, delivered(raw.replace(b"\r\n..two", b"\r\nspam\r\n..two")))


def test_a_text_that_is_only_part_of_longer_lines_is_found() -> None:
    raw = b"Content-Type: text/plain\r\n\r\nyes\r\n"
    assert compare_post(raw, b"Content-Type: text/plain\n\nyes, but\n")
    assert compare_post(raw, b"Content-Type: text/plain\n\noh yes\n")
    assert compare_post(raw, b"Content-Type: text/plain\n\noh\nyes\nbut\n") == ()


def test_another_mail_is_not_taken_for_it() -> None:
    assert compare_direct(probe().raw, CONFIRMATION)
    assert compare_post(probe().raw, CONFIRMATION)


@given(st.binary(), st.binary())
def test_no_octets_make_a_comparison_fail(sent: bytes, received: bytes) -> None:
    compare_direct(sent, received)
    compare_post(sent, received)
    assert compare_direct(sent, sent) == ()


@given(st.binary(max_size=300))
def test_a_mail_broken_anywhere_does_not_make_a_comparison_fail(noise: bytes) -> None:
    raw = probe(Kind.BINARY).raw
    middle = len(raw) // 4
    assert compare_post(raw, raw[:middle] + noise + b"\x00" + raw[middle + 40 :])
