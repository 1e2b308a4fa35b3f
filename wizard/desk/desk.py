"""What a face of the wizard can do: look at where the stages stand, save answers, start runs and answer them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from wizard import controls, planning, session, status, wait
from wizard import report as reports
from wizard.controls import Request
from wizard.desk import answers, seat
from wizard.desk.answers import Form
from wizard.desk.seat import Place, Seat
from wizard.desk.tail import Tail
from wizard.errors import RefusedError
from wizard.events import Event
from wizard.host import Host
from wizard.localhost import LocalHost
from wizard.probes import accounts
from wizard.redact import Redactor
from wizard.site import dumps, load, save
from wizard.stages import STAGES
from wizard.state import State

SHELL = "/bin/bash"


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one stage stands."""

    number: int
    name: str
    state: str
    """``verified``, ``stale``, ``failed``, ``open`` or ``shut``."""
    at: str = ""
    why: str = ""

    @property
    def words(self) -> str:
        """What it is, for a sentence about what keeps a gate shut."""
        return "not verified yet" if self.state == "open" else self.state


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
        self._redactor = Redactor()
        self._seat = None if self.looking else Seat(self.state.root)
        self.site = load(self.path, self.overrides, required=self.required)

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

    def recall(self) -> tuple[Place, tuple[str, ...]]:
        """Return where somebody was when the last screen ended, and what is to be said of damaged files."""
        place, said = seat.recall(self.state.root)
        return place, tuple(filter(None, (session.set_aside(self.state.session), said)))

    def remember(self, place: Place) -> None:
        """Keep where somebody is, if this terminal has the controls."""
        if self.in_control:
            seat.remember(self.state.root, place)

    def standing(self) -> tuple[Standing, ...]:
        """Tell where the six stages stand on the configuration as it is now.

        Raises:
            OSError: it cannot be read.
        """
        rows: Any = status.status(self.site, self.host, self.state)["stages"]
        return tuple(
            Standing(row["stage"], row["name"], row["state"], row["at"] or "", row["why"] or "") for row in rows
        )

    def form(self, drafts: Mapping[str, str]) -> Form:
        """Return the answers with the server's present values beside them."""
        return Form.of(self.site, answers.present(self.host), drafts)

    def save(self, form: Form) -> None:
        """Write the form's answers to site.toml.

        Raises:
            AnswerError: one is wrong.
            RefusedError: it cannot be written, or another terminal has the controls.
        """
        self._require_control()
        site = form.result()
        save(site, self.path, self.host)
        self.site = site

    def plan(self, stage: int) -> str:
        """Return what a stage would change now, as a diff without secrets; empty if nothing.

        Raises:
            WizardError: the machine's configuration cannot be read.
        """
        made = planning.make(STAGES[stage - 1], self.site, self.host, self._redactor)
        return self._redactor.text(made.text()) if made else ""

    def start(self, command: Literal["apply", "check"], first: int, last: int) -> Path:
        """Start a run; plans wait for `answer`.

        Raises:
            RefusedError: another terminal has the controls.
            AnswerError: the subscribers named for the checks are not users of this machine.
            OSError: it could not be started.
        """
        self._require_control()
        accounts.named(self.site)
        request = Request(command, first, last, approved=False, site=dumps(self.site))
        return controls.start(self.state, request, self.program)

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
        whole = all(each.state == "verified" for each in self.standing())
        directory = (reports.newest_whole(self.state.runs) if whole else None) or reports.newest(self.state.runs)
        if directory is None:
            raise RefusedError("no run has ended yet, so there is nothing to report")
        kept = (directory / reports.MARKDOWN).exists()
        saved = f"Saved in `{directory}` as {reports.MARKDOWN} and {reports.HTML}.\n\n" if kept else ""
        return saved + reports.markdown(reports.of(directory, self.site, self.state, host=self.host))

    def output(self, directory: Path) -> str:
        """Return what a run's process printed besides its events: something only if it was killed or has a defect."""
        try:
            return (directory / controls.OUTPUT).read_text(encoding="utf-8", errors="replace").strip()
        except OSError:
            return ""

    def tail(self) -> Tail:
        """Follow the mail logs."""
        return Tail(self.host)

    def shell(self) -> int:
        """Give the terminal to a shell, and return its exit code."""
        return LocalHost().interact([os.environ.get("SHELL") or SHELL])

    def _require_control(self) -> None:
        if not self.in_control:
            raise RefusedError("another terminal has the controls; take them over first")
