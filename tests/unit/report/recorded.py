"""The logs of two runs on a real server, and their reports as they are expected.

``python -m tests.unit.report.recorded`` writes what is expected anew; look at the difference before it is committed.
"""

from __future__ import annotations

from pathlib import Path

from wizard import events
from wizard.events import Event
from wizard.report import Report, make, markdown
from wizard.stages import STAGES

RECORDINGS = Path(__file__).parent / "recordings"
NAMES = ("verified", "failed")
RUN = "20261122T140350Z-8979b2"


def log(name: str) -> list[Event]:
    lines = (RECORDINGS / f"{name}.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    return [event for event in map(events.parse, lines) if event is not None]


def report(name: str) -> Report:
    return make(RUN, log(name), STAGES, (), made="2026-11-22T15:00:00+00:00")


def expected(name: str) -> Path:
    return RECORDINGS / f"{name}.md"


if __name__ == "__main__":
    for each in NAMES:
        expected(each).write_text(markdown(report(each)), encoding="utf-8")
