"""The wizard itself: ``mailman-wizard`` and ``stage N``, on a full screen."""

from __future__ import annotations

import os
import sys

from wizard import preflight
from wizard.commands import plain
from wizard.commands.call import Call
from wizard.errors import AnswerError, Problem, RefusedError


def walk(call: Call) -> int:
    """Walk through the six stages, from the first that is not verified."""
    return _open(call, 0)


def stage(call: Call) -> int:
    """Open one stage alone."""
    return _open(call, call.options.number)


def _open(call: Call, alone: int) -> int:
    """Open the screens.

    Raises:
        RefusedError: there is no terminal that can show them.
    """
    preflight.require_root()
    if call.options.json:
        raise AnswerError((Problem("--json", "given", "for commands; the wizard is for a person"),))
    if call.options.plain:
        return plain.walk(call, alone)
    desk = call.desk()
    # Textual is imported when a screen is opened: no other command waits for it.
    from wizard.screens.app import WizardApp  # noqa: PLC0415
    from wizard.screens.terminal import Terminal  # noqa: PLC0415

    terminal = Terminal.of(os.environ)
    if not (sys.stdin.isatty() and sys.stderr.isatty() and terminal.full_screen):
        raise RefusedError(
            "this is no terminal that can show a full screen: 'mailman-wizard --plain' asks the same in plain lines"
        )
    return WizardApp(desk, alone=alone, terminal=terminal).run() or 0
