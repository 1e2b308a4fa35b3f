"""The desk hands a screen the newest report."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.doubles import MemoryHost
from tests.unit.report.recorded import RECORDINGS
from wizard import events
from wizard.desk.desk import Desk
from wizard.errors import RefusedError
from wizard.state import State


def test_the_newest_run_that_has_ended(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "site.toml", state=State(tmp_path / "state"), host=MemoryHost())
    with pytest.raises(RefusedError, match="no run has ended yet"):
        desk.report()
    for name in ("20260101T000000Z-a", "20260102T000000Z-b", "20260103T000000Z-c"):
        (desk.state.runs / name).mkdir()
    for name, source in (("20260101T000000Z-a", "verified"), ("20260102T000000Z-b", "failed")):
        (desk.state.runs / name / events.FILE).write_bytes((RECORDINGS / f"{source}.jsonl").read_bytes())
    assert desk.report().startswith("# Mailing list server mail.local.edu: not verified\n")
