"""A lab: a private copy of this machine, in which nothing that is done changes anything outside.

It has its own mounts (an overlay over the file system of each disk; what is written stays in memory),
network, processes, host name and IPC, and Postfix and Mailman on their real paths and ports. It is no wall
against a program that wants out: commands in it have root's capabilities.
"""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

from wizard.apt import Progress
from wizard.lab import cache, mounts, preflight
from wizard.lab.namespace import Namespace
from wizard.lab.order import Order
from wizard.localhost import PATH

__all__ = ["Lab", "Progress", "run"]

_NAME = "mailman-wizard"


class Lab(Namespace):
    """A running lab, kept warm for many commands."""

    @classmethod
    def start(cls, *, bare: bool = False, packages: Sequence[str] = (), progress: Progress | None = None) -> Self:
        """Start a lab.

        Args:
            bare: a plain copy of the machine, with the machine's network and without packages added, to try
                their installation out; copied mail that waits in queues is left out.
            packages: to be there besides Postfix and Mailman, unless it is bare. Each set of them is a layer.
            progress: told about the packages' installation where they are not cached yet.

        Raises:
            RefusedError: this machine cannot hold a lab; the message says what is missing.
            CommandError: the packages could not be installed.
        """
        preflight.require_rights()
        present = mounts.of_this_machine()
        if bare:
            return cls.launch(Order(mounts=present, layer=None, network=True, terminal=_terminal()))
        with cache.held(present, packages, progress) as found:
            order = Order(
                mounts=present,
                layer=None if found is None else str(found.path),
                network=False,
                terminal=_terminal(),
            )
            return cls.launch(order, pass_fds=() if found is None else (found.fd,))


def run(command: Sequence[str], *, bare: bool = False, progress: Progress | None = None) -> int:
    """Run a command in a lab of its own, on this process's terminal and streams.

    Args:
        command: program and arguments; none is the user's shell. This program's own name means this very
            installation of it, wherever that is.
        bare: as for `Lab.start`.
        progress: as for `Lab.start`.

    Returns:
        The command's exit code, or 128 and the signal that ended it.

    Raises:
        RefusedError: this machine cannot hold a lab; the message says what is missing.
        CommandError: the packages could not be installed.
    """
    argv = list(command) or [os.environ.get("SHELL", "/bin/sh")]
    program = _own_program()
    with Lab.start(bare=bare, progress=progress) as lab:
        if (
            Path(program).is_absolute() and shutil.which(_NAME, path=PATH) is None
        ):  # for a shell, which has its own PATH
            lab.run(["ln", "--symbolic", program, f"/usr/local/bin/{_NAME}"])
        return lab.attach([program if argv[0] == _NAME else argv[0], *argv[1:]])


def _own_program() -> str:
    """Find the command of this installation: as it was called, or where it was installed to."""
    called = Path(sys.argv[0])
    installed = Path(sysconfig.get_path("scripts"), _NAME)
    if called.name == _NAME and called.is_file():
        return str(called.resolve())
    return str(installed) if installed.is_file() else shutil.which(_NAME, path=PATH) or _NAME


def _terminal() -> str | None:
    for fd in range(3):
        with suppress(OSError):  # no terminal, or one whose device is not in this /dev
            return os.ttyname(fd)
    return None
