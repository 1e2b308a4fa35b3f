"""Checkpoints: what was there before a plan was applied, durable before the first write, and how far the plan came.

A checkpoint is a directory with two files. `FILE` is written once, whole, before anything is changed. `JOURNAL` gets
a line before and after each change and one at the end, each synced; a line that a crash has cut off is as if it had
never been written, because what it tells of had not begun.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, TypeAdapter, ValidationError

from wizard import atomic
from wizard.errors import RefusedError
from wizard.host import Host
from wizard.plan import Change, File

FILE, JOURNAL = "checkpoint.json", "journal.jsonl"
SCHEMA = 2
Kind: TypeAlias = Literal["apply", "undo"]
Ending: TypeAlias = Literal["made", "put back", "left"]
"""``left``: put back, but for what the journal's last line names."""
_CHANGES: TypeAdapter[tuple[Change, ...]] = TypeAdapter(tuple[Annotated[Change, Field(discriminator="kind")], ...])


@dataclass(frozen=True, slots=True)
class Saved:
    """One path as it was, and what was to become of it."""

    path: str
    content: str | None
    """Base64; None: absent."""
    mode: int = 0
    owner: str = ""
    group: str = ""
    becomes: str | None = None
    """SHA-256 of the content that it was to get, in hexadecimal; None: to be absent; empty: not known before."""

    @property
    def bytes(self) -> bytes | None:
        """What was in it; None: absent."""
        return None if self.content is None else base64.b64decode(self.content)


@dataclass(frozen=True, slots=True)
class ServiceWas:
    """One service as it was."""

    running: bool
    boots: bool


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One plan that was applied, or was about to be."""

    name: str
    at: str
    """When, as ISO 8601 with UTC's offset."""
    stage: int
    run: str
    files: tuple[Saved, ...] = ()
    changes: tuple[Change, ...] = ()
    """All of the plan, in order; files without their contents, which `files` has."""
    services: Mapping[str, ServiceWas] = field(default_factory=dict)
    """The services that the plan does something to."""
    kind: Kind = "apply"
    undoes: tuple[str, ...] = ()
    """The checkpoints that this one, an undo, went back to before."""
    packages: tuple[str, ...] = ()
    """What was to be installed; such a checkpoint has nothing else."""
    brought: tuple[str, ...] = ()
    """What came with them, because they depend on it."""
    begun: frozenset[int] = frozenset()
    """Which changes, counted from 0, had begun."""
    idle: frozenset[int] = frozenset()
    """Which of those found nothing to do: it was so already."""
    ending: Ending | None = None
    """None: it was interrupted, and is to be put back at the next start."""
    left: tuple[str, ...] = ()
    """What could not be put back, and why."""

    @property
    def done(self) -> tuple[Change, ...]:
        """The changes that had begun and may have done something, in order."""
        return tuple(
            change for number, change in enumerate(self.changes) if number in self.begun and number not in self.idle
        )

    @property
    def number(self) -> int:
        """Its place among all, from 1; the clock has no say in it."""
        return int(self.name.partition("-")[0])


class Journal:
    """How far a plan has come; every line is durable before its method returns."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / JOURNAL

    def begins(self, change: int) -> None:
        """Write down that a change is about to be made; `change` is its place in the plan, from 0.

        Raises:
            OSError: it could not be written; then the change may not be made.
        """
        self._add({"begun": change})

    def idle(self, change: int) -> None:
        """Write down that a change found nothing to do, so that it is never reversed."""
        self._add({"idle": change})

    def became(self, contents: Mapping[str, str | None]) -> None:
        """Write down what files have become that a program has made: their paths, and the `digest` of each."""
        self._add({"became": dict(contents)})

    def brought(self, names: Iterable[str]) -> None:
        """Write down which packages came with those that were to be installed."""
        self._add({"brought": list(names)})

    def ends(self, ending: Ending, left: Iterable[str] = ()) -> None:
        """Write down how it ended; what has an ending is not put back at the next start."""
        self._add({"ending": ending, "left": list(left)})

    def _add(self, line: Mapping[str, object]) -> None:
        fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "r+b") as file:
            # Behind the last whole line: what a crash has cut off goes.
            whole = file.read().rpartition(b"\n")
            file.truncate(len(whole[0]) + len(whole[1]))
            file.seek(0, os.SEEK_END)
            file.write(json.dumps(line).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        if not whole[1]:  # the name is new
            atomic.sync_directory(self._path.parent)


class Checkpoints:
    """All checkpoints of this machine; whoever makes one holds the lock."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def take(self, checkpoint: Checkpoint) -> Journal:
        """Keep one, durably.

        Raises:
            OSError: it could not be made durable; then nothing may be changed.
        """
        directory = self._root / checkpoint.name
        directory.mkdir(mode=0o700)
        atomic.replace(directory / FILE, json.dumps(_data(checkpoint)).encode(), mode=0o600, uid=0, gid=0)
        atomic.sync_directory(self._root)
        return Journal(directory)

    def name(self, stage: int, at: datetime) -> str:
        """Make the name of the next one."""
        last = max((_number(path) for path in self._root.iterdir()), default=0)
        return f"{last + 1:05}-{stage}-{at:%Y%m%dT%H%M%SZ}"

    def journal(self, checkpoint: Checkpoint) -> Journal:
        """Open the journal of one that is there."""
        return Journal(self._root / checkpoint.name)

    def all(self) -> tuple[Checkpoint, ...]:
        """Read all that are whole, the oldest first."""
        return tuple(found for path in self._paths() if (found := _read(path)) is not None)

    def standing(self) -> tuple[Checkpoint, ...]:
        """Give those of what was applied that were neither put back nor undone, the oldest first."""
        known = self.all()
        return tuple(
            each for each in known if each.kind == "apply" and each.ending != "put back" and not undone(each, known)
        )

    def find(self, name: str) -> Checkpoint:
        """Return one by its name or number, or the newest that has changed something if the name is empty.

        Raises:
            RefusedError: there is none; the message says which there are.
        """
        found = self.all()
        for each in reversed(found):
            named = each.name == name or (name.isdecimal() and each.number == int(name))
            if named or (not name and each.changes and each.ending in {"made", "left"}):
                return each
        there = f"there are {found[0].number} to {found[-1].number}" if found else "there is none yet"
        raise RefusedError(f"no checkpoint {name!r}: {there}; 'mailman-wizard history' lists them".replace(" ''", ""))

    def tidy(self) -> None:
        """Remove what a crash left of one that was never whole: nothing was changed for it."""
        for path in self._paths():
            if not (path / FILE).exists():
                shutil.rmtree(path)

    def _paths(self) -> list[Path]:
        return sorted((path for path in self._root.iterdir() if _number(path)), key=_number)


