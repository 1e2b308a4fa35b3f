"""A directory as a machine: real files, and commands that are answered here; what transactions are tried on."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.unit.doubles import Recorder
from wizard import putback
from wizard.changes import Workshop
from wizard.checkpoint import Checkpoints
from wizard.host import Completed, Process
from wizard.localhost import LocalHost
from wizard.plan import Change, File, Plan, Rebuild, Why
from wizard.state import State
from wizard.transaction import Transaction

OLD, NEW = b"old\n\xff", b"new\n"


@dataclass(frozen=True, slots=True)
class FaultyHost(LocalHost):
    """This machine's files, save that one cannot be written, and that commands are answered here."""

    broken: frozenset[Path] = frozenset()
    commands: Mapping[str, Callable[[], int]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    running: list[Process] = field(default_factory=list)

    def write(self, path: Path, content: bytes, *, mode: int, owner: str, group: str) -> None:
        if path in self.broken and content == NEW:
            raise OSError(28, "No space left on device", str(path))
        LocalHost.write(self, path, content, mode=mode, owner=owner, group=group)

    def run(
        self,
        argv: Sequence[str],
        *,
        stdin: str | None = None,
        limit: float = 60,
        user: str | None = None,
        env: Mapping[str, str] | None = None,
    ) -> Completed:
        del stdin, limit, user, env
        words = " ".join(argv)
        self.calls.append(words)
        return Completed(tuple(argv), self.commands.get(words, lambda: 0)(), "", f"{words} said so", 0)

    def processes(self) -> tuple[Process, ...]:
        return tuple(self.running)


@dataclass
class Machine:
    """A directory with files, and a transaction on them."""

    root: Path
    host: FaultyHost
    emit: Recorder = field(default_factory=Recorder)

    def __post_init__(self) -> None:
        self.state = State(self.root / "state")
        self.state.prepare()

    def apply(self, *changes: Change) -> None:
        shop = Workshop(self.host, self.emit, self.root / "transcript")
        Transaction(self.state, shop, "a-run").apply(Plan(1, changes))

    def recover(self) -> None:
        putback.recover(Workshop(self.host, self.emit, self.root / "transcript"), self.state)

    @property
    def checkpoints(self) -> Checkpoints:
        return Checkpoints(self.state.checkpoints)

    def acted(self) -> list[str]:
        """Tell the commands that did something; services are asked for their logs besides."""
        return [call for call in self.host.calls if call.startswith(("postfix ", "fail", "first"))]

    def contents(self) -> dict[str, tuple[bytes, int]]:
        files = (path for path in self.root.iterdir() if path.is_file())
        return {path.name: (path.read_bytes(), path.stat().st_mode & 0o7777) for path in files}

    def records(self) -> list[dict[str, Any]]:
        found = sorted(self.state.checkpoints.glob("*/checkpoint.json"))
        return [json.loads(path.read_bytes()) for path in found]


def machine(
    root: Path, *, broken: frozenset[Path] = frozenset(), commands: Mapping[str, Callable[[], int]] | None = None
) -> Machine:
    for name in ("a", "b"):
        (root / name).write_bytes(OLD)
        (root / name).chmod(0o604)
    return Machine(root, FaultyHost(broken=broken, commands=commands or {}))


def write(path: Path, *, before: bytes | None = OLD, after: bytes | None = NEW) -> File:
    return File(1, path, before, after, 0o640, "root", "root", (Why("x", "y"),))


def failing(name: str = "fail") -> Rebuild:
    return Rebuild(1, name, ("fail",), None, ())


FAIL = {"fail": lambda: 1}
