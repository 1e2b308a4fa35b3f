"""A plan applied as a whole: recorded, validated, made, or put back."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterable
from pathlib import Path

from wizard import changes, checkpoint, staging, wait
from wizard.changes import Workshop
from wizard.errors import ChangeError, WizardError
from wizard.host import Host
from wizard.mailman import cfg
from wizard.plan import Change, File, Plan
from wizard.state import State


class Transaction:
    """Applies plans on one machine, under the lock that the caller holds."""

    def __init__(self, state: State, shop: Workshop, run: str) -> None:
        self._state = state
        self._shop = shop
        self._run = run

    def apply(self, plan: Plan) -> None:
        """Make all changes of a plan, in order.

        Raises:
            ChangeError: one could not be made; those before it were put back.
            RefusedError: it was refused before anything was touched.
        """
        files = tuple(change for change in plan.changes if isinstance(change, File) and not change.preview)
        validate(self._shop.host, files)
        saved = self._checkpoint(plan, files)
        done: list[Change] = []
        try:
            for change in plan.changes:
                self._make(change)
                done.append(change)
        except (WizardError, OSError, wait.LimitError, KeyboardInterrupt) as error:
            reason = str(error) or "the run was told to stop"
            self._shop.emit("change.failed", stage=plan.stage, error=reason)
            self._put_back(done, saved)
            raise ChangeError(f"{reason}\nEverything that this stage had changed was put back.") from error

    def _make(self, change: Change) -> None:
        about = {"stage": change.stage, "change": change.kind, "target": change.target}
        self._shop.emit("change.started", **about)
        changes.make(self._shop, change)
        self._shop.emit("change.finished", **about, diff=change.diff())

    def _checkpoint(self, plan: Plan, files: Iterable[File]) -> tuple[checkpoint.Saved, ...]:
        now = self._shop.host.now()
        name = f"{now:%Y%m%dT%H%M%SZ}-{plan.stage}-{secrets.token_hex(3)}"
        note = {"at": now.isoformat(), "stage": plan.stage, "run": self._run, "changes": _summary(plan)}
        directory = self._state.checkpoints / name
        return checkpoint.take(self._shop.host, directory, (file.path for file in files), note)

    def _put_back(self, done: list[Change], saved: tuple[checkpoint.Saved, ...]) -> None:
        """Undo what was done, the newest first; files last, from the checkpoint."""
        checkpoint.restore(self._shop.host, saved)
        for change in reversed(done):
            reverse = None if isinstance(change, File) else change.reverse()
            if reverse is None:
                continue
            try:
                changes.make(self._shop, reverse)
            except (WizardError, OSError, wait.LimitError) as error:
                self._shop.emit("change.failed", stage=change.stage, error=f"while putting back: {error}")


def validate(host: Host, files: Iterable[File]) -> None:
    """Let the programs that read the files judge them before they go live.

    Raises:
        ChangeError: one was refused; the message is the program's own.
    """
    contents = {file.path: file.after for file in files if file.after is not None}
    postfix = {path.name: content for path, content in contents.items() if path.parent == staging.POSTFIX}
    if postfix:
        staging.validate(host, postfix)
    if cfg.PATH in contents:
        _validate_mailman(host, contents[cfg.PATH])


def _validate_mailman(host: Host, content: bytes) -> None:
    """Let Mailman's own reader read the staged file, as the user it runs as."""
    with tempfile.TemporaryDirectory(prefix="mailman-wizard-") as directory:
        staged = Path(directory) / cfg.PATH.name
        host.write(staged, content, mode=cfg.MODE, owner=cfg.OWNER, group=cfg.GROUP)
        # The directory is root's alone (0700): open it for the one group that must get to the file.
        host.run(["chgrp", cfg.GROUP, directory]).require()
        Path(directory).chmod(0o710)
        ended = host.run(["mailman", "-C", str(staged), "conf", "-s", "mta"], user=cfg.USER)
    if not ended.ok:
        raise ChangeError(f"Mailman refuses the new {cfg.PATH}: {ended.said}")


def _summary(plan: Plan) -> list[dict[str, object]]:
    """What history shows; no content, because that may hold secrets."""
    return [{"kind": change.kind, "target": change.target} for change in plan.changes]
