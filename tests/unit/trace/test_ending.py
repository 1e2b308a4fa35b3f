"""What ends a message is said by the logs; what may still arrive is waited for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.unit.trace.recorded import material
from wizard.trace.ending import ending
from wizard.trace.judge import GRACE


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("held-1", "Mailman held it: The message is not from a list member"),
        ("discarded-1", "Mailman discarded it: The message is not from a list member"),
        ("rejected-1", "Mailman rejected it"),
        ("held-2", "not cyd@local.edu: bounced: cannot update mailbox"),
    ],
)
def test_how_it_ended(name: str, said: str) -> None:
    assert (ending(material(name)) or "").startswith(said)


@pytest.mark.parametrize("name", ["all-1", "plain-1", "join-1", "ghost-1", "refused-1", "many-1", "never"])
def test_what_has_not_ended(name: str) -> None:
    assert ending(material(name)) is None


def test_a_bounce_ends_it_when_nothing_else_is_open() -> None:
    base = material("plain-1")
    lines = tuple(replace(line, text=line.text.replace("status=sent", "status=bounced")) for line in base.postfix)
    assert (ending(replace(base, postfix=lines)) or "").startswith("not bea@local.edu: bounced: ")
    two = [replace(line, text=line.text.replace("nrcpt=1 ", "nrcpt=2 ")) for line in lines if line.text != "removed"]
    assert ending(replace(base, postfix=tuple(two))) is None


def test_that_nothing_was_seen_for_long_is_no_end() -> None:
    base = material("held-1")
    assert ending(replace(base, mailman=(), now=base.postfix[-1].at + timedelta(seconds=GRACE + 60))) is None
