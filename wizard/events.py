"""The log of a run: one JSON object a line, appended by the engine, read by every face of the program."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from wizard.redact import Redactor

SCHEMA = 1
FILE = "events.jsonl"
RESERVED = frozenset({"schema", "number", "at", "kind"})


@dataclass(frozen=True, slots=True)
class Event:
    """One step of a run.

    Kinds: ``run.started``, ``stage.started``, ``plan.made``, ``plan.waiting``, ``change.started``,
    ``change.progress``, ``change.transcript``, ``change.log``, ``change.finished``, ``change.failed``,
    ``check.started``, ``check.progress``, ``check.finished``, ``probe.sent``, ``probe.hop``, ``probe.arrived``,
    ``stage.finished``, ``note``, ``run.finished``.
    """

    number: int
    """Counts up from 1 without gaps."""
    at: str
    """UTC, ISO 8601 with microseconds."""
    kind: str
    data: Mapping[str, object] = field(default_factory=dict)

    def line(self) -> str:
        """Return it as one line of the log, without the line's end."""
        return json.dumps({"schema": SCHEMA, "number": self.number, "at": self.at, "kind": self.kind, **self.data})


class Emit(Protocol):
    """How the engine says what it does."""

    def __call__(self, kind: str, /, **data: object) -> None:
        """Append one event."""
        ...


class EventLog:
    """The writing end. Thread-safe; every line is whole, and secrets are taken out on the way."""

    def __init__(self, directory: Path, redactor: Redactor) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        self._fd = os.open(directory / FILE, flags, 0o600)
        self._redactor = redactor
        self._lock = threading.Lock()
        self._number = 0
        self.lost: list[str] = []
        """Why events could not be written, one entry each."""

    def __call__(self, kind: str, /, **data: object) -> None:
        """Append one event; one that cannot be written (a full disk) is counted in `lost`, and never an error.

        Telling must not stand between a change that fails and its putting back.

        Raises:
            ValueError: the data has a name that every event has already.
        """
        if RESERVED & data.keys():
            raise ValueError(f"an event's data cannot be called {', '.join(sorted(RESERVED & data.keys()))}")
        with self._lock:
            self._number += 1
            clean = {self._redactor.text(key): self._redactor.data(value) for key, value in data.items()}
            event = Event(self._number, datetime.now(UTC).isoformat(timespec="microseconds"), kind, clean)
            try:
                os.write(self._fd, event.line().encode() + b"\n")
            except OSError as error:
                self.lost.append(error.strerror or "unknown")

    def close(self) -> None:
        """Close the log; what was written stays."""
        os.close(self._fd)


DAMAGED = "log.damaged"
"""What no run tells, and its log's reader does."""


def parse(line: str) -> Event | None:
    """Read one line of a log; None for one that is not an event (half-written, or not ours)."""
    try:
        data = json.loads(line)
        number, at, kind = int(data.pop("number")), str(data.pop("at")), str(data.pop("kind"))
    except (ValueError, KeyError, AttributeError, TypeError):
        return None
    data.pop("schema", None)
    return Event(number, at, kind, data)


class Reader:
    """Reads on in the log of a run, each event once."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / FILE
        self._offset = 0
        self._damaged = False

    def __call__(self) -> Iterator[Event]:
        """Give the events that were added since the last call; a line that is not finished yet is left for the next.

        What is no event is passed over; the first time, an event of the kind `DAMAGED` says so.
        """
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            file.seek(self._offset)
            for line in file:
                if not line.endswith(b"\n"):
                    return
                self._offset += len(line)
                event = parse(line.decode("utf-8", "replace"))
                if event is not None:
                    yield event
                elif not self._damaged:
                    self._damaged = True
                    text = f"the event log of run {self._path.parent.name} is damaged: what cannot be read is left out"
                    yield Event(0, "", DAMAGED, {"text": text})


def read(directory: Path) -> Iterator[Event]:
    """Read the events of a run so far."""
    yield from Reader(directory)()
