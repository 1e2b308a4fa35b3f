"""What is killed, in a lab: ``python -m tests.transaction.driver apply | recover | undo``.

It is the engine's own transaction on the real server, without the checks around it, so that every call that it makes
to the file system is a step of it.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from types import FrameType

from wizard import planning, putback
from wizard.changes import Workshop
from wizard.checkpoint import Checkpoints
from wizard.errors import WizardError
from wizard.localhost import LocalHost
from wizard.plan import Plan
from wizard.redact import Redactor
from wizard.session import Session
from wizard.site import Site, changed
from wizard.stages import STAGES
from wizard.state import State
from wizard.transaction import Transaction
from wizard.undoing import undoing


def emit(_kind: str, /, **_data: object) -> None:
    """Tell nobody: events are another matter."""


def main(command: str) -> int:
    """Do it; exit code 0 if it is done, 4 if it failed and said so."""
    signal.signal(signal.SIGTERM, _stop)
    host, state = LocalHost(), State()
    shop = Workshop(host, emit, Path("/root/transcript"))
    state.prepare()
    try:
        with state.locked("driver"):
            putback.recover(shop, state)
            _do(command, host, state, shop)
    except (WizardError, OSError, KeyboardInterrupt) as error:
        sys.stdout.write(f"{error!r}\n")
        return 4
    return 0


def _stop(_signal: int, _frame: FrameType | None) -> None:
    """Stop as a run does that is told to."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt


def _do(command: str, host: LocalHost, state: State, shop: Workshop) -> None:
    transaction = Transaction(state, shop, "driver")
    if command == "apply":
        transaction.apply(_plan(host))
    elif command == "undo":
        known = Checkpoints(state.checkpoints)
        found = undoing(known.find(""), known.all(), host)
        transaction.apply(found.plan, "undo", found.undoes)


def _plan(host: LocalHost) -> Plan:
    """Plan stage 1 with mailboxes of another kind: one file changes, one comes, and Postfix is told."""
    site = changed(Site(), {"mail.mailbox": "maildir"})
    return planning.make(STAGES[0], site, host, Redactor(), Session())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
