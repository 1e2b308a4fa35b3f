"""Checks of stages 4 to 6 fail on a server that is really broken, and say what is wrong.

A file of its own, so that it is tried beside test_broken.py, on a server of its own.
"""

from __future__ import annotations

import pytest

from tests.services.breaks import BROADCAST, INTEGRATION, SUBSCRIPTION, Break
from tests.services.server import Server


@pytest.mark.usefixtures("prepared")
@pytest.mark.parametrize("each", [*SUBSCRIPTION, *BROADCAST, *INTEGRATION], ids=lambda each: each.name)
def test_what_is_broken_is_seen(server: Server, each: Break) -> None:
    each.must_show(each.tried(server))


@pytest.mark.usefixtures("prepared")
@pytest.mark.parametrize("stage", ["4", "5", "6"])
def test_healed_it_passes(server: Server, stage: str) -> None:
    report = server.report("check", "--stage", stage)
    assert report.exit == 0, report.not_passed
