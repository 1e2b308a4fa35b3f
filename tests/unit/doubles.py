"""A machine in memory, stages as data, and a log that is kept: what the engine is handed instead of the real ones."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from wizard.check import Check, Evidence
from wizard.engine import Engine
from wizard.host import NOT_FOUND, Completed, FileState, Host, Listener, Process
from wizard.outline import Outline
from wizard.plan import Change, Plan
from wizard.redact import Redactor
from wizard.scene import Scene
from wizard.site import Site
from wizard.stages.model import Stage
from wizard.state import State

MAIN_CF = Path("/etc/postfix/main.cf")
VERSIONS = "postfix\tinstalled\t3.7.11-0\nmailman3\tinstalled\t3.3.8-2\n"
MASTER = Process(1, 0, "master", ("/usr/lib/postfix/sbin/master",), "root", "sleeping", 0.0, 0.0)
Answer = Callable[[tuple[str, ...]], str]
"""What a command prints; an `OSError` that it raises is a command that fails with its text."""


@dataclass
class Kept:
    """One file of the machine in memory."""

    content: bytes
    mode: int = 0o644
    owner: str = "root"
    group: str = "root"


def _tables() -> dict[Path, Kept]:
    return {
        MAIN_CF: Kept(b"mydestination = localhost\n"),
        Path("/etc/passwd"): Kept(b"root:x:0:0::/root:/bin/sh\n"),
        Path("/etc/group"): Kept(b"root:x:0:\n"),
    }


@dataclass
class MemoryHost:
    """A machine whose files are in memory and whose commands are answered from a table."""

    files: dict[Path, Kept] = field(default_factory=_tables)
    commands: dict[str, Answer] = field(default_factory=dict)
    """By the program's name; one that is not here does not exist."""
    running: tuple[Process, ...] = (MASTER,)
    listening: tuple[Listener, ...] = (Listener("127.0.0.1", 25, MASTER.pid),)
    calls: list[tuple[str, ...]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.commands = {"dpkg-query": lambda _: VERSIONS, "postqueue": lambda _: "", **self.commands}

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
        words = tuple(argv)
        self.calls.append(words)
        if words[0] not in self.commands:
            return Completed(words, NOT_FOUND, "", f"{words[0]}: not found", 0.0)
        try:
            return Completed(words, 0, self.commands[words[0]](words), "", 0.0)
        except OSError as error:
            return Completed(words, 1, "", str(error), 0.0)

    def read(self, path: Path) -> bytes:
        if path not in self.files:
            raise FileNotFoundError(2, "No such file or directory", str(path))
        return self.files[path].content

    def state(self, path: Path) -> FileState | None:
        kept = self.files.get(path)
        if kept is None:
            return None
        return FileState("file", kept.mode, kept.owner, kept.group, 0, 0, len(kept.content), 0.0)

    def names(self, directory: Path) -> tuple[str, ...]:
        return tuple(sorted(path.name for path in self.files if path.parent == directory))

    def write(self, path: Path, content: bytes, *, mode: int, owner: str, group: str) -> None:
        self.files[path] = Kept(content, mode, owner, group)

    def remove(self, path: Path) -> None:
        self.files.pop(path, None)

    def processes(self) -> tuple[Process, ...]:
        return self.running

    def listeners(self) -> tuple[Listener, ...]:
        return self.listening

    def now(self) -> datetime:
        return datetime.now(UTC)

    def edit(self, path: Path) -> None:
        """Change a file as somebody else would."""
        present = self.files[path].content if path in self.files else b""
        self.files[path] = Kept(present + b"# changed\n")


@dataclass
class Recorder:
    """Keeps what was emitted."""

    events: list[tuple[str, dict[str, object]]] = field(default_factory=list)

    def __call__(self, kind: str, /, **data: object) -> None:
        self.events.append((kind, data))

    def kinds(self) -> list[str]:
        return [kind for kind, _ in self.events]

    def of(self, wanted: str) -> list[dict[str, object]]:
        return [data for kind, data in self.events if kind == wanted]


def nothing(_site: Site, _host: object) -> Plan:
    return Plan(0)


def allowing(_site: Site, _host: Host) -> None:
    """Refuse nothing."""


def passing(_scene: object) -> Evidence:
    return ("seen",)


def check(look: Callable[[Scene], Evidence] = passing, *, name: str = "double.check") -> Check[Scene]:
    return Check(id=name, title=name, proves="that it is asked", see=(), look=look)


@dataclass
class Planned:
    """A stage's plan as a double: what it is asked, and what it wants changed, once."""

    changes: tuple[Change, ...] = ()
    asked: int = 0

    def __call__(self, _site: Site, _host: object) -> Plan:
        self.asked += 1
        stage = self.changes[0].stage if self.changes else 0
        return Plan(stage, self.changes if self.asked == 1 else ())


def stage(
    number: int,
    *checks: Check[Scene],
    plan: Callable[[Site, Host], Plan] = nothing,
    depends: tuple[str, ...] = (str(MAIN_CF),),
    require: Callable[[Site, Host], None] = allowing,
) -> Stage:
    return Stage(Outline(number, f"stage{number}", "a double"), depends, plan, checks, require)


def engine(root: Path, stages: tuple[Stage, ...], host: MemoryHost | None = None, site: Site | None = None) -> Engine:
    """An engine on a machine in memory; its events are in its `emit`, a `Recorder`."""
    state = State(root)
    state.prepare()
    return Engine(
        site=site or Site(),
        host=host or MemoryHost(),
        state=state,
        emit=Recorder(),
        redactor=Redactor(),
        run="a-run",
        stages=stages,
        directory=root,
    )


NOBODY = 65534


@contextmanager
def as_nobody() -> Iterator[None]:
    """Be a user without any right, for as long as the context lasts."""
    os.setegid(NOBODY)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
