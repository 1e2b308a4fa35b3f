"""Pictures of the screens, as SVG: ``python -m tests.screens.pictures`` makes those of the README and of the tests."""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from textual.pilot import Pilot
from textual.strip import Strip

import tests
from tests.screens.desks import AT, Server, lines, living
from wizard.screens.app import WizardApp
from wizard.screens.terminal import Terminal

README = Path(tests.__file__).parent.parent / "docs" / "pictures"
SNAPSHOTS = Path(__file__).parent / "snapshots"
LIMIT = 60
"""Seconds."""
GLANCE = 0.02
STILL = 0.3
"""Seconds after which a screen that has not changed is one that has settled."""
SINCE = timedelta(seconds=4)
DARK = Terminal("xterm-256color", ascii_only=False, colours=True, truecolour=True)


@dataclass(frozen=True, slots=True)
class Scene:
    """One screen worth a picture."""

    name: str
    verified: tuple[int, ...] = ()
    until: str = ""
    """Where the recorded run stands; empty: no run."""
    count: int = 1
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Look:
    """How it is looked at."""

    name: str
    size: tuple[int, int] = (80, 24)
    theme: str = "textual-dark"
    no_color: bool = False


WHY = Scene("why", keys=("f3",))
ANSWERS = Scene("answers", keys=("f4", "tab", "x", "exclamation_mark"))
CHECK = Scene("check", (1, 2), until='"id": "lmtp.post"', count=2, keys=("3", "f6"))
BROADCAST = Scene("broadcast", (1, 2, 3, 4), until='"id": "broadcast.delivery", "outcome"', keys=("5", "f6"))
HELP = Scene("help", keys=("f1",))
VERIFIED = Scene("verified", (1, 2, 3, 4, 5, 6), until='"kind": "run.finished"', keys=("6", "f6"))
PLAIN = Look("dark-80x24")
LOOKS = (
    Look("dark-120x40", (120, 40)),
    Look("light-80x24", theme="textual-light"),
    Look("light-120x40", (120, 40), theme="textual-light"),
    Look("colourless-80x24", no_color=True),
    Look("colourless-120x40", (120, 40), no_color=True),
)
PICTURES: tuple[tuple[Path, Scene, Look], ...] = (
    *((README / f"{scene.name}.svg", scene, PLAIN) for scene in (WHY, ANSWERS, CHECK, BROADCAST, HELP, VERIFIED)),
    *(
        (SNAPSHOTS / f"{scene.name}-{look.name}.svg", scene, look)
        for scene in (ANSWERS, CHECK, BROADCAST)
        for look in LOOKS
    ),
)


async def drawn(scene: Scene, look: Look) -> str:
    """Draw one screen; returns the SVG."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as root, ExitStack() as kept:
        kept.enter_context(environment(look))
        server = Server(Path(root))
        server.verified(*scene.verified)
        last, number = AT, 0
        if scene.until:
            directory = server.recorded(scene.until, scene.count)
            number, last = newest(scene)
            if "run.finished" not in scene.until:
                kept.enter_context(living(directory))
        app = WizardApp(server.desk(), terminal=DARK, now=lambda: datetime.fromisoformat(last) + SINCE)
        async with app.run_test(size=look.size) as pilot:
            app.theme = look.theme
            await settled(pilot, number)
            await pilot.press(*scene.keys)
            await settled(pilot, number)
            return app.export_screenshot(title="mailman-wizard")


def newest(scene: Scene) -> tuple[int, str]:
    """Tell the number and the time of the last event that a scene shows."""
    event = json.loads(lines(scene.until, scene.count)[-1])
    return int(event["number"]), str(event["at"])


@contextmanager
def environment(look: Look) -> Iterator[None]:
    """Have the clock in UTC, and colours or not."""
    before = {name: os.environ.get(name) for name in ("TZ", "NO_COLOR")}
    os.environ["TZ"] = "UTC"
    os.environ.pop("NO_COLOR", None)  # Textual goes by its being there
    if look.no_color:
        os.environ["NO_COLOR"] = "1"
    time.tzset()
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
        time.tzset()


async def settled(pilot: Pilot[int], number: int) -> None:
    """Wait until the screen shows what the desk has and a run to its event of this number, and stands still."""
    app = pilot.app
    assert isinstance(app, WizardApp)
    before, since = "", time.monotonic()
    async with asyncio.timeout(LIMIT):
        while app.form is None or not app.stood or app.view.number < number or time.monotonic() - since < STILL:
            await pilot.pause(GLANCE)
            now = shown(app)
            if now != before:
                before, since = now, time.monotonic()


def shown(app: WizardApp) -> str:
    """Return the screen as text."""
    return "\n".join(row.text[: app.size.width].rstrip() for row in strips(app))


def strips(app: WizardApp) -> list[Strip]:
    """Return the screen as rows with their styles."""
    return app.screen._compositor.render_strips()  # noqa: SLF001 (Textual has no public way to what a screen shows)


async def _all() -> None:
    for path, scene, look in PICTURES:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(await drawn(scene, look), encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(_all())
