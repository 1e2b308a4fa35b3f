"""One execution: plan, apply and check stages in order, and let nobody pass the gate too early."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from wizard import causes, check, drift, inherited, planning, preflight, putback, services, session
from wizard.changes import Workshop
from wizard.check import CheckResult, Outcome
from wizard.checkpoint import Checkpoints
from wizard.errors import AnswerError, ChangeError, UnseenError, WizardError
from wizard.events import Emit
from wizard.host import Host
from wizard.logs import Logs
from wizard.mailman.effective import Effective
from wizard.plan import MailmanObject, Packages, Plan, Service
from wizard.probes import accounts, inventory, remains
from wizard.probes.bench import Bench
from wizard.probes.ledger import Ledger
from wizard.redact import Redactor
from wizard.scene import Scene
from wizard.session import Session, Verified
from wizard.site import Site
from wizard.stages.model import Stage
from wizard.state import State
from wizard.trace.passage import Passages
from wizard.transaction import Transaction
from wizard.undoing import undoing
from wizard.wayback import Approve, WayBack

ROUNDS = 3
"""Plans made for one stage at most: packages first, then what can be planned only when they are there."""
NEEDS = {False: frozenset({services.POSTFIX}), True: frozenset({services.POSTFIX, services.MAILMAN})}
"""The services without which the first stage cannot work, and the others."""
ANSWERING = 2
"""The stage that shows that Mailman answers: what could not be removed from it before can be now."""


@dataclass(frozen=True, slots=True)
class StageResult:
    """How a stage's checks ended."""

    stage: Stage
    outcome: Outcome
    seconds: float
    checks: tuple[CheckResult, ...]

    def data(self) -> dict[str, object]:
        """Return it as the command line's JSON has it."""
        return {
            "stage": self.stage.number,
            "name": self.stage.name,
            "outcome": str(self.outcome),
            "seconds": round(self.seconds, 3),
            "checks": [result.data() for result in self.checks],
        }


