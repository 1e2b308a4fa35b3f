"""A lab: a private copy of this machine, in which nothing that is done changes anything outside.

It has its own mounts (an overlay over the file system of each disk; what is written stays in memory),
network, processes, host name and IPC, and Postfix and Mailman on their real paths and ports. It is no wall
against a program that wants out: commands in it have root's capabilities.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

from wizard import program
from wizard.apt import Progress
from wizard.lab import cache, layer, mounts, preflight
from wizard.lab.cache import Recipe
from wizard.lab.namespace import Namespace
from wizard.lab.order import Order
from wizard.localhost import PATH

__all__ = ["Lab", "Progress", "Recipe", "run"]


class Lab(Namespace):
    """A running lab, kept warm for many commands."""

    order: Order
    """How it was built; of one that is bare there is none."""
    above: Path | None
    """As `start` was told."""

    @classmethod
    def start(
        cls,
        *,
        bare: bool = False,
        packages: Sequence[str] = (),
        recipe: Recipe | None = None,
        above: Path | None = None,
        progress: Progress | None = None,
    ) -> Self:
        """Start a lab.

        Args:
            bare: a plain copy of the machine, with the machine's network and without packages added, to try
                their installation out; copied mail that waits in queues is left out.
            packages: to be there besides Postfix and Mailman, unless it is bare. Each set of them is a layer.
            recipe: what else is to be done before, once for all labs.
            above: a layer of `save`, from a lab that was started with the same; nobody may remove it meanwhile.
            progress: told about what is made where it is not cached yet.

        Raises:
            RefusedError: this machine cannot hold a lab; the message says what is missing.
            CommandError: the packages could not be installed.
        """
        preflight.require_rights()
        present = mounts.of_this_machine()
        if bare:
            return cls.launch(Order(mounts=present, layers=(), network=True, terminal=_terminal()))
        with cache.held(present, packages, progress, recipe) as found:
            layers = (*([above] if above else []), *(each.path for each in found))
            order = Order(mounts=present, layers=tuple(map(str, layers)), network=False, terminal=_terminal())
            lab = cls.launch(order, pass_fds=[each.fd for each in found])
            lab.order, lab.above = order, above
            return lab

    def save(self, directory: Path) -> None:
        """Take a layer of what was done in the lab; nothing in it may run any more, and it is to be stopped then.

        Args:
            directory: where to; it is made. What was below it by `start`'s `above` goes into it.

        Raises:
            CommandError: the disk is full.
        """
        below = [Path(each) for each in self.order.layers]
        layer.save(self, self.order.mounts, below, directory, onto=self.above)


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
    own = program.own()
    with Lab.start(bare=bare, progress=progress) as lab:
        if Path(own).is_absolute() and shutil.which(program.NAME, path=PATH) is None:
            # For a shell, which has its own PATH.
            lab.run(["ln", "--symbolic", own, f"/usr/local/bin/{program.NAME}"])
        return lab.attach([own if argv[0] == program.NAME else argv[0], *argv[1:]])


def _terminal() -> str | None:
    for fd in range(3):
        with suppress(OSError):  # no terminal, or one whose device is not in this /dev
            return os.ttyname(fd)
    return None
