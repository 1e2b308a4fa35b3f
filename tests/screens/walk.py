"""A walk through all six stages by keys, on the machine that it is started on: ``python -m tests.screens.walk``.

It ends with 0 when the report says verified. Only for a lab: it sets the machine up.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

from textual.pilot import Pilot

from tests.screens.pictures import DARK, GLANCE, settled, shown
from wizard.desk import Desk
from wizard.screens.app import WizardApp
from wizard.screens.dialogs import Page
from wizard.stages import STAGES

LIMIT = 400
"""Seconds that one stage may take."""


async def walk() -> None:
    """Go through; what is not seen in time is an error that shows the screen."""
    app = WizardApp(Desk(Path("/etc/mailman-wizard/site.toml")), terminal=DARK)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot, 0)
        for stage in STAGES:
            await _stage(app, pilot, stage.number)
        await pilot.press("f10")
        await _until(app, pilot, lambda: isinstance(app.screen, Page))
        assert "verified" in shown(app), shown(app)


async def _stage(app: WizardApp, pilot: Pilot[int], number: int) -> None:
    await _until(app, pilot, lambda: app.here is not None and app.here.stage.number == number and app.in_control)
    await pilot.press("f10")
    await _until(app, pilot, lambda: f"the gate is shut: stage {number}" in shown(app))
    await _until(app, pilot, lambda: not app.run_is_on)
    await pilot.press("f9")
    asked = 0
    while not app.gates.is_open(number):

        def called(asked: int = asked) -> bool:
            question = app.view.question
            return app.gates.is_open(number) or bool(question and question.number > asked and app.here is not None)

        await _until(app, pilot, called)
        if app.view.question is not None and app.view.question.number > asked:
            await _until(app, pilot, lambda: "shall these changes be made" in shown(app))
            asked = app.view.question.number
            await pilot.press("f9")
    await pilot.press("f10")


async def _until(app: WizardApp, pilot: Pilot[int], seen: Callable[[], bool]) -> None:
    try:
        async with asyncio.timeout(LIMIT):
            while not seen():
                await pilot.pause(GLANCE)
                assert not (app.view.finished and app.view.exit), shown(app)
    except TimeoutError:
        raise AssertionError(shown(app)) from None


if __name__ == "__main__":
    asyncio.run(walk())
    sys.stdout.write("verified\n")