def undone(each: Checkpoint, known: Sequence[Checkpoint]) -> bool:
    """Tell whether it was gone back to before, and that was not undone itself."""
    last = next((one for one in reversed(known) if one.ending == "made" and each.name in one.undoes), None)
    return last is not None and not undone(last, known)


def saved(host: Host, path: Path, becomes: str | None) -> Saved:
    """Record one path as it is now.

    Raises:
        OSError: it cannot be read.
    """
    state = host.state(path)
    if state is None:
        return Saved(str(path), None, becomes=becomes)
    content = base64.b64encode(host.read(path)).decode("ascii")
    return Saved(str(path), content, state.mode, state.owner, state.group, becomes)


def restore(host: Host, one: Saved) -> None:
    """Bring a path back byte for byte, with mode and owner.

    Raises:
        OSError: it could not be written; it is as it was.
    """
    content = one.bytes
    if content is None:
        host.remove(Path(one.path).resolve())  # a link that had led nowhere is to lead there again
    else:
        host.write(Path(one.path), content, mode=one.mode, owner=one.owner, group=one.group)


def digest(content: bytes | None) -> str | None:
    """Tell two contents from each other; None: absent."""
    return None if content is None else hashlib.sha256(content).hexdigest()


def _number(path: Path) -> int:
    head = path.name.partition("-")[0]
    return int(head) if head.isdecimal() and head.isascii() else 0


def _data(checkpoint: Checkpoint) -> dict[str, object]:
    changes = tuple(
        replace(change, before=None, after=None) if isinstance(change, File) else change
        for change in checkpoint.changes
    )
    return {
        "schema": SCHEMA,
        "name": checkpoint.name,
        "at": checkpoint.at,
        "stage": checkpoint.stage,
        "run": checkpoint.run,
        "kind": checkpoint.kind,
        "undoes": list(checkpoint.undoes),
        "packages": list(checkpoint.packages),
        "files": [asdict(one) for one in checkpoint.files],
        "changes": _CHANGES.dump_python(changes, mode="json"),
        "services": {name: asdict(was) for name, was in checkpoint.services.items()},
    }


def _read(directory: Path) -> Checkpoint | None:
    """Read one; None if it is not whole, or was written by something else."""
    try:
        raw = json.loads((directory / FILE).read_bytes())
        found = Checkpoint(
            name=directory.name,
            at=str(raw["at"]),
            stage=int(raw["stage"]),
            run=str(raw["run"]),
            kind=raw["kind"],
            undoes=tuple(raw["undoes"]),
            packages=tuple(raw["packages"]),
            files=tuple(Saved(**one) for one in raw["files"]),
            changes=_CHANGES.validate_python(raw["changes"]),
            services={name: ServiceWas(**was) for name, was in raw["services"].items()},
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ValidationError):
        return None
    lines = tuple(_lines(directory / JOURNAL))
    last: dict[str, Any] = next((line for line in reversed(lines) if "ending" in line), {})
    became = {path: content for line in lines for path, content in line.get("became", {}).items()}
    return replace(
        found,
        files=tuple(replace(one, becomes=became.get(one.path, one.becomes)) for one in found.files),
        begun=frozenset(line["begun"] for line in lines if "begun" in line),
        idle=frozenset(line["idle"] for line in lines if "idle" in line),
        brought=tuple(name for line in lines for name in line.get("brought", ())),
        ending=last.get("ending"),
        left=tuple(last.get("left", ())),
    )


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    """Read the whole lines of a journal."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return
    for line in content.rpartition(b"\n")[0].split(b"\n"):
        try:
            found = json.loads(line)
        except ValueError:
            continue
        if isinstance(found, dict):
            yield found
