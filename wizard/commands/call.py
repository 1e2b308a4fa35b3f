"""One call of the program, as its commands take it."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from wizard.arguments import hide
from wizard.desk import Desk
from wizard.errors import RefusedError
from wizard.localhost import LocalHost
from wizard.present import Presenter
from wizard.state import ANSWERS, State

if TYPE_CHECKING:
    from wizard.inherited import Inherited
    from wizard.site import Site


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the program."""

    options: argparse.Namespace
    show: Presenter
    state: State
    program: Sequence[str]
    """What a run is started with; see `wizard.controls.start`."""

    def desk(self, *, looking: bool = False) -> Desk:
        """Sit down at the engine, with the answers as they are.

        Args:
            looking: whether only to look on.
        """
        return Desk(
            path=self._path,
            overrides=self._overrides,
            required=self.options.answers is not None,
            state=self.state,
            program=self.program,
            looking=looking,
        )

    @property
    def site(self) -> Site:
        """Load the answers; otherwise as `answers`."""
        return self.answers().site

    def answers(self) -> Inherited:
        """Load the answers, the server's own where none was given; a secret among the arguments is hidden from ps(1).

        Raises:
            AnswerError: one of them is wrong.
        """
        from wizard import inherited  # noqa: PLC0415 (the screens show themselves before they load it)
        from wizard.site import read  # noqa: PLC0415

        given = read(self._path, self._overrides, required=self.options.answers is not None)
        hide(given.site().secrets())
        found = inherited.settled(given, LocalHost(), self.state.inherited)
        site = found.site
        if self._path.exists() and self._path.stat().st_mode & 0o077:
            content = self._path.read_text(encoding="utf-8")
            if any(secret in content for secret in site.secrets()):
                words = "has a password in it, and others than root may read it"
                self.show.say(f"{self._path} {words}: chmod 600 {self._path}")
        return found

    @property
    def _overrides(self) -> Sequence[str]:
        return (*self.options.set, *self.options.more)

    @property
    def _path(self) -> Path:
        return Path(self.options.answers or ANSWERS)


def require_root() -> None:
    """Refuse anybody but root.

    Raises:
        RefusedError: the effective user is not root.
    """
    if os.geteuid() != 0:
        raise RefusedError("this needs root: it reads and changes the mail server; run it with sudo, or as root")
