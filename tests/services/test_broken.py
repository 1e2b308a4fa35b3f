"""Checks of stages 1 to 3 fail on a server that is really broken, and say what is wrong."""

from __future__ import annotations

import pytest

from tests.services.breaks import BREAKS, LMTP, MAILMAN, POSTFIX, Break
from tests.services.server import Server
from tests.services.test_faults import USUAL
from wizard.faults import FAULTS
from wizard.stages import STAGES


def test_every_check_is_seen_to_fail() -> None:
    """A check that cannot fail proves nothing: give it a `Break` or a fault that is always tried, or take it out."""
    broken = {(each.stage, check) for each in BREAKS for check, _ in each.fails}
    broken |= {(fault.stage, fault.check) for fault in FAULTS if fault.name in USUAL}
    assert broken == {(stage.number, check.id) for stage in STAGES for check in stage.checks}


@pytest.mark.usefixtures("prepared")
@pytest.mark.parametrize("each", [*POSTFIX, *MAILMAN, *LMTP], ids=lambda each: each.name)
def test_what_is_broken_is_seen(server: Server, each: Break) -> None:
    each.must_show(each.tried(server))


@pytest.mark.usefixtures("prepared")
@pytest.mark.parametrize("stage", ["1", "2", "3"])
def test_healed_it_passes(server: Server, stage: str) -> None:
    report = server.report("check", "--stage", stage)
    assert report.exit == 0, report.not_passed
