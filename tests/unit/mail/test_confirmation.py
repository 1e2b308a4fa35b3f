from __future__ import annotations

from email import message_from_bytes, policy

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.unit.mail.samples import CONFIRMATION, COOKIE, DATE, LIST, RECORDINGS, TOKEN, probe
from wizard.mail.confirmation import answer, confirmation_token, confirming, reply, without_tokens
from wizard.mail.message import ProbeMessage


def replied(confirmation: bytes, posting: str = LIST) -> ProbeMessage:
    return reply(confirmation, posting=posting, token=TOKEN, number=3, sender="probea@local.edu", date=DATE)


@pytest.mark.parametrize("name", ["confirm-join", "confirm-leave"])
def test_the_token_is_found_in_what_mailman_asks(name: str) -> None:
    raw = (RECORDINGS / f"{name}.eml").read_bytes()
    assert confirmation_token(raw, LIST) == COOKIE
    assert COOKIE not in without_tokens(raw.decode())


def test_the_case_of_an_address_does_not_matter_and_reply_to_goes_first() -> None:
    other = CONFIRMATION.replace(b"From:", b"From: x@local.edu\nReply-To:")
    assert confirmation_token(other, "Reading-Group@LOCAL.edu") == COOKIE


@pytest.mark.parametrize("posting", ["other@local.edu", "reading-group@other.edu", "group@local.edu"])
def test_another_lists_confirmation_is_not_taken(posting: str) -> None:
    assert confirmation_token(CONFIRMATION, posting) is None
    with pytest.raises(ValueError, match="not a confirmation mail"):
        replied(CONFIRMATION, posting)


def test_an_ordinary_mail_has_no_token() -> None:
    assert confirmation_token(probe().raw, LIST) is None


def test_a_confirmation_is_recognised_until_its_token_is_known() -> None:
    assert confirming(LIST)(CONFIRMATION)
    assert not confirming(LIST, {COOKIE})(CONFIRMATION)
    assert not confirming(LIST)(probe().raw)


def test_the_answer_is_what_a_mail_program_would_send() -> None:
    made = replied(CONFIRMATION)
    read = message_from_bytes(made.raw, policy=policy.default)
    assert read["To"] == f"reading-group-confirm+{COOKIE}@local.edu"
    assert read["Subject"] == ("Re: Your confirmation is needed to join the reading-group@local.edu mailing list.")
    assert read["In-Reply-To"] == read["References"] == "<179533384387.155.767296356802083634@lab>"
    assert read["Message-ID"] == made.message_id == f"<{TOKEN}.3@local.edu>"
    assert "Precedence" not in read


def test_a_wrong_token_can_be_answered_with() -> None:
    made = answer(CONFIRMATION, "f" * 40, posting=LIST, token=TOKEN, number=4, sender="probea@local.edu", date=DATE)
    assert made.recipient == f"reading-group-confirm+{'f' * 40}@local.edu"
    assert COOKIE.encode() not in made.raw


def test_the_token_stays_out_of_what_is_shown_of_the_answer() -> None:
    made = replied(CONFIRMATION.replace(b"Your confirmation", b"confirm " + COOKIE.encode()))
    assert COOKIE not in repr(made)
    assert COOKIE not in made.subject


@pytest.mark.parametrize(
    "text",
    [
        f"550 5.1.1 <reading-group-confirm+{COOKIE}@local.edu>: Recipient address rejected",
        f"orig_to=<reading-group-confirm%2B{COOKIE}@local.edu>",
        f"reading-group-confirm+{COOKIE}",
        f"send to reading-group-request: confirm {COOKIE}",
    ],
)
def test_tokens_are_hidden_in_text(text: str) -> None:
    hidden = without_tokens(text)
    assert COOKIE not in hidden
    assert "reading-group-" in hidden
    assert "confirm" in hidden


@given(st.binary() | st.text(alphabet="From:Subject -confirm+@=?<>\n\r\x00é").map(str.encode))
@example(b"From: \xff-confirm+x@local.edu\nMessage-ID: <\xff>\n\n")
def test_no_mail_makes_the_search_fail(raw: bytes) -> None:
    confirmation_token(raw, LIST)


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_no_subject_or_id_of_a_confirmation_adds_a_header(subject: bytes, identity: bytes) -> None:
    hostile = (
        f"From: reading-group-confirm+{COOKIE}@local.edu\nSubject: ".encode()
        + subject.replace(b"\n", b"")
        + b"\nMessage-ID: "
        + identity.replace(b"\n", b"")
        + b"\n\nbody\n"
    )
    if confirmation_token(hostile, LIST) is None:
        return
    read = message_from_bytes(replied(hostile).raw, policy=policy.default)
    expected = {"From", "To", "Subject", "Date", "Message-ID", "X-No-Archive"}
    expected |= {"In-Reply-To", "References", "Content-Type", "Content-Transfer-Encoding", "MIME-Version"}
    assert set(read.keys()) <= expected
    assert read["To"] == f"reading-group-confirm+{COOKIE}@local.edu"
