"""What a face of the wizard can do: look at where the stages stand, save answers, start runs and answer them."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from wizard import controls, wait
from wizard.desk import seat
from wizard.desk.seat import Place, Seat
from wizard.desk.standing import About, Standing
from wizard.errors import RefusedError
from wizard.events import Event
from wizard.host import Host
from wizard.localhost import LocalHost
from wizard.state import State

if TYPE_CHECKING:
    from wizard.desk.answers import Form
    from wizard.desk.tail import Tail
    from wizard.desk.work import Work

SHELL = "/bin/bash"


@dataclass
class Desk:
    """One terminal's side of the engine. What it does blocks; a screen calls it in a thread."""

    path: Path
    """site.toml."""
    overrides: Sequence[str] = ()
    """``KEY=VALUE`` of the command line; they win over the file, and are written to it when answers are saved."""
    required: bool = False
    """Whether site.toml must be there."""
    state: State = field(default_factory=State)
    host: Host = field(default_factory=LocalHost)
    program: Sequence[str] = controls.PROGRAM
    looking: bool = False
    """Whether this terminal only looks on, and leaves the controls to whoever has them."""

    def __post_init__(self) -> None:
        self.state.prepare()
        self._seat = None if self.looking else Seat(self.state.root)
        self._loading = threading.Lock()
        self._loaded: Work | None = None

    @property
    def _work(self) -> Work:
        """The engine, loaded when it is first asked for: no face waits for that before it shows itself."""
        with self._loading:
            if self._loaded is None:
                from wizard.desk.work import Work  # noqa: PLC0415 (see above)

                self._loaded = Work(self.path, tuple(self.overrides), self.state, self.host, required=self.required)
            return self._loaded

    @property
    def in_control(self) -> bool:
        """Whether this terminal may change anything."""
        return self._seat is not None and self._seat.held

    def take_over(self) -> None:
        """Take the controls from whoever has them.

        Raises:
            OSError: that cannot be written down.
        """
        if self._seat is not None:
            self._seat.take()

    def recall(self) -> tuple[Place, str]:
        """Return where somebody was when the last screen ended, and what is to be said if that file is damaged."""
        return seat.recall(self.state.root)

    def remember(self, place: Place) -> None:
        """Keep where somebody is, if this terminal has the controls."""
        if self.in_control:
            seat.remember(self.state.root, place)

    def about(self) -> About:
        """Tell what is known without looking at the server.

        Raises:
            AnswerError: an answer in site.toml is wrong; so it is with all that needs the answers.
        """
        return self._work.about()

    def standing(self) -> tuple[Standing, ...]:
        """Tell where the six stages stand on the configuration as it is now.

        Raises:
            OSError: it cannot be read.
        """
        return self._work.standing()

    def form(self, drafts: Mapping[str, str]) -> Form:
        """Return the answers with the server's present values beside them."""
        return self._work.form(drafts)

    def save(self, form: Form) -> None:
        """Write the form's answers to site.toml.

        Raises:
            AnswerError: one is wrong.
            RefusedError: it cannot be written, or another terminal has the controls.
        """
        self._require_control()
        self._work.save(form)

    def plan(self, stage: int) -> str:
        """Return what a stage would change now, as a diff without secrets; empty if nothing.

        Raises:
            WizardError: the machine's configuration cannot be read.
        """
        return self._work.plan(stage)

    def start(self, command: controls.Command, first: int, last: int) -> Path:
        """Start a run; plans wait for `answer`.

        Raises:
            RefusedError: another terminal has the controls.
            AnswerError: the subscribers named for the checks are not users of this machine.
            OSError: it could not be started.
        """
        self._require_control()
        return controls.start(self.state, self._work.request(command, first, last), self.program)

    def answer(self, directory: Path, question: int, *, approve: bool) -> None:
        """Answer a plan that waits.

        Raises:
            RefusedError: another terminal has the controls.
        """
        self._require_control()
        controls.answer(directory, question, approve=approve)

    def stop(self, directory: Path) -> None:
        """Ask a run to stop and put back what it was changing.

        Raises:
            RefusedError: another terminal has the controls.
        """
        self._require_control()
        controls.stop(directory)

    def foremost(self) -> Path | None:
        """Name the run that goes on, or else the newest; None if there never was one."""
        return controls.foremost(path for path in self.state.runs.glob("*") if path.is_dir())

    def news(self, ended: Callable[[], bool]) -> Iterator[tuple[bool, Path | None]]:
        """Give who has the controls (whether this terminal) and the run to show, at once and when either changes.

        Args:
            ended: whether nobody wants to know any more.
        """
        before: tuple[bool, Path | None] | None = None
        for _ in wait.wakings((self.state.root, self.state.runs)):
            if ended():
                return
            now = self.in_control, self.foremost()
            if now != before:
                before = now
                yield now

    def lives(self, directory: Path) -> bool:
        """Tell whether a run goes on."""
        return controls.lives(directory)

    def follow(self, directory: Path) -> Iterator[Event]:
        """Give the events of a run, from its first to its end, as they come."""
        return controls.follow(directory)

    def report(self) -> str:
        """Return a report as Markdown; where it was saved comes first.

        Where all six stages are verified, it is that of the newest run that has verified them all, else of the newest
        that has ended.

        Raises:
            RefusedError: no run has ended yet.
            OSError: its log or the configuration cannot be read.
        """
        return self._work.report()

    def output(self, directory: Path) -> str:
        """Return what a run's process printed besides its events: something only if it was killed or has a defect."""
        try:
            return (directory / controls.OUTPUT).read_text(encoding="utf-8", errors="replace").strip()
        except OSError:
            return ""

    def tail(self) -> Tail:
        """Follow the mail logs."""
        return self._work.tail()

    def shell(self) -> int:
        """Give the terminal to a shell, and return its exit code."""
        return LocalHost().interact([os.environ.get("SHELL") or SHELL])

    def _require_control(self) -> None:
        if not self.in_control:
            raise RefusedError("another terminal has the controls; take them over first")
