"""Progress: made of the journal alone, kept, and made anew where its file is damaged."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from wizard.errors import AnswerError
from wizard.events import FILE as EVENTS
from wizard.events import Event
from wizard.training import progress
from wizard.training.progress import DRILL, LESSON, Journal, Progress, fold, load, save

AT = "2026-11-23T08:00:{:02}+00:00"


def events(*rows: tuple[str, dict[str, object]]) -> list[Event]:
    return [Event(0, AT.format(number), kind, data) for number, (kind, data) in enumerate(rows)]


BEGUN: tuple[str, dict[str, object]] = ("begun", {"name": "lmtp", "what": LESSON})


def test_a_lesson_from_its_beginning_to_its_end() -> None:
    found = fold(
        events(
            BEGUN,
            ("hint", {"step": 1}),
            ("shown", {"step": 2}),
            ("checked", {"passed": False}),
            ("checked", {"passed": True}),
            ("passed", {}),
        )
    )
    here = found.here
    assert here is not None
    assert (here.hints, here.shown, here.checks, here.seconds) == (1, 2, 2, 5.0)
    assert found.passed("lmtp")
    assert (found.last_check, found.checked) == ("passed", AT.format(4))


def test_a_reset_keeps_what_was_passed_and_what_it_has_cost() -> None:
    again: tuple[str, dict[str, object]] = ("begun", {"name": "lmtp", "what": LESSON, "reset": True})
    here = fold(events(BEGUN, ("hint", {}), ("passed", {}), again)).here
    assert here is not None
    assert (here.resets, here.hints, bool(here.passed)) == (1, 1, True)


def test_a_drill_is_another_each_time() -> None:
    begun: tuple[str, dict[str, object]] = (
        "begun",
        {"name": "drill", "what": DRILL, "faults": ["emergency"], "level": 2, "seed": "1"},
    )
    found = fold(events(begun, ("named", {"right": True}), ("checked", {"passed": True}), ("passed", {}), begun))
    here = found.here
    assert here is not None
    assert (here.name, here.passed, here.named, here.faults) == ("drill-2", "", None, ("emergency",))
    assert found.passed("drill-1")
    assert found.last_check == ""


def test_a_drill_that_is_reset_is_the_same_and_it_is_kept_that_it_was_told() -> None:
    data: dict[str, object] = {"name": "drill", "what": DRILL, "faults": ["emergency"]}
    found = fold(
        events(("begun", data), ("named", {"right": False}), ("given-up", {}), ("begun", {**data, "reset": True}))
    )
    here = found.here
    assert here is not None
    assert list(found.done) == ["drill-1"]
    assert (here.resets, here.told, here.wrong) == (1, True, 0)


def test_wrong_causes_are_counted_and_a_right_one_stays_right() -> None:
    begun: tuple[str, dict[str, object]] = ("begun", {"name": "drill", "what": DRILL})
    named: list[tuple[str, dict[str, object]]] = [("named", {"right": right}) for right in (False, True, False)]
    here = fold(events(begun, *named)).here
    assert here is not None
    assert (here.named, here.wrong) == (True, 2)


@pytest.mark.parametrize(
    "row", [("begun", {}), ("shown", {"step": "x"}), ("passed", {}), ("unknown", {}), ("checked", {})]
)
def test_an_event_that_is_not_understood_changes_nothing(row: tuple[str, dict[str, object]]) -> None:
    found = fold(events(row))
    assert found == Progress(folded=1)


def test_it_is_kept_and_goes_on_with_what_came_since(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path)
    journal("begun", name="lmtp", what=LESSON)
    first, said = load(tmp_path)
    save(tmp_path, first)
    journal("hint", step=1)
    journal.close()
    with (tmp_path / EVENTS).open("a") as file:
        file.write('{"half')
    second, also = load(tmp_path)
    assert (said, also) == ("", "")
    assert second.folded == 2
    assert second.here is not None
    assert second.here.hints == 1


def test_a_line_of_the_journal_that_is_damaged_counts_for_nothing(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path)
    journal("begun", name="lmtp", what=LESSON)
    os.write(journal.fd, b"nonsense\n")
    journal("hint", step=1)
    journal.close()
    found, said = load(tmp_path)
    assert found.here is not None
    assert (found.folded, found.here.hints, said) == (2, 1, "")


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"folded": "x"}', b'{"folded":1,"current":"a","last_check":"","done":{"a":{"b":1}}}'],
)
def test_a_damaged_file_is_set_aside_and_nothing_is_lost(tmp_path: Path, content: bytes) -> None:
    journal = Journal.open(tmp_path)
    journal("begun", name="lmtp", what=LESSON)
    journal.close()
    (tmp_path / progress.FILE).write_bytes(content)
    found, said = load(tmp_path)
    assert found.current == "lmtp"
    assert "set aside as progress.corrupt" in said
    assert (tmp_path / "progress.corrupt").read_bytes() == content


@pytest.mark.parametrize("name", ["../root", "a/b", "", "a\nb", "x" * 33, ".", "-x", "\x1b[31m"])
def test_a_name_that_could_lead_elsewhere_is_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUDO_USER", "../root")
    with pytest.raises(AnswerError):
        progress.trainee(name)


def test_the_trainee_is_who_called_sudo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUDO_USER", "wendy")
    assert progress.trainee(None) == "wendy"
    assert progress.trainee("walter") == "walter"


def test_homes_are_closed(tmp_path: Path) -> None:
    made = progress.home(tmp_path / "training", "wendy", "small")
    assert made == tmp_path / "training" / "wendy" / "small"
    assert made.stat().st_mode & 0o077 == 0
