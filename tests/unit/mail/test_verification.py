"""Postfix's report on where it would deliver to."""

from __future__ import annotations

from pathlib import Path

from wizard.mail import verification

RECORDING = Path(__file__).parent / "recordings" / "verified.eml"


def test_each_address_with_its_way() -> None:
    found = {each.asked: each for each in verification.read(RECORDING.read_bytes())}
    assert found["reading-group@local.edu"].said == "delivery via 127.0.0.1[127.0.0.1]:8024: 250 Ok"
    assert found["reading-group@local.edu"].deliverable
    assert found["reading-group-confirm+abcdef@local.edu"].said.startswith("delivery via 127.0.0.1[127.0.0.1]:8024")
    assert not found["nosuch@local.edu"].deliverable
    assert str(found["taken@local.edu"]) == (
        "taken@local.edu became root@mail.local.edu: delivery via local: delivers to mailbox"
    )


def test_any_other_message_tells_nothing() -> None:
    assert verification.read(b"Subject: hello\n\n<a@b.c>: delivery via local\n") == ()
