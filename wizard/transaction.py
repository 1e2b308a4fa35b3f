"""A plan applied as a whole: recorded, validated, made, or put back."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from wizard import changes, checkpoint, services, staging, wait
from wizard.changes import Workshop
from wizard.errors import ChangeError, CommandError, WizardError
from wizard.host import Host
from wizard.mailman import cfg
from wizard.plan import Change, Directory, File, Packages, Plan, Service
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
            ChangeError: one could not be made; all were put back, or the message names what was not.
            RefusedError: it was refused before anything was touched.
        """
        files = tuple(change for change in plan.changes if isinstance(change, File) and not change.preview)
        validate(self._shop.host, files)
        saved = self._checkpoint(plan, files)
        done: list[Change] = []
        try:
            for change in plan.changes:
                if self._make(change, done):
                    done.append(change)
        except BaseException as error:
            reason = str(error) or "the run was told to stop"
            self._shop.emit("change.failed", stage=plan.stage, error=reason)
            left = self._put_back(plan.stage, done, saved)
            if not isinstance(error, WizardError | OSError | wait.LimitError | KeyboardInterrupt):
                raise  # a defect is reported as one, now that nothing is half-done
            raise ChangeError(f"{reason}\n{_ending(left)}") from error

    def install(self, change: Packages) -> None:
        """Install packages; they are never taken away again, so there is nothing to put back.

        Raises:
            RefusedError: nothing was changed.
            ChangeError: the installation failed when it had begun; the message says what to do.
        """
        try:
            self._make(change, [])
        except CommandError as error:
            self._shop.emit("change.failed", stage=change.stage, error=str(error))
            raise ChangeError(str(error)) from error

    def _make(self, change: Change, done: list[Change]) -> bool:
        """Make one change; tell whether there is anything to put back that is not in `done` yet."""
        about = {"stage": change.stage, "change": change.kind, "target": change.target}
        self._shop.emit("change.started", **about)
        halfway = isinstance(change, Service | Directory)
        if halfway:  # one that fails may have come so far that it has to be put back as well
            done.append(change)
        made = changes.make(self._shop, change)
        self._shop.emit("change.finished", **about, diff=change.diff())
        return made and not halfway

    def _checkpoint(self, plan: Plan, files: Iterable[File]) -> tuple[checkpoint.Saved, ...]:
        now = self._shop.host.now()
        name = f"{now:%Y%m%dT%H%M%SZ}-{plan.stage}-{secrets.token_hex(3)}"
        note = {"at": now.isoformat(), "stage": plan.stage, "run": self._run, "changes": _summary(plan)}
        directory = self._state.checkpoints / name
        return checkpoint.take(self._shop.host, directory, (file.path for file in files), note)

    def _put_back(self, stage: int, done: list[Change], saved: tuple[checkpoint.Saved, ...]) -> tuple[str, ...]:
        """Undo what was done: files first, from the checkpoint, because services read them; then the newest first.

        Returns:
            What could not be put back, and why.
        """
        left: list[str] = []
        for one in saved:
            left += self._try(stage, one.path, partial(checkpoint.restore, self._shop.host, (one,)))
        for change in reversed(done):
            reverse = self._reverse(change)
            if reverse is not None:
                left += self._try(stage, change.target, partial(changes.make, self._shop, reverse))
        return tuple(left)

    def _reverse(self, change: Change) -> Change | None:
        """Give what undoes a change, if anything does, and is still needed."""
        reverse = None if isinstance(change, File) else change.reverse()
        stops = isinstance(reverse, Service) and reverse.action == "stop"
        return None if stops and not services.running(self._shop.host, change.target) else reverse

    def _try(self, stage: int, target: str, do: Callable[[], object]) -> tuple[str, ...]:
        try:
            do()
        except (WizardError, OSError, KeyError, wait.LimitError) as error:
            self._shop.emit("change.failed", stage=stage, error=f"while putting {target} back: {error}")
            return (f"{target}: {error}",)
        return ()


def _ending(left: tuple[str, ...]) -> str:
    if not left:
        return "Everything that this stage had changed was put back."
    return "\n".join(("Not everything could be put back; see to this by hand:", *left))


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
