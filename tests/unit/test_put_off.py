"""Nobody waits for probes' mail that cannot move before somebody works who does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.unit.doubles import MASTER
from tests.unit.facts.recorded import Answer
from tests.unit.trace.recorded import Hostile
from wizard.host import Process
from wizard.probes import remains

TOKEN = "mwz_0123abcd"
OUT = Process(7, 6, "python3", ("python3", "/x/runner", "--runner=out:0:1"), "list", "sleeping", 0.0, 0.0)
ENTRY = (
    '{{"queue_name": "{}", "queue_id": "4jXR0B47gYzXJ", "arrival_time": 1, "message_size": 1, '
    f'"sender": "{TOKEN}_o@local.edu", "recipients": []}}}}\n'
)


@dataclass(frozen=True, slots=True)
class Machine(Hostile):
    """A machine whose processes are told."""

    running: tuple[Process, ...] = ()

    def processes(self) -> tuple[Process, ...]:
        return self.running


def told(queued: tuple[str, ...]) -> Callable[[tuple[str, ...]], Answer]:
    return lambda _argv: (0, "".join(ENTRY.format(name) for name in queued), "")


@pytest.mark.parametrize(
    ("running", "queued", "waiting", "expected"),
    [
        ((MASTER, OUT), (), (), False),
        ((MASTER, OUT), ("deferred",), (), True),
        ((MASTER, OUT), ("active",), (), False),
        ((OUT,), ("active",), (), True),
        ((MASTER, OUT), (), ("out",), False),
        ((MASTER,), (), ("out",), True),
        ((MASTER,), ("active",), ("out",), False),
        ((MASTER, OUT), ("deferred",), ("out",), False),
        ((MASTER, OUT), (), ("shunt",), True),
        ((MASTER, OUT), (), ("shunt", "out"), False),
    ],
)
def test_what_stays_where_it_is(
    tmp_path: Path,
    running: tuple[Process, ...],
    queued: tuple[str, ...],
    waiting: tuple[str, ...],
    expected: bool,  # noqa: FBT001 (a table's column)
) -> None:
    for name in ("out", "shunt"):
        (tmp_path / "queue" / name).mkdir(parents=True)
    for name in waiting:
        (tmp_path / "queue" / name / "1795345188.003738+f9f2.pck").write_text(f"To: {TOKEN}_l1@local.edu\n")
    Hostile.at(tmp_path, told(queued))
    machine = Machine(answer=told(queued), root=tmp_path, running=running)
    assert remains.put_off(machine, TOKEN) is expected
