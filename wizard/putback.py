"""Putting back what a plan has changed, from its checkpoint: at once if it fails, else at the next start."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from wizard import atomic, changes, checkpoint, scratch, services, wait
from wizard.changes import Workshop
from wizard.checkpoint import Checkpoint, Checkpoints, Journal, Saved
from wizard.errors import ChangeError, RefusedError, WizardError
from wizard.host import Host
from wizard.plan import REVERSED, Change, File, Packages, Service
from wizard.state import State


def put_back(shop: Workshop, taken: Checkpoint, journal: Journal) -> tuple[str, ...]:
    """Undo what was done: files first, because services read them; then the rest, the newest first.

    It can be called again for one that it has put back in part.

    Returns:
        What could not be put back, and why. If a file could not be written, it is tried again at the next start.
    """
    left: list[_Left] = []
    for one in _files(taken):
        left += _try(shop, taken.stage, one.path, partial(_restore, shop.host, one))
    for change in reversed(taken.done):
        left += _try(shop, taken.stage, change.target, partial(_undo, shop, change, taken))
    texts = tuple(each.text for each in left)
    if not any(each.again for each in left):
        left += _try(shop, taken.stage, "the record of it", lambda: journal.ends("left" if left else "put back", texts))
    return tuple(each.text for each in left)


def recover(shop: Workshop, state: State) -> None:
    """Put back what runs that were killed had changed, and remove what they left; to be called at every start.

    A start that is killed itself is no harm: the next one does the same.

    Raises:
        RefusedError: a file could not be written, so nothing new is to be begun.
    """
    checkpoints = Checkpoints(state.checkpoints)
    checkpoints.tidy()
    for each in reversed(checkpoints.all()):
        if each.ending is not None:
            continue
        journal = checkpoints.journal(each)
        if each.packages:
            names = " ".join(each.packages)
            shop.emit("note", text=f"run {each.run} was killed while {names} was installed; 'apply' goes on with it")
            journal.ends("left", [f"{names}: the installation was interrupted"])
            continue
        if any(isinstance(change, Packages) for change in each.changes):
            shop.emit("note", text=f"run {each.run} was killed while it removed packages; 'undo --packages' goes on")
            journal.ends("left", ["the removal of packages was interrupted"])
            continue
        shop.emit("note", text=f"run {each.run} was killed in stage {each.stage}: what it had changed is put back")
        for one in each.files:
            atomic.tidy(Path(one.path))
        left = put_back(shop, _killed(each), journal)
        if checkpoints.find(each.name).ending is None:
            raise RefusedError("what a killed run had changed is not put back yet:\n" + "\n".join(left))
        for text in left:
            shop.emit("note", text=f"not put back, see to it by hand: {text}")
    atomic.tidy_directory(state.root)
    scratch.tidy()


def _killed(taken: Checkpoint) -> Checkpoint:
    """Let the services read what is put back also if the plan had not come to them.

    The machine may have been started anew since, and they with what was half made.
    """
    if not any(isinstance(change, File) for change in taken.done):
        return taken
    told = {number for number, change in enumerate(taken.changes) if isinstance(change, Service)}
    return replace(taken, begun=taken.begun | told)


def _files(taken: Checkpoint) -> Iterator[Saved]:
    """Give the files that may have been changed."""
    begun = {change.target for change in taken.done if isinstance(change, File)}
    made = {str(path) for change in taken.done if change.kind == "map" for path in change.makes}
    yield from (one for one in taken.files if one.path in begun | made)


def _restore(host: Host, one: Saved) -> None:
    """Bring a file back, unless somebody else has changed it since.

    Raises:
        ChangeError: somebody has; it stays.
        OSError: it could not be written; it stays.
    """
    path = Path(one.path)
    state = host.state(path)
    present = None if state is None else host.read(path)
    if one.becomes != "" and checkpoint.digest(present) not in {one.becomes, checkpoint.digest(one.bytes)}:
        raise ChangeError("somebody else has changed it meanwhile, so it stays as it is now")
    is_back = present == one.bytes and (
        state is None or (state.mode, state.owner, state.group) == (one.mode, one.owner, one.group)
    )
    if not is_back:
        checkpoint.restore(host, one)


def _undo(shop: Workshop, change: Change, taken: Checkpoint) -> None:
    reverse = _reverse(shop.host, change, taken)
    if reverse is not None:
        changes.make(shop, reverse)


def _reverse(host: Host, change: Change, taken: Checkpoint) -> Change | None:
    """Give what undoes a change, if anything does, and is still needed."""
    if isinstance(change, File):
        return None
    if not isinstance(change, Service):
        return change.reverse()
    was, runs = taken.services[change.target], services.running(host, change.target)
    if change.action in {"enable", "disable"}:
        wanted = was.boots != services.boots(host, change.target)
        return replace(change, action="enable" if was.boots else "disable") if wanted else None
    if not was.running:
        return replace(change, action="stop") if runs else None
    return replace(change, action=REVERSED[change.action] if runs and change.action != "stop" else "start")


@dataclass(frozen=True, slots=True)
class _Left:
    """What could not be put back."""

    text: str
    again: bool
    """Whether it is to be tried again at the next start."""


def _try(shop: Workshop, stage: int, target: str, do: Callable[[], object]) -> tuple[_Left, ...]:
    try:
        do()
    except (WizardError, OSError, KeyError, wait.LimitError) as error:
        shop.emit("change.failed", stage=stage, error=f"while putting {target} back: {error}")
        return (_Left(f"{target}: {error}", again=isinstance(error, OSError)),)
    return ()
