"""The way back to before a checkpoint, taken: what is planned is shown, approved, and made."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from wizard import planning, preflight
from wizard.changes import Workshop
from wizard.checkpoint import Checkpoint, Checkpoints
from wizard.plan import Packages, Plan
from wizard.redact import Redactor
from wizard.stages.model import Stage
from wizard.state import State
from wizard.transaction import Transaction
from wizard.undoing import Undoing, undoing

Approve: TypeAlias = Callable[[Plan], bool]


@dataclass
class WayBack:
    """Goes back, under the lock that the caller holds."""

    state: State
    shop: Workshop
    redactor: Redactor
    run: str
    stages: tuple[Stage, ...]
    changed: int = 0
    """How many changes were made."""

    def to(self, name: str, overwrite: Iterable[str], approve: Approve, *, packages: bool = False) -> bool:
        """Go back to before a checkpoint.

        Args:
            name: its name or number; the newest if it is empty.
            overwrite: paths that somebody else has changed since, and whose newer contents may be lost.
            approve: asked whether it may be done.
            packages: whether packages that were installed since are to be removed.

        Returns:
            Whether it was approved and is done.

        Raises:
            RefusedError: nothing was touched; there is no such checkpoint, or nothing to go back to.
            ChangeError: a change failed and was put back.
        """
        known = Checkpoints(self.state.checkpoints)
        paths = tuple(overwrite)
        found = undoing(known.find(name), known.all(), self.shop.host, paths, remove=packages)
        if found.plan.packages:
            if not self._install_again(found, approve):
                return False
            found = undoing(found.target, known.all(), self.shop.host, paths, remove=packages)
        for conflict in found.conflicts:
            self.shop.emit("note", text=f"{conflict.path} stays: somebody else has changed it since")
        for text in found.kept:
            self.shop.emit("note", text=text)
        return self.take(found, approve)

    def take(self, found: Undoing, approve: Approve) -> bool:
        """Make an undo's plan, if it is approved; raises as `to`."""
        planning.learn_plan(found.plan, self.redactor)
        if not self._approved(found.plan, approve):
            return False
        transaction = Transaction(self.state, self.shop, self.run)
        removals = [change for change in found.plan.changes if isinstance(change, Packages)]
        others = tuple(change for change in found.plan.changes if not isinstance(change, Packages))
        if others:
            transaction.apply(Plan(found.plan.stage, others), "undo", found.undoes)
        for change in removals:  # what has its configuration back is stopped and removed by its own scripts
            transaction.remove(change, self._undone(found, lambda each: bool(each.packages)))
        self.changed += len(found.plan.changes)
        return True

    def _install_again(self, found: Undoing, approve: Approve) -> bool:
        """Install what was removed since; the rest can be planned only when it is there."""
        first = tuple(change for change in found.plan.changes if isinstance(change, Packages) and not change.remove)
        if not self._approved(Plan(found.plan.stage, first), approve):
            return False
        preflight.require_system(self.shop.host)
        for change in first:
            Transaction(self.state, self.shop, self.run).install(change, self._undone(found, _removes))
        self.changed += len(first)
        return True

    def _approved(self, plan: Plan, approve: Approve) -> bool:
        """Show a plan and ask; an empty one needs no answer."""
        self.shop.emit("plan.made", stage=plan.stage, name=self.stages[plan.stage - 1].name, changes=plan.data())
        if not plan or approve(plan):
            return True
        self.shop.emit("note", text="going back was declined; nothing was changed")
        return False

    def _undone(self, found: Undoing, wanted: Callable[[Checkpoint], bool]) -> tuple[str, ...]:
        """Name those of the checkpoints that are gone back to before that are wanted."""
        known = Checkpoints(self.state.checkpoints).all()
        return tuple(each.name for each in known if each.name in found.undoes and wanted(each))


def _removes(checkpoint: Checkpoint) -> bool:
    return any(isinstance(change, Packages) for change in checkpoint.changes)
