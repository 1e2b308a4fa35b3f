"""A transaction, a recovery and an undo, each killed or failed at every call to the file system, and started anew.

Whatever happens, the next start finds every managed file wholly old or wholly new, the services up, mail flowing, and
nothing left over.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.transaction import steps, table
from tests.transaction.scene import Scene, scened
from tests.transaction.steps import ERRORS, FAULTS, Step

PARTS = 6
"""A command's steps are shared out, so that labs beside each other have something to do."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What is killed and failed at each of its steps."""

    prepare: Callable[[Scene], None]
    done: str
    """What the server is when it is done."""
    not_done: str
    """What it is when it was not."""
    faults: tuple[str, ...] = FAULTS
    usual: tuple[str, ...] = ("kill", "cut", "ENOSPC")
    """What is tried for every change, at a step a part; all faults at all steps in full."""


TRIED: Mapping[str, Tried] = {
    "apply": Tried(Scene.reset, done="new", not_done="old"),
    "recover": Tried(Scene.interrupted, done="old", not_done="old"),
    "undo": Tried(Scene.applied, done="old", not_done="new"),
}
MAILMAN = Tried(Scene.reset, done="new", not_done="old", faults=("kill", "cut"), usual=("kill",))


def _steps(scene: Scene, command: str, tried: Tried) -> list[tuple[int, Step]]:
    """Number the steps at which something is to go wrong; the copies of what is staged are each like the other."""
    if command not in scene.steps:
        tried.prepare(scene)
        scene.steps[command] = steps.steps(scene.server, command)
    own = [step for step in scene.steps[command] if not (step.call in {"chmod", "mkdir"} and "/postfix/" in step.path)]
    return list(enumerate(own, 1))


def _outcome(scene: Scene, command: str, tried: Tried, step: Step, fault: str) -> str:
    """Let a fault happen at a step, and tell what the next start makes of it."""
    tried.prepare(scene)
    if fault == "cut":
        scene.disk.settle()
    code = steps.run(scene.server, command, steps.injection(step, fault))
    if fault == "cut":
        scene.disk.cut()
    wanted = {tried.done, tried.not_done}
    if fault in ERRORS:  # who says that it failed has put everything back
        wanted = {tried.done} if code == 0 else {tried.not_done}
    found = scene.judged()
    return found if found in wanted else f"**{found}**, exit {code}"


def _rows(scene: Scene, command: str, tried: Tried, part: int, parts: Path | None) -> dict[str, dict[str, str]]:
    """Try a part of a command's steps; all of it, and kept for the table, if there is a place to keep it."""
    found = _steps(scene, command, tried)
    rows = {
        f"{number}. {step}": {
            fault: _outcome(scene, command, tried, step, fault) for fault in (tried.faults if parts else tried.usual)
        }
        for number, step in (found[part::PARTS] if parts else [found[part * len(found) // PARTS]])
    }
    if parts:
        table.keep(parts, command, part, rows)
    assert rows
    return rows


def _broken(rows: Mapping[str, Mapping[str, str]]) -> list[object]:
    return [(name, row) for name, row in rows.items() if set(row.values()) - {"old", "new"}]


@pytest.fixture
def parts(request: pytest.FixtureRequest, *, full: bool) -> Path | None:
    """Where the parts of the table are kept, if all is tried."""
    return Path(request.config.cache.mkdir("crashes")) if full else None


@pytest.mark.timeout(5400)
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("command", TRIED)
def test_at_every_step(scene: Scene, command: str, part: int, parts: Path | None) -> None:
    assert _broken(_rows(scene, command, TRIED[command], part, parts)) == []


@pytest.fixture(scope="module")
def mailman_scene() -> Iterator[Scene]:
    """A server of which two stages are done."""
    with scened("configure") as made:
        yield made


@pytest.mark.timeout(5400)
@pytest.mark.parametrize("part", range(PARTS))
def test_at_every_step_with_mailman(mailman_scene: Scene, part: int, parts: Path | None) -> None:
    assert _broken(_rows(mailman_scene, "configure", MAILMAN, part, parts)) == []


def test_what_is_killed_is_no_longer_there(scene: Scene) -> None:
    """The kill itself is seen, or nothing of this shows anything."""
    scene.reset()
    code = steps.run(scene.server, "apply", "inject=rename:signal=KILL:when=2")
    assert code == -signal.SIGKILL
    assert "killed by SIGKILL" in scene.server.text(steps.TRACE)
    assert scene.leftovers()
    assert scene.judged() == "old"


def test_what_was_not_synced_is_lost_when_the_power_goes(scene: Scene) -> None:
    """The cut itself is seen, or nothing of this shows anything."""
    scene.reset()
    scene.disk.settle()
    scene.server.sh("echo kept > /etc/postfix/kept; sync /etc/postfix/kept; echo lost > /etc/postfix/lost")
    scene.disk.cut()
    assert scene.server.text("etc/postfix/kept") == "kept\n"
    assert not scene.server.path("etc/postfix/lost").exists()
    scene.server.sh("rm /etc/postfix/kept")
    assert scene.judged() == "old"
