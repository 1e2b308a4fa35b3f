"""One call of the program, as its commands take it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from wizard.arguments import hide
from wizard.desk import Desk
from wizard.present import Presenter
from wizard.site import DEFAULT_PATH, Site, load
from wizard.state import State


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

        Raises:
            AnswerError: one of them is wrong.
        """
        named = self.options.answers
        made = Desk(
            path=Path(named or DEFAULT_PATH),
            overrides=self.options.set or (),
            required=named is not None,
            state=self.state,
            program=self.program,
            looking=looking,
        )
        hide(made.site.secrets())
        return made

    @property
    def site(self) -> Site:
        """Load the answers; a secret among the arguments is hidden from ps(1) then.

        Raises:
            AnswerError: one of them is wrong.
        """
        named = self.options.answers
        site = load(Path(named or DEFAULT_PATH), self.options.set or (), required=named is not None)
        hide(site.secrets())
        return site
