from __future__ import annotations

import pytest

from wizard.apt import answer
from wizard.packages import parse_candidates, parse_installed, parse_others

QUERY = "mailman3\tinstalled\t3.3.8-2~deb12u2\npostfix\tconfig-files\t3.7.11-0+deb12u1\nother\tinstalled\t1\n"
POLICY = """postfix:
  Installed: (none)
  Candidate: 3.7.11-0+deb12u1
  Version table:
     3.7.11-0+deb12u1 500
        500 http://deb.debian.org/debian bookworm/main amd64 Packages
mailman3:
  Installed: (none)
  Candidate: (none)
  Version table:
"""


def test_only_what_is_wholly_installed_counts() -> None:
    assert parse_installed(QUERY, ["postfix", "mailman3", "absent"]) == {
        "postfix": None,
        "mailman3": "3.3.8-2~deb12u2",
        "absent": None,
    }


def test_nothing_printed_is_nothing_installed() -> None:
    assert parse_installed("", ["postfix"]) == {"postfix": None}


def test_candidates_are_what_can_be_installed() -> None:
    assert parse_candidates(POLICY) == {"postfix"}


@pytest.mark.parametrize(
    ("question", "given"),
    [
        ("Do you want to continue? [Y/n]", ""),
        ("Use these settings? [yes/no]", ""),
        ("*** main.cf (Y/I/N/O/D/Z) [default=N] ?", ""),
        ("insert the disc and press [Enter]", ""),
        ("--More--", "q"),
        ("lines 1-23/42 (END)", "q"),
        ("Setting up postfix (3.7.11) ...", None),
        ("Which colour shall it be:", None),
    ],
)
def test_questions_are_known_by_their_look(question: str, given: str | None) -> None:
    assert answer(question, silence=1) == given


def test_what_no_rule_knows_gets_its_default_after_a_silence() -> None:
    assert answer("Which colour shall it be:", silence=61) == ""
    assert answer("", silence=61) is None


def test_what_else_a_removal_takes() -> None:
    said = """NOTE: This is only a simulation!
Remv mailman3 [3.3.8-2~deb12u2]
Remv postfix [3.7.11-0+deb12u1] [bsd-mailx:amd64 ]
Inst exim4-base (4.96-15 Debian:12 [amd64]) []
Remv mutt:amd64 [2.2.12]
"""
    assert parse_others(said, ["postfix", "mailman3"]) == ("exim4-base", "mutt")
    assert parse_others("", ["postfix"]) == ()
