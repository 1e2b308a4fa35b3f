"""The wizard itself: ``mailman-wizard``, ``stage N`` and ``watch``, on a full screen or in plain lines."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from wizard import controls, garbage
from wizard.commands.call import Call, require_root
from wizard.desk import Desk
from wizard.errors import AnswerError, Problem, RefusedError
from wizard.screens.terminal import Terminal

if TYPE_CHECKING:
    from wizard.training.tutor import Tutor

SWITCH = 0.001
"""Seconds for which what is done beside the screen may hold a key up."""


def walk(call: Call) -> int:
    """Walk through the six stages, from the first that is not verified."""
    return _open(call, 0)


def stage(call: Call) -> int:
    """Open one stage alone."""
    return _open(call, call.options.number)


def watch(call: Call) -> int:
    """Follow a run that this call has not started, or a training session.

    Raises:
        AnswerError: there is no such run or trainee.
    """
    require_root()
    if call.state.training.is_dir():
        from wizard.commands import watching  # noqa: PLC0415 (no run waits for it)

        code = watching.watch(call)
        if code is not None:
            return code
    known = [path for path in call.state.runs.glob("*") if path.is_dir()]
    wanted = controls.foremost(path for path in known if call.options.id in {None, path.name})
    if wanted is None:
        named = repr(call.options.id) if call.options.id else "not given"
        raise AnswerError((Problem("RUN", named, f"one of the {len(known)} runs in {call.state.runs}"),))
    if full_screen(call):
        return show(call, call.desk(looking=True), watching=wanted)
    from wizard.commands.runs import follow  # noqa: PLC0415 (see `show`)

    return follow(call, wanted, ours=False)


def full_screen(call: Call) -> bool:
    """Tell whether the terminal can show screens, and nobody wants lines or JSON instead."""
    if call.options.json or call.options.plain or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    return Terminal.of(os.environ).full_screen


def _open(call: Call, alone: int) -> int:
    """Open the screens, or ask in lines.

    Raises:
        RefusedError: there is no terminal that can show screens.
        AnswerError: JSON was asked for.
    """
    require_root()
    if call.options.json:
        raise AnswerError((Problem("--json", "given", "for commands; the wizard is for a person"),))
    if call.options.plain:
        from wizard.commands import plain  # noqa: PLC0415 (see `show`)

        return plain.walk(call, alone)
    if not full_screen(call):
        raise RefusedError(
            "this is no terminal that can show a full screen: 'mailman-wizard --plain' asks the same in plain lines"
        )
    return show(call, call.desk(), alone=alone)


def show(call: Call, desk: Desk, *, alone: int = 0, watching: Path | None = None, tutor: Tutor | None = None) -> int:
    """Open the screens; returns what they end with.

    Args:
        call: as it was made.
        desk: this terminal's side of the engine.
        alone: the one stage that is looked at; 0 for all six.
        watching: a run that is only looked at.
        tutor: the lesson or drill that they are for.

    Raises:
        AnswerError: the answers cannot be read.
    """
    if call.options.color == "never":
        os.environ["NO_COLOR"] = "1"
    garbage.put_off()  # the screen resumes it, when all is loaded
    # Textual is imported when a screen is opened: no other command waits for it, and no screen for what it lacks.
    from wizard.screens.app import WizardApp  # noqa: PLC0415

    sys.setswitchinterval(SWITCH)
    app = WizardApp(desk, alone=alone, watching=watching, tutor=tutor)
    code = app.run()
    if app.trouble is not None:
        raise app.trouble
    return code or 0
