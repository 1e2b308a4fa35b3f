"""Going back to before a checkpoint, as a plan like any other: shown, approved, applied, and a checkpoint itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from wizard import checkpoint, diff, packages, services
from wizard.checkpoint import Checkpoint, Saved, ServiceWas
from wizard.errors import RefusedError
from wizard.host import Host
from wizard.mailman import cfg, made
from wizard.plan import (
    Access,
    Action,
    Change,
    Directory,
    File,
    Packages,
    Plan,
    Rebuild,
    Service,
    Why,
)


@dataclass(frozen=True, slots=True)
class Conflict:
    """A file that somebody else has changed since the wizard wrote it."""

    path: Path
    diff: str
    """From what is there now to what was there before the checkpoint."""


@dataclass(frozen=True, slots=True)
class Undoing:
    """What it takes to go back."""

    target: Checkpoint
    """The oldest checkpoint that is gone back to before."""
    undoes: tuple[str, ...]
    """It, and all that were made since, by name, the oldest first."""
    plan: Plan
    conflicts: tuple[Conflict, ...] = ()
    """What the plan leaves alone, because it was not said that it may be overwritten."""
    kept: tuple[str, ...] = ()
    """What stays besides, and why, in words."""

    def because(self, reason: str) -> Undoing:
        """Give a reason for it."""
        changes = tuple(replace(change, why=(*change.why, Why("because", reason))) for change in self.plan.changes)
        return replace(self, plan=replace(self.plan, changes=changes))


def undoing(
    target: Checkpoint,
    known: Sequence[Checkpoint],
    host: Host,
    overwrite: Iterable[str] = (),
    *,
    remove: bool = False,
) -> Undoing:
    """Plan the way back to before a checkpoint; nothing is changed.

    Args:
        target: the checkpoint.
        known: all there are, the oldest first.
        host: the machine as it is now.
        overwrite: paths whose newer contents may be lost.
        remove: whether packages that were installed since are to go.

    Raises:
        CommandError: apt cannot tell what the removal of packages takes.
        RefusedError: it has nothing to go back to.
        RestError: Mailman does not answer what became of the wizard's lists.
    """
    if target.ending == "put back":
        raise RefusedError(f"checkpoint {target.number} was put back already: its plan had failed or was stopped")
    since = tuple(each for each in known if each.number >= target.number and each.ending in {"made", "left"})
    why = (Why("back", f"as it was before checkpoint {target.number} ({target.at})"),)
    files, conflicts, compiled = _files(since, host, frozenset(overwrite), why)
    objects = made.reversed_objects(host, [each for one in since for each in one.done], why)
    acts = tuple(_services(since, host, files, why))
    stops = tuple(act for act in acts if act.action == "stop")
    removed = _removed(since, host, why)
    gone, stays = _packages(since, host, why, remove=remove)
    changes: tuple[Change, ...] = (
        *removed,
        *objects.first,
        *stops,  # by the configuration with which they were started
        *files,
        *_accesses(since, host, why),
        *_directories_again(since, host, why),
        *_maps(since, files, compiled, why),
        *(act for act in acts if act not in stops),
        *_directories(since, host, why),
        *objects.last,
        *gone,
    )
    return Undoing(
        target=target,
        undoes=tuple(each.name for each in since),
        plan=Plan(target.stage, tuple(replace(change, stage=target.stage) for change in changes)),
        conflicts=conflicts,
        kept=(*objects.kept, *stays),
    )


def _packages(
    since: Sequence[Checkpoint], host: Host, why: tuple[Why, ...], *, remove: bool
) -> tuple[tuple[Packages, ...], tuple[str, ...]]:
    """Give the removal of what was installed since, if that is asked for, or say that it stays."""
    asked = dict.fromkeys(name for each in since for name in each.packages)
    came = dict.fromkeys(name for each in since for name in each.brought if name not in asked)
    if not asked:
        return (), ()
    there = packages.all_installed(host)
    names = tuple(name for name in (*asked, *came) if name in there)
    if not names:
        return (), ()
    if not remove:
        return (), (f"installed since, and staying unless --packages is given: {' '.join(names)}",)
    others = packages.others(host, names)
    if others:
        text = f"{' '.join(names)} stay: to remove them, apt would remove or install {' '.join(others)} as well"
        return (), (text,)
    return (Packages(0, names, why, remove=True),), ()


def _removed(since: Sequence[Checkpoint], host: Host, why: tuple[Why, ...]) -> tuple[Packages, ...]:
    """Give the packages to be installed again, because they were removed since."""
    found = (change for each in since for change in each.done if isinstance(change, Packages) and change.remove)
    new = {name for each in since for name in (*each.packages, *each.brought)}
    wanted = tuple(dict.fromkeys(name for change in found for name in change.names if name not in new))
    there = packages.all_installed(host) if wanted else frozenset()
    missing = tuple(name for name in wanted if name not in there)
    return (Packages(0, missing, why),) if missing else ()


def _files(
    since: Sequence[Checkpoint], host: Host, overwrite: frozenset[str], why: tuple[Why, ...]
) -> tuple[tuple[File, ...], tuple[Conflict, ...], frozenset[str]]:
    """Give each file what it had in the oldest record, if nobody else has changed it between two records or since.

    Returns:
        The changes, what stays, and the compiled maps that somebody has compiled since: those follow their sources.
    """
    records: dict[str, list[Saved]] = {}
    for one in (one for each in since for one in each.files):
        records.setdefault(one.path, []).append(one)
    maps = {str(path) for each in since for change in each.done if isinstance(change, Rebuild) for path in change.makes}
    files, conflicts, compiled = [], [], set()
    for path, known in records.items():
        change = _file(host, known[0], why)
        if change is None:
            continue
        if path in overwrite or not _touched(known, change.before):
            files.append(change)
        elif path in maps:
            compiled.add(path)
        else:
            conflicts.append(Conflict(change.path, diff.unified(path, change.before, change.after)))
    return tuple(files), tuple(conflicts), frozenset(compiled)


def _touched(known: Sequence[Saved], present: bytes | None) -> bool:
    """Tell whether a file is, or was when it was next recorded, something else than what it was given."""
    found = [checkpoint.digest(content) for content in (*(one.bytes for one in known[1:]), present)]
    return any(one.becomes not in {"", then} for one, then in zip(known, found, strict=True))


def _file(host: Host, one: Saved, why: tuple[Why, ...]) -> File | None:
    """Give the change that brings a file back; None if it is as it was."""
    path, content = Path(one.path), one.bytes
    state = host.state(path)
    if state is None:
        change = File(0, path, None, content, one.mode, one.owner, one.group, why)
        return None if content is None else change
    present, now = host.read(path), (state.mode, state.owner, state.group)
    wanted = (one.mode, one.owner, one.group) if content is not None else now
    if present == content and now == wanted:
        return None
    return File(0, path, present, content, *wanted, why, was=now if now != wanted else None)


def _accesses(since: Sequence[Checkpoint], host: Host, why: tuple[Why, ...]) -> Iterator[Access]:
    """Give modes and owners back where they are still the wizard's."""
    made: dict[Path, tuple[Access, Access]] = {}
    for change in (change for each in since for change in each.done if isinstance(change, Access)):
        made[change.path] = (made.get(change.path, (change, change))[0], change)
    for path, (oldest, newest) in made.items():
        state = host.state(path)
        ours = (newest.mode, newest.owner, newest.group)
        if state is not None and (state.mode, state.owner, state.group) == ours and oldest.was != ours:
            yield Access(0, path, *oldest.was, ours, why)


