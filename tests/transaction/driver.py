"""What is killed, in a lab: ``python -m tests.transaction.driver apply | configure | recover | undo``.

It is the engine's own transaction on the real server, without the checks around it, so that every call that it makes
to the file system is a step of it. With ``serve`` it waits for such words at a socket, and has a child of its own do
each: what takes longest, a Python that loads the engine, is then done once for the thousand trials of the crash suite.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Never

from wizard import planning, putback, run
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

CHANGES: Mapping[str, tuple[int, dict[str, str]]] = {
    "apply": (1, {"mail.mailbox": "maildir"}),
    "configure": (2, {"mailman.site_owner": "root@mail.local.edu"}),
}
"""Stage and answers; one file changes, one comes, and Postfix is told; one file changes, and Mailman starts anew."""


SOCKET = "root/driver.socket"
SAID = "root/driver"
"""What it has said last."""


def emit(_kind: str, /, **_data: object) -> None:
    """Tell nobody: events are another matter."""


def main(command: str) -> int:
    """Do it; exit code 0 if it is done, 4 if it failed and said so."""
    run.heed_signals()
    host, state = LocalHost(), State()
    shop = Workshop(host, emit, Path("/root/transcript"))
    try:
        state.prepare()
        with state.locked("driver"):
            putback.recover(shop, state)
            _do(command, host, state, shop)
    except (WizardError, OSError, KeyboardInterrupt) as error:
        sys.stdout.write(f"{error!r}\n")
        return 4
    return 0


def _do(command: str, host: LocalHost, state: State, shop: Workshop) -> None:
    transaction = Transaction(state, shop, "driver")
    if command in CHANGES:
        transaction.apply(_plan(host, *CHANGES[command]))
    elif command == "undo":
        known = Checkpoints(state.checkpoints)
        found = undoing(known.find(""), known.all(), host)
        transaction.apply(found.plan, "undo", found.undoes)


def serve() -> Never:
    """Do what is asked for, one after the other; answer with the child's process id, and then how it ended.

    The child stops itself before it begins, so that somebody can take hold of it; SIGCONT lets it go on.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        listening.bind(f"/{SOCKET}")
        listening.listen()
        while True:
            caller, _ = listening.accept()
            with caller, caller.makefile("rw", encoding="ascii") as words:
                command = words.readline().strip()
                child = os.fork()
                if not child:
                    _be_the_child(command)
                os.waitpid(child, os.WUNTRACED)
                print(child, file=words, flush=True)
                print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), file=words, flush=True)


def _be_the_child(command: str) -> None:
    said = os.open(f"/{SAID}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(said, 1)
    os.dup2(said, 2)
    code = 70
    try:
        os.kill(os.getpid(), signal.SIGSTOP)
        code = main(command)
    finally:
        sys.stdout.flush()
        os._exit(code)


def _plan(host: LocalHost, stage: int, answers: dict[str, str]) -> Plan:
    return planning.make(STAGES[stage - 1], changed(Site(), answers), host, Redactor(), Session())


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve()
    sys.exit(main(sys.argv[1]))
