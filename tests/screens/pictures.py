"""Pictures of the screens, as SVG: ``python -m tests.screens.pictures docs/pictures`` makes those of the README."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from textual.pilot import Pilot

from tests.screens.desks import AT, Server, lines, living
from wizard.screens.app import WizardApp
from wizard.screens.terminal import Terminal


@dataclass(frozen=True, slots=True)
class Picture:
    """One screen worth a picture."""

    name: str
    verified: tuple[int, ...] = ()
    until: str = ""
    """Where the recorded run stands; empty: no run."""
    count: int = 1
    keys: tuple[str, ...] = ()
    failed: int = 0
    """A stage that failed."""


PICTURES = (
    Picture("why", keys=("f3",)),
    Picture("answers", keys=("f4", "tab", "end", "x", "exclamation_mark")),
    Picture("changes", until='"kind": "plan.made"', keys=("f5",)),
    Picture("check", (1, 2), until='"id": "lmtp.post"', count=2, keys=("3", "f6")),
    Picture("broadcast", (1, 2, 3, 4), until='"id": "broadcast.delivery", "outcome"', keys=("5", "f6")),
    Picture("logs", (1, 2, 3), until='"id": "subscription.join"', keys=("4", "f7")),
    Picture("help", keys=("f1",)),
    Picture("verified", (1, 2, 3, 4, 5, 6), until='"kind": "run.finished"', keys=("6", "f6")),
)
LIMIT = 30
"""Seconds."""
GLANCE = 0.02
SINCE = timedelta(seconds=4)
DARK = Terminal("xterm-256color", ascii_only=False, colours=True, truecolour=True)


async def drawn(picture: Picture, size: tuple[int, int], theme: str = "textual-dark") -> str:
    """Draw one screen; returns the SVG."""
    with tempfile.TemporaryDirectory() as root, ExitStack() as kept:
        server = Server(Path(root))
        server.verified(*picture.verified, failed=picture.failed)
        if picture.until:
            directory = server.recorded(picture.until, picture.count)
            if "run.finished" not in picture.until:
                kept.enter_context(living(directory))
        last = json.loads(lines(picture.until, picture.count)[-1])["at"] if picture.until else AT
        app = WizardApp(server.desk(), terminal=DARK, now=lambda: datetime.fromisoformat(last) + SINCE)
        async with app.run_test(size=size) as pilot:
            app.theme = theme
            number = len(lines(picture.until, picture.count)) if picture.until else 0
            await settled(pilot, number)
            await pilot.press(*picture.keys)
            await settled(pilot, number)
            return app.export_screenshot(title="mailman-wizard")


async def settled(pilot: Pilot[int], number: int) -> None:
    """Wait until the screen shows what the desk has, and a run to its event of this number."""
    app = pilot.app
    assert isinstance(app, WizardApp)
    async with asyncio.timeout(LIMIT):
        while app.form is None or not app.stood or app.view.number < number:
            await pilot.pause(GLANCE)
    await pilot.pause(GLANCE)


async def _all(folder: Path) -> None:
    for picture in PICTURES:
        (folder / f"{picture.name}.svg").write_text(await drawn(picture, (80, 24)), encoding="utf-8")


def main(arguments: Sequence[str]) -> None:
    """Make all pictures."""
    os.environ["TZ"] = "UTC"
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    asyncio.run(_all(folder))


if __name__ == "__main__":
    main(sys.argv[1:])
