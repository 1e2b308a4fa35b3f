"""A transaction, a recovery and an undo, each killed or failed at every call to the file system, and started anew.

Whatever happens, the next start finds every managed file wholly old or wholly new, the services up, mail flowing, and
nothing left over.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.transaction import steps
from tests.transaction.scene import Scene
from tests.transaction.steps import ERRORS, FAULTS, Step

EVERY = 7
"""Of how many steps one is tried for every change, with `USUAL`; all of them, with all faults, in full."""
USUAL = ("kill", "ENOSPC")
TABLE = Path(__file__).parents[2] / "docs" / "crashes.md"
PREPARE: dict[str, Callable[[Scene], None]] = {
    "apply": Scene.reset,
    "recover": Scene.interrupted,
    "undo": Scene.applied,
}
MAY_BE = {"apply": {"old", "new"}, "recover": {"old"}, "undo": {"old", "new"}}


def _tried(scene: Scene, command: str, *, full: bool) -> list[Step]:
    """List the steps at which something is to go wrong; the copies of what is staged are each like the other."""
    PREPARE[command](scene)
    found = steps.steps(scene.server, command)
    own = [step for step in found if not (step.call in {"chmod", "mkdir"} and "/postfix/" in step.path)]
    return own if full else own[::EVERY]


@pytest.mark.timeout(5400)
@pytest.mark.parametrize("command", PREPARE)
def test_at_every_step(scene: Scene, command: str, *, full: bool) -> None:
    rows: dict[str, dict[str, str]] = {}
    tried = _tried(scene, command, full=full)
    for number, step in enumerate(tried, 1):
        row = rows[f"{number}. {step}"] = {}
        for fault in FAULTS if full else USUAL:
            PREPARE[command](scene)
            code = steps.run(scene.server, command, steps.injection(step, fault))
            wanted = MAY_BE[command]
            if fault in ERRORS and command == "apply":  # who says that it failed has put everything back
                wanted = {"new"} if code == 0 else {"old"}
            found = scene.judged()
            row[fault] = found if found in wanted else f"**{found}**, exit {code}"
    if full:
        _write(command, rows)
    assert [(name, row) for name, row in rows.items() if set(row.values()) - {"old", "new"}] == []
    assert len(rows) > len(tried) // 2 > 0


def _write(command: str, rows: dict[str, dict[str, str]]) -> None:
    """Write a command's part of the table; the others' parts stay."""
    begin, end = f"## {command}\n", "\n## "
    text = TABLE.read_text(encoding="utf-8") if TABLE.exists() else "# Crashes\n"
    before, _, rest = text.partition(begin)
    _, parted, after = rest.partition(end)
    head = ["| step | " + " | ".join(FAULTS) + " |", "|---" * (len(FAULTS) + 1) + "|"]
    lines = [f"| `{name}` | " + " | ".join(row[fault] for fault in FAULTS) + " |" for name, row in rows.items()]
    part = "\n".join([begin, *head, *lines, ""])
    TABLE.write_text(before.rstrip() + "\n\n" + part + (parted + after if parted else ""), encoding="utf-8")


def test_what_is_killed_is_no_longer_there(scene: Scene) -> None:
    """The kill itself is seen, or nothing of this shows anything."""
    scene.reset()
    code = steps.run(scene.server, "apply", "inject=rename:signal=KILL:when=2")
    assert code not in {0, 4}
    assert "killed by SIGKILL" in scene.server.text(steps.TRACE)
    assert scene.leftovers()
    assert scene.judged() == "old"
