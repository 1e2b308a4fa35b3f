"""What a desk has the engine do; all of the engine is loaded with this, which a face's first look does not wait for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wizard import controls, inherited, planning, session, status
from wizard import report as reports
from wizard.arguments import hide
from wizard.controls import Request
from wizard.desk.answers import Form
from wizard.desk.present import present
from wizard.desk.standing import About, Ground, Proof, Standing
from wizard.desk.tail import Tail
from wizard.errors import RefusedError
from wizard.host import Host
from wizard.inherited import Inherited
from wizard.probes import accounts
from wizard.redact import Redactor
from wizard.site import Site, dumps, read, save
from wizard.stages import STAGES
from wizard.state import State


class Work:
    """The engine with one file of answers, on one machine."""

    def __init__(self, path: Path, overrides: tuple[str, ...], state: State, host: Host, *, required: bool) -> None:
        """Load the answers, and hide their secrets among this process's arguments.

        Raises:
            AnswerError: one of them is wrong.
        """
        answers = inherited.settled(read(path, overrides, required=required), host, state.inherited)
        self.site: Site = answers.site
        self._answers: Inherited | None = answers
        """Until answers are saved: what the form showed is written then."""
        hide(self.site.secrets())
        self._path, self._state, self._host = path, state, host
        self._redactor = Redactor()

    def about(self) -> About:
        """See `wizard.desk.Desk.about`."""
        grounds = tuple(
            Ground(stage.number, stage.depends, tuple(Proof(each.id, each.title, each.proves) for each in stage.checks))
            for stage in STAGES
        )
        return About(self.site.mail.hostname, grounds, session.set_aside(self._state.session))

    def standing(self) -> tuple[Standing, ...]:
        """See `wizard.desk.Desk.standing`."""
        rows: Any = status.status(self.site, self._host, self._state)["stages"]
        return tuple(
            Standing(row["stage"], row["name"], row["state"], row["at"] or "", row["why"] or "") for row in rows
        )

    def form(self, drafts: Mapping[str, str]) -> Form:
        """See `wizard.desk.Desk.form`."""
        return Form.of(self.site, present(self._host, self.site), drafts)

    def save(self, form: Form) -> None:
        """See `wizard.desk.Desk.save`."""
        site = form.result()
        save(site, self._path, self._host)
        self.site = site
        self._answers = None

    def plan(self, stage: int) -> str:
        """See `wizard.desk.Desk.plan`."""
        if self._answers:
            self._answers.require()
        known = session.load(self._state.session)
        made = planning.make(STAGES[stage - 1], self.site, self._host, self._redactor, known)
        return self._redactor.text(made.text()) if made else ""

    def request(self, command: controls.Command, first: int, last: int) -> Request:
        """Make the request of a run whose plans wait for an answer.

        Raises:
            AnswerError: the subscribers named for the checks are not users of this machine.
        """
        accounts.named(self.site)
        if self._answers and command == "apply":
            self._answers.require()
        unanswered = self._answers.unanswered if self._answers else ()
        return Request(command, first, last, approved=False, site=dumps(self.site), unanswered=unanswered)

    def report(self) -> str:
        """See `wizard.desk.Desk.report`."""
        runs = self._state.runs
        whole = all(each.state == "verified" for each in self.standing())
        directory = (reports.newest_whole(runs) if whole else None) or reports.newest(runs)
        if directory is None:
            raise RefusedError("no run has ended yet, so there is nothing to report")
        kept = (directory / reports.MARKDOWN).exists()
        saved = f"Saved in `{directory}` as {reports.MARKDOWN} and {reports.HTML}.\n\n" if kept else ""
        return saved + reports.markdown(reports.of(directory, self.site, self._state, host=self._host))

    def tail(self) -> Tail:
        """See `wizard.desk.Desk.tail`."""
        return Tail(self._host)