def _directories(since: Sequence[Checkpoint], host: Host, why: tuple[Why, ...]) -> Iterator[Directory]:
    """Remove directories that were not there before, while they are empty."""
    for change in _first_of_directories(since):
        if not change.remove and host.state(change.path) is not None:
            yield replace(change, stage=0, why=why, remove=True)


def _directories_again(since: Sequence[Checkpoint], host: Host, why: tuple[Why, ...]) -> Iterator[Directory]:
    """Make those again that were there before, and that going back had removed."""
    for change in _first_of_directories(since):
        if change.remove and host.state(change.path) is None:
            yield replace(change, stage=0, why=why, remove=False)


def _first_of_directories(since: Sequence[Checkpoint]) -> Iterable[Directory]:
    """Give the first thing that was done to each directory, which tells whether it was there."""
    found = [change for each in since for change in each.done if isinstance(change, Directory)]
    return {change.path: change for change in reversed(found)}.values()


def _maps(
    since: Sequence[Checkpoint], files: Sequence[File], compiled: frozenset[str], why: tuple[Why, ...]
) -> Iterator[Rebuild]:
    """Make maps again that others read too; those that are files of a checkpoint, and still its, come back as files."""
    found = {change.argv: change for each in since for change in each.done if isinstance(change, Rebuild)}
    removed = {file.path for file in files if file.after is None}
    for change in found.values():
        others = not change.makes or not compiled.isdisjoint(map(str, change.makes))
        if others and cfg.PATH not in removed:
            yield Rebuild(0, change.target, change.argv, change.user, why)


def _services(
    since: Sequence[Checkpoint], host: Host, files: Sequence[File], why: tuple[Why, ...]
) -> Iterator[Service]:
    """Bring services to where they were, and let those that run read what comes back."""
    was: dict[str, ServiceWas] = {}
    acts: dict[str, set[Action]] = {}
    for each in since:
        was = {**each.services, **was}
        for change in each.done:
            if isinstance(change, Service):
                acts.setdefault(change.target, set()).add(change.action)
    for name, done in acts.items():
        runs, boots = services.running(host, name), services.boots(host, name)
        if was[name].running and not runs:
            yield Service(0, name, "start", why)
        elif runs and not was[name].running and done - {"enable", "disable"}:
            yield Service(0, name, "stop", why)
        elif runs and _reads(name, files):
            yield Service(0, name, "reload" if done <= {"reload", "enable", "disable"} else "restart", why)
        if boots != was[name].boots and done & {"enable", "disable"}:
            yield Service(0, name, "enable" if was[name].boots else "disable", why)


def _reads(service: str, files: Iterable[File]) -> bool:
    """Tell whether a service reads one of these files."""
    return any((file.path == cfg.PATH) == (service == services.MAILMAN) for file in files)