@dataclass
class Engine:
    """Runs stages on one machine, under the lock that the caller holds."""

    site: Site
    host: Host
    state: State
    emit: Emit
    redactor: Redactor
    run: str
    stages: tuple[Stage, ...]
    directory: Path
    """The run's own, for transcripts."""
    unanswered: tuple[str, ...] = ()
    """Keys of answers that lists may say which were there before; see `wizard.inherited.met`."""

    def __post_init__(self) -> None:
        self._results: dict[int, StageResult] = {}
        self._proven: dict[int, Mapping[str, str]] = {}
        self._ledger = Ledger(self.state.ledger)
        self._logs = Logs.begin(self.host)
        self._bench = Bench(self.site, self.host, self._ledger, self.emit)
        self._effective = Effective()
        self._passages = Passages(self.host, self.site, self._logs, self.emit)
        self._shop = Workshop(self.host, self.emit, self.directory / "packages.log")
        self._way_back = WayBack(self.state, self._shop, self.redactor, self.run, self.stages)
        self._changed = 0
        self._taken: dict[int, list[str]] = {}
        """The checkpoints of this run, by stage."""
        self._worked: set[int] = set()
        """The stages that worked before this run changed something in them."""
        self._ran: frozenset[str] = frozenset()
        """The services that ran when it began."""

    @property
    def results(self) -> tuple[StageResult, ...]:
        """The newest result of every stage that was checked, in order."""
        return tuple(self._results[number] for number in sorted(self._results))

    @property
    def changed(self) -> int:
        """How many changes were made."""
        return self._changed + self._way_back.changed

    def apply(self, first: int, last: int, approve: Approve) -> bool:
        """Plan, apply and check stages `first` to `last`; those before are checked, and must pass.

        Returns:
            Whether every stage up to `last` is proven, in this run, on the configuration as it is now.

        Raises:
            RefusedError: nothing was touched.
            ChangeError: a change failed and was put back.
        """
        putback.recover(self._shop, self.state)
        self._ran = frozenset(name for name in NEEDS[True] if services.running(self.host, name))
        preflight.require_ports(self.host, self.site)
        problems = accounts.taken(self.site)
        if problems:
            raise AnswerError(problems)
        for stage in self.stages[first - 1 : last]:
            stage.require(self.site, self.host)
        self._sweep()
        try:
            return all(self._take(stage, first, approve) for stage in self.stages[:last])
        finally:
            self._forget()
            self._bench.clear()

    def _take(self, stage: Stage, first: int, approve: Approve) -> bool:
        if not self._prove_up_to(stage.number - 1):
            return False
        if stage.number < first:
            return self._prove_up_to(stage.number)
        if stage.number > ANSWERING:
            self.site = inherited.met(self.site, self.host, self.state.inherited, self.unanswered, self._note)
        before = session.load(self.state.session)
        if not self._apply(stage, approve):
            return False
        if self._prove_up_to(stage.number):
            return True
        self._offer_the_way_back(stage, before, approve)
        return False

    def _note(self, text: str) -> None:
        self.emit("note", text=text)

    def _works(self, stage: Stage, plan: Plan) -> bool:
        """Tell whether a stage works now, before its plan is made; it is looked at only if that may be so."""
        if any(isinstance(change, MailmanObject) and change.what == "list" for change in plan.changes):
            return False  # what its proof needs is yet to be made
        if all(isinstance(change, Service) and change.action == "enable" for change in plan.changes):
            return False  # that breaks nothing, and stage 6, which wants it, is not looked at without a restart
        known = self._known(stage)
        if known is not None:
            return known
        if not self._ran >= NEEDS[stage.number > 1]:
            return False
        self.emit("note", text=f"stage {stage.number} is checked before it is changed, to know whether it works")
        if self._check(stage):
            return True
        # What its probes left under way is not to be met by the check after the change.
        self._bench.clear()
        self._bench = Bench(self.site, self.host, self._ledger, self.emit)
        return False

    def _known(self, stage: Stage) -> bool | None:
        """Tell whether a stage worked when it was last checked; None if the server is not as it was then."""
        last = session.load(self.state.session).stages.get(stage.number)
        now = session.chosen(session.parts(self.host, self.site), stage.depends)
        if last is None or last.parts == now:
            return None if last is None else last.passed
        # With other answers: a server that worked with those does, and one that did not may do so with these.
        return True if last.passed and session.of_server(last.parts) == session.of_server(now) else None

    def _offer_the_way_back(self, stage: Stage, before: Session, approve: Approve) -> None:
        """Go back to before a stage's plan if it broke what worked, and if that is approved.

        Raises:
            ChangeError: it was done.
        """
        broken = next(each for each in self.stages[: stage.number] if each.number not in self._proven)
        taken = self._taken.get(stage.number)
        failed = self._results[broken.number].outcome is Outcome.FAIL
        if not taken or not failed or (broken is stage and stage.number not in self._worked):
            return
        known = Checkpoints(self.state.checkpoints)
        found = undoing(known.find(taken[0]), known.all(), self.host)
        reason = f"stage {broken.number} ({broken.name}) worked before these changes and fails with them"
        if not self._way_back.take(found.because(reason), approve):
            return
        self._remember(before)
        raise ChangeError(f"{reason}; what this run had changed in stage {stage.number} was put back")

    def _remember(self, before: Session) -> None:
        """Let the proofs of before hold again where they are of the configuration that is back."""
        now = session.parts(self.host, self.site)
        known = session.load(self.state.session)
        for stage in self.stages:
            old = before.stages.get(stage.number)
            if old is not None and old.parts == session.chosen(now, stage.depends):
                known = known.record(old)
        session.save(known, self.state.session)

    def check(self, first: int, last: int) -> bool:
        """Run the checks of stages `first` to `last`, ending at the first that does not pass.

        Returns:
            Whether all of them passed.
        """
        self._recover()
        try:
            return all(self._check(stage) for stage in self.stages[first - 1 : last])
        finally:
            self._bench.clear()

    def undo(self, name: str, overwrite: Iterable[str], approve: Approve, *, packages: bool = False) -> bool:
        """Go back to before a checkpoint; see `WayBack.to`."""
        self._recover()
        planning.learn(self.site, self.host, self.redactor)
        try:
            return self._way_back.to(name, overwrite, approve, packages=packages)
        finally:
            self._forget()

    def _forget(self) -> None:
        """Let the server's own answers be looked for anew where nothing that was changed is there any more."""
        if not Checkpoints(self.state.checkpoints).standing():
            inherited.forget(self.state.inherited)

    def gate(self, number: int) -> bool:
        """Tell whether a stage may be applied: all before it are proven on the configuration as it is now."""
        now = session.parts(self.host, self.site)
        return all(self._is_proven(stage, now) for stage in self.stages[: number - 1])

    def _prove_up_to(self, number: int) -> bool:
        """Check what is not proven on the present configuration, in order; a change may have made it so."""
        for stage in self.stages[:number]:
            if stage.number in self._proven and not self._is_proven(stage, session.parts(self.host, self.site)):
                self.emit("note", text=f"stage {stage.number} is proven again: what it stands on has changed since")
            if not self._is_proven(stage, session.parts(self.host, self.site)) and not self._check(stage):
                return False
        return self.gate(number + 1)

    def _is_proven(self, stage: Stage, now: Mapping[str, str]) -> bool:
        return self._proven.get(stage.number) == session.chosen(now, stage.depends)

    def _apply(self, stage: Stage, approve: Approve) -> bool:
        """Apply a stage's plan; False if it was not approved.

        Raises:
            ChangeError: also if the gate is shut, whoever asks.
        """
        if not self.gate(stage.number):
            raise ChangeError(f"stage {stage.number} is shut: a stage before it is not proven")
        for _ in range(ROUNDS):
            plan = self._plan(stage)
            self.emit("plan.made", stage=stage.number, name=stage.name, changes=plan.data())
            if not plan:
                return True
            if stage.number not in self._taken and not plan.packages and self._works(stage, plan):
                self._worked.add(stage.number)
            if not approve(plan):
                self.emit("note", text=f"the plan of stage {stage.number} was declined; none of it was applied")
                return False
            self._proven.pop(stage.number, None)  # it may have been looked at before it is changed
            self._make(plan)
        left = self._plan(stage)
        if left:
            raise ChangeError(f"stage {stage.number} still wants changes after {ROUNDS} rounds:\n{left.text()}")
        return True

    def _plan(self, stage: Stage) -> Plan:
        return planning.make(stage, self.site, self.host, self.redactor, session.load(self.state.session))

    def _make(self, plan: Plan) -> None:
        """Make the plan's changes; where packages come first, only those: the rest is planned anew then."""
        inherited.remember(self.host, self.site, self.state.inherited)
        transaction = Transaction(self.state, self._shop, self.run)
        first = [change for change in plan.changes if isinstance(change, Packages)]
        if first:
            preflight.require_system(self.host)
        for change in first:
            transaction.install(change)
        if not first:
            self._taken.setdefault(plan.stage, []).append(transaction.apply(plan).name)
        self._changed += len(first or plan.changes)

    def _check(self, stage: Stage) -> bool:
        self.emit("stage.started", stage=stage.number, name=stage.name)
        before = session.chosen(session.parts(self.host, self.site), stage.depends)
        self._tidy(self._bench.refresh)
        scene = self.scene(stage)
        results = check.run_checks(
            stage.checks,
            scene,
            self.emit,
            stage=stage.number,
            words=scene.words,
            doctor=causes.told,
        )
        self._tidy(self._bench.reset)
        after = session.chosen(session.parts(self.host, self.site), stage.depends)
        result = _judge(stage, results)
        passed = result.outcome is Outcome.PASS and before == after
        if before != after:
            changed = ", ".join(name for name in after if after[name] != before[name])
            self.emit("note", text=f"stage {stage.number} is not verified: while it was checked, {changed} changed")
        self._record(result, after, passed=passed)
        if passed and stage.number == ANSWERING:
            self._sweep()
        return passed

    def scene(self, stage: Stage) -> Scene:
        """Give what the checks of a stage look at."""
        return Scene(
            stage=stage.number,
            site=self.site,
            host=self.host,
            emit=self.emit,
            redactor=self.redactor,
            bench=self._bench,
            effective=self._effective,
            logs=self._logs,
            passages=self._passages,
            residue=self._inventory(),
        )

    def _inventory(self) -> inventory.Inventory:
        """List what is there but for the probes; empty if it cannot be seen, which stage 6 does not let pass."""
        try:
            return inventory.without(inventory.take(self.host), self._bench.token)
        except WizardError:
            return {}

    def _tidy(self, do: Callable[[], None]) -> None:
        try:
            do()
        except (WizardError, UnseenError, OSError) as error:
            self.emit("note", text=f"the bench of probes: {error}")

    def _record(self, result: StageResult, parts: Mapping[str, str], *, passed: bool) -> None:
        number = result.stage.number
        self._results[number] = result
        if passed:
            self._proven[number] = parts
        else:
            self._proven.pop(number, None)
        known = session.load(self.state.session)
        at = self.host.now().isoformat(timespec="seconds")
        settings = drift.settings(self.host) if passed else {}
        verified = Verified(number, at, self.run, passed, parts, settings)
        session.save(known.record(verified), self.state.session)
        versions = {name: parts[name] for name in session.PACKAGES if name in parts}
        self.emit("stage.finished", **result.data(), verified=passed, packages=versions)

    def _recover(self) -> None:
        """Put back what a killed run was changing, and remove what its probes have left."""
        putback.recover(self._shop, self.state)
        self._sweep()

    def _sweep(self) -> None:
        remains.sweep(self.host, self._ledger, self.emit, but=self._bench.token)


def _judge(stage: Stage, results: tuple[CheckResult, ...]) -> StageResult:
    """A stage passes only if it has checks and every one of them passed; else the worst outcome is its own."""
    outcomes = [result.outcome for result in results]
    worst = next((each for each in (Outcome.FAIL, Outcome.UNKNOWN, Outcome.SKIP) if each in outcomes), Outcome.PASS)
    outcome = worst if outcomes else Outcome.UNKNOWN
    return StageResult(stage, outcome, sum(result.seconds for result in results), results)
