"""Bans: who is meant by one."""

from __future__ import annotations

import pytest

from wizard.mailman import bans


@pytest.mark.parametrize(
    ("ban", "person"),
    [
        ("anne@local.edu", "anne@local.edu"),
        ("Anne@Local.edu", "anne@local.edu"),
        ("^.*", "anne@local.edu"),
        ("^ANNE@", "anne@local.edu"),
        (r"^.*@local\.edu$", "anne@local.edu"),
    ],
)
def test_a_ban_fits(ban: str, person: str) -> None:
    assert bans.fitting([person, "else@example.org"], [ban])[0] == (person, ban)


@pytest.mark.parametrize("ban", ["bart@local.edu", "^bart", ".*", "^(", "^anne$", ""])
def test_a_ban_does_not(ban: str) -> None:
    assert bans.fitting(["anne@local.edu"], [ban]) == ()
