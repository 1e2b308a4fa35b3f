"""Where the stages stand, and what a killed run has left."""

from __future__ import annotations

from pathlib import Path

from tests.unit.doubles import MemoryHost
from tests.unit.machine import machine, write
from wizard.checkpoint import JOURNAL
from wizard.site import Site
from wizard.status import status


def test_a_run_that_was_killed_while_it_changed_something_is_named(tmp_path: Path) -> None:
    made = machine(tmp_path)
    assert status(Site(), MemoryHost(), made.state)["interrupted"] == []
    made.apply(write(tmp_path / "a"))
    assert status(Site(), MemoryHost(), made.state)["interrupted"] == []
    (journal,) = made.state.checkpoints.glob(f"*/{JOURNAL}")
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(line for line in lines if b"ending" not in line))
    assert status(Site(), MemoryHost(), made.state)["interrupted"] == ["a-run"]
