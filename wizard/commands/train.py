"""``train``: lessons and drills in a lab of one's own; and the trainee's program within it."""

from __future__ import annotations

import os
from pathlib import Path

from wizard import i18n, program
from wizard.commands.call import Call
from wizard.commands.wizard import show
from wizard.errors import RefusedError
from wizard.localhost import PATH
from wizard.training.briefing import PLACE
from wizard.training.progress import Journal
from wizard.training.turn import Turn
from wizard.training.tutor import Tutor

SPOKEN = {"smtp": ("127.0.0.1", 25), "lmtp": ("127.0.0.1", 8024)}


def train(call: Call) -> int:
    """Do what is asked for.

    Raises:
        WizardError: it cannot be done; the message says why.
    """
    options = call.options
    i18n.use(i18n.wanted(options.lang))
    if options.inside is not None:
        return _inside(call, *options.inside)
    if options.speak is not None:
        from wizard.commands import lessons  # noqa: PLC0415 (see `_inside`)

        return lessons.speak(call, *SPOKEN[options.speak], lmtp=options.speak == "lmtp")
    from wizard.commands import courses  # noqa: PLC0415 (see `_inside`)

    return courses.train(call)


def _inside(call: Call, fd: int, turn: int) -> int:
    """Be the trainee's program in the lab.

    Raises:
        RefusedError: this is no session's lab.
    """
    if not PLACE.exists():
        raise RefusedError("--inside is for a session's own lab; 'mailman-wizard train' starts one")
    for each in (fd, turn):
        os.set_inheritable(each, False)  # noqa: FBT003 (its only argument)
    os.environ["PATH"] = f"{Path(program.own()).parent}:{os.environ.get('PATH', PATH)}"  # for the trainee's shell
    tutor = Tutor.sit_down(PLACE, Journal(fd), call.desk(), Turn(Path(f"/proc/self/fd/{turn}")))
    if call.options.plain:
        from wizard.commands import lessons  # noqa: PLC0415 (no screen waits for it, nor for the engine that it asks)

        return lessons.walk(call, tutor)
    return show(call, tutor.desk, alone=0 if tutor.drill else tutor.briefing.stage, tutor=tutor)
