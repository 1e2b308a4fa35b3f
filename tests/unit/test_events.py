"""The log of a run: whole lines, in order, without secrets, whoever writes and reads at the same time."""

from __future__ import annotations

import json
import resource
import threading
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard import events
from wizard.events import Event, EventLog
from wizard.redact import HIDDEN, Redactor

SECRET = "the-secret-word"
data = st.dictionaries(
    st.text("abc", min_size=1).filter(lambda key: key not in {"at", "kind", "number", "schema"}),
    st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text(), max_size=2),
    max_size=3,
)


@given(number=st.integers(1, 10**6), kind=st.text(), fields=data)
def test_what_is_written_is_read(number: int, kind: str, fields: dict[str, object]) -> None:
    event = Event(number, "2026-11-22T08:00:00.000000+00:00", kind, fields)
    line = event.line()
    assert "\n" not in line
    assert events.parse(line) == event


@pytest.mark.parametrize(
    "line",
    ["", "{", "null", "[]", "1", '"x"', "{}", '{"number": 1, "at": "x"}', '{"number": "x", "at": "", "kind": ""}',
     '{"number": null, "at": "", "kind": ""}', "\x00", '{"number": 1, "at": "", "kind": "a"'],
)  # fmt: skip
def test_a_line_that_is_no_event_is_none(line: str) -> None:
    assert events.parse(line) is None


@pytest.fixture
def log(tmp_path: Path) -> EventLog:
    return EventLog(tmp_path, Redactor([SECRET]))


def test_events_are_numbered_and_dated(tmp_path: Path, log: EventLog) -> None:
    log("first", stage=1)
    log("second", text="é\n\udcff")
    log.close()
    first, second = events.read(tmp_path)
    assert [(event.number, event.kind) for event in (first, second)] == [(1, "first"), (2, "second")]
    assert first.data == {"stage": 1}
    assert second.data == {"text": "é\n\udcff"}
    assert datetime.fromisoformat(first.at).utcoffset() is not None
    assert (tmp_path / events.FILE).read_text().count("\n") == 2


def test_a_half_written_line_is_left_for_later(tmp_path: Path, log: EventLog) -> None:
    log("first")
    with (tmp_path / events.FILE).open("a") as file:
        file.write(Event(2, "then", "second").line())
        file.flush()
        assert [event.number for event in events.read(tmp_path)] == [1]
        file.write("\n")
    assert [event.number for event in events.read(tmp_path)] == [1, 2]
    log.close()


def test_what_is_not_an_event_is_passed_over_and_said_once(tmp_path: Path, log: EventLog) -> None:
    with (tmp_path / events.FILE).open("ab") as file:
        file.write(b"\xff\xfe\n\n{}\n")
    log("first")
    log.close()
    damaged, first = events.read(tmp_path)
    assert (damaged.kind, first.kind) == (events.DAMAGED, "first")
    assert damaged.data["text"] == f"the event log of run {tmp_path.name} is damaged: what cannot be read is left out"


def test_before_its_first_event_a_run_has_none(tmp_path: Path) -> None:
    assert list(events.read(tmp_path)) == []


def test_secrets_are_hidden_however_deep(tmp_path: Path, log: EventLog) -> None:
    log("kind", **{f"key {SECRET}": [{"deep": (SECRET, f"a {SECRET} b")}]}, error=f'"{SECRET}"')
    log.close()
    text = (tmp_path / events.FILE).read_text()
    assert SECRET not in text
    assert text.count(HIDDEN) == 4


def test_a_secret_learned_on_the_way_is_hidden_from_then_on(tmp_path: Path) -> None:
    redactor = Redactor()
    log = EventLog(tmp_path, redactor)
    redactor.learn(SECRET)
    log("kind", text=SECRET)
    log.close()
    assert SECRET not in (tmp_path / events.FILE).read_text()


def test_threads_write_whole_lines_without_gaps(tmp_path: Path, log: EventLog) -> None:
    def write(name: str) -> None:
        for _ in range(50):
            log("kind", text=name * 5000)

    threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    log.close()
    found = list(events.read(tmp_path))
    assert [event.number for event in found] == list(range(1, 201))
    assert all(len(set(str(event.data["text"]))) == 1 for event in found)


def test_what_cannot_be_written_is_counted_and_no_error(tmp_path: Path, log: EventLog) -> None:
    """A full disk must not stand between a change that fails and its putting back."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        log("first")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert log.lost == ["File too large"]
    log("second")
    log.close()
    assert [(event.number, event.kind) for event in events.read(tmp_path)] == [(2, "second")]


def test_it_is_root_s_alone_and_no_link_is_followed(tmp_path: Path, log: EventLog) -> None:
    log.close()
    assert (tmp_path / events.FILE).stat().st_mode & 0o777 == 0o600
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / events.FILE).symlink_to(tmp_path / "precious")
    with pytest.raises(OSError, match="symbolic links"):
        EventLog(tmp_path / "other", Redactor())
    assert not (tmp_path / "precious").exists()


def test_a_line_has_the_schema(log: EventLog, tmp_path: Path) -> None:
    log("kind")
    log.close()
    row = json.loads((tmp_path / events.FILE).read_text())
    assert list(row) == ["schema", "number", "at", "kind"]
    assert row["schema"] == 1
