"""A plan applied as a whole: recorded, validated, made, or put back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from wizard import changes, checkpoint, packages, putback, scratch, services, staging, wait
from wizard.changes import Workshop
from wizard.checkpoint import Checkpoint, Checkpoints, Journal, Kind, Saved, ServiceWas
from wizard.errors import ChangeError, CommandError, WizardError
from wizard.host import Host
from wizard.mailman import cfg
from wizard.plan import Access, Change, Directory, File, Packages, Plan, Rebuild, Service
from wizard.state import State


class Transaction:
    """Applies plans on one machine, under the lock that the caller holds."""

    def __init__(self, state: State, shop: Workshop, run: str) -> None:
        self._checkpoints = Checkpoints(state.checkpoints)
        self._shop = shop
        self._run = run

    def apply(self, plan: Plan, kind: Kind = "apply", undoes: Iterable[str] = ()) -> Checkpoint:
        """Make all changes of a plan, in order.

        Args:
            plan: what is to be made.
            kind: whether it sets a stage up, or goes back.
            undoes: the checkpoints that it goes back to before.

        Returns:
            The checkpoint that goes back to before it.

        Raises:
            ChangeError: one could not be made; all were put back, or the message names what was not.
            RefusedError: it was refused before anything was touched.
        """
        files = tuple(change for change in plan.changes if isinstance(change, File) and not change.preview)
        validate(self._shop.host, files)
        taken = self._record(plan, files, kind, tuple(undoes))
        journal = self._checkpoints.take(taken)
        begun: set[int] = set()
        idle: set[int] = set()
        try:
            for number, change in enumerate(plan.changes):
                journal.begins(number)
                with _unless_untouched(begun, number, change):
                    if not self._make(change):
                        journal.idle(number)
                        idle.add(number)
                if isinstance(change, Rebuild) and change.makes:
                    journal.became({str(path): _digest(self._shop.host, path) for path in change.makes})
            journal.ends("made")
        except BaseException as error:
            reason = str(error) or "the run was told to stop"
            self._shop.emit("change.failed", stage=plan.stage, error=reason)
            so_far = replace(taken, begun=frozenset(begun), idle=frozenset(idle))
            left = putback.put_back(self._shop, so_far, journal)
            if not isinstance(error, WizardError | OSError | wait.LimitError | KeyboardInterrupt):
                raise  # a defect is reported as one, now that nothing is half-done
            raise ChangeError(f"{reason}\n{_ending(left)}") from error
        return taken

    def install(self, change: Packages, undoes: Iterable[str] = ()) -> None:
        """Install packages; they are taken away again only when that is asked for.

        Args:
            change: which.
            undoes: the checkpoints that took them away.

        Raises:
            RefusedError: nothing was changed.
            ChangeError: the installation failed when it had begun; the message says what to do.
        """
        taken = replace(self._empty(change.stage), packages=change.names, undoes=tuple(undoes))
        journal = self._checkpoints.take(taken)
        before = packages.all_installed(self._shop.host)
        self._drive(change, journal)
        new = packages.all_installed(self._shop.host) - before - {*change.names}
        journal.brought(sorted(new))
        journal.ends("made")

    def remove(self, change: Packages, undoes: Iterable[str]) -> None:
        """Remove packages that were installed for a plan; otherwise as `install`.

        Args:
            change: which.
            undoes: the checkpoints that this goes back to before.
        """
        taken = replace(self._empty(change.stage), changes=(change,), kind="undo", undoes=tuple(undoes))
        journal = self._checkpoints.take(taken)
        journal.begins(0)
        self._drive(change, journal)
        journal.ends("made")

    def _drive(self, change: Packages, journal: Journal) -> None:
        try:
            self._make(change)
        except CommandError as error:
            self._shop.emit("change.failed", stage=change.stage, error=str(error))
            journal.ends("left", [str(error)])
            raise ChangeError(str(error)) from error
        except WizardError:
            journal.ends("put back")
            raise

    def _make(self, change: Change) -> bool:
        """Make one change; tell whether there was anything to do."""
        about = {"stage": change.stage, "change": change.kind, "target": change.target}
        self._shop.emit("change.started", **about)
        made = changes.make(self._shop, change)
        self._shop.emit("change.finished", **about, diff=change.diff())
        return made

    def _empty(self, stage: int) -> Checkpoint:
        """Give the next checkpoint, before anything is recorded in it."""
        now = self._shop.host.now()
        return Checkpoint(self._checkpoints.name(stage, now), now.isoformat(timespec="seconds"), stage, self._run)

    def _record(self, plan: Plan, files: Iterable[File], kind: Kind, undoes: tuple[str, ...]) -> Checkpoint:
        host = self._shop.host
        compiled = [path for change in plan.changes if isinstance(change, Rebuild) for path in change.makes]
        named = dict.fromkeys(change.target for change in plan.changes if isinstance(change, Service))
        return replace(
            self._empty(plan.stage),
            files=(*(_saved(host, file) for file in files), *(checkpoint.saved(host, path, "") for path in compiled)),
            changes=plan.changes,
            services={name: ServiceWas(services.running(host, name), services.boots(host, name)) for name in named},
            kind=kind,
            undoes=undoes,
        )


@contextmanager
def _unless_untouched(begun: set[int], number: int, change: Change) -> Iterator[None]:
    """Add a change to those that have to be put back, unless it fails and has done nothing."""
    begun.add(number)  # before it begins: the run may be told to stop at any moment
    try:
        yield
    except Exception as error:
        if not _halfway(change, error):
            begun.discard(number)
        raise


def _halfway(change: Change, error: Exception) -> bool:
    """Tell whether a change that fails may have done something: a rename, say, before a directory could be synced."""
    if isinstance(change, File):
        return not isinstance(error, ChangeError)  # it was refused
    return isinstance(change, Service | Directory | Access)


def _saved(host: Host, file: File) -> Saved:
    return checkpoint.saved(host, file.path, checkpoint.digest(file.after))


def _digest(host: Host, path: Path) -> str | None:
    return checkpoint.digest(None if host.state(path) is None else host.read(path))


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
    with scratch.directory() as directory:
        staged = directory / cfg.PATH.name
        host.write(staged, content, mode=cfg.MODE, owner=cfg.OWNER, group=cfg.GROUP)
        # The directory is root's alone (0700): open it for the one group that must get to the file.
        host.run(["chgrp", cfg.GROUP, str(directory)]).require()
        directory.chmod(0o710)
        ended = host.run(["mailman", "-C", str(staged), "conf", "-s", "mta"], user=cfg.USER)
    if not ended.ok:
        raise ChangeError(f"Mailman refuses the new {cfg.PATH}: {ended.said}")
