"""``history`` and ``undo``: what was changed, and the way back."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wizard import controls, planning, putback
from wizard.changes import Workshop
from wizard.checkpoint import Checkpoint, Checkpoints
from wizard.commands.call import Call, require_root
from wizard.commands.runs import follow
from wizard.controls import Request
from wizard.errors import AnswerError, ExitCode, Problem, RefusedError
from wizard.events import Event
from wizard.history import history as rows
from wizard.localhost import LocalHost
from wizard.printable import printable
from wizard.redact import Redactor
from wizard.site import dumps
from wizard.stages import STAGES
from wizard.undoing import Conflict, undoing


def history(call: Call) -> int:
    """List the checkpoints, the newest first."""
    require_root()
    call.state.prepare()
    found = rows(call.state)
    if call.options.json:
        call.show.json({"schema": 1, "checkpoints": found})
        return int(ExitCode.VERIFIED)
    for row in found:
        call.show.line(*_head(row))
        for what in ("files", "services", "maps", "mailman", "packages", "left"):
            for text in row[what]:
                call.show.line(f"      {'not put back: ' if what == 'left' else ''}{printable(str(text))}")
    if not found:
        call.show.line("nothing was changed yet")
    return int(ExitCode.VERIFIED)


def _head(row: Mapping[str, Any]) -> tuple[str, str]:
    stage = STAGES[row["stage"] - 1].name
    what = f"went back to before {min(row['undoes'])}" if row["undoes"] else f"stage {row['stage']}, {stage}"
    verified = ", verified" if row["verified"] else ""
    return f"{row['number']:4}  {row['at'][:16].replace('T', ' ')}  {what}: {row['state']}{verified}", "bold"


def undo(call: Call) -> int:
    """Go back to before a checkpoint.

    Raises:
        AnswerError: it is to be approved, and nobody is there to ask.
        RefusedError: a file was changed by somebody else since, and nobody is there to ask.
    """
    require_root()
    if not call.options.yes and not sys.stdin.isatty():
        raise AnswerError((Problem("--yes", "not given", "needed where nobody can be asked: no terminal here"),))
    call.state.prepare()
    overwrite = tuple(call.options.overwrite)
    site, host, redactor = call.site, LocalHost(), Redactor()
    planning.learn(site, host, redactor)
    known = Checkpoints(call.state.checkpoints)
    killed = _put_back(call, known, redactor)
    if killed is not None and not call.options.checkpoint:
        call.show.say(f"checkpoint {killed.number} was interrupted: it is put back, and nothing before it is undone")
        if call.options.json:
            call.show.json({"schema": 1, "run": None, "verified": False, "stages": [], "changed": 0, "error": None})
        return int(ExitCode.VERIFIED)
    remove = bool(call.options.packages)
    found = undoing(known.find(call.options.checkpoint), known.all(), host, overwrite, remove=remove)
    if found.conflicts and call.options.yes:
        paths = " ".join(f"--overwrite {conflict.path}" for conflict in found.conflicts)
        raise RefusedError(
            f"somebody else has changed {', '.join(str(conflict.path) for conflict in found.conflicts)} since; "
            f"nothing was undone. Without --yes you are shown and asked; to lose those changes: {paths}"
        )
    chosen = tuple(str(conflict.path) for conflict in found.conflicts if _lose(call, conflict, redactor))
    request = Request(
        "undo",
        found.target.stage,
        found.target.stage,
        call.options.yes,
        dumps(site),
        found.target.name,
        (*overwrite, *chosen),
        remove,
    )
    return follow(call, controls.start(call.state, request, call.program))


def _put_back(call: Call, known: Checkpoints, redactor: Redactor) -> Checkpoint | None:
    """Put back what a killed run had changed, or it would be taken for somebody else's; give the newest of it."""

    def emit(kind: str, /, **data: object) -> None:
        call.show.event(Event(0, "", kind, {key: redactor.data(value) for key, value in data.items()}))

    killed = [each.name for each in known.all() if each.ending is None]
    if not killed:
        return None
    with call.state.locked("undo"):
        putback.recover(Workshop(LocalHost(), emit, Path(os.devnull)), call.state)
    newest = known.find(killed[-1])
    return newest if newest.ending == "put back" else None


def _lose(call: Call, conflict: Conflict, redactor: Redactor) -> bool:
    call.show.diff(redactor.text(conflict.diff))
    call.show.ask(f"{conflict.path} was changed by somebody else since. Go back in it as well, as above? [y/N] ")
    return sys.stdin.readline().strip().lower() in {"y", "yes"}
