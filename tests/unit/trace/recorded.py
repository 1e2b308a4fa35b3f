"""What real servers logged of messages, as the judge gets it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from tests.unit.facts.recorded import Answer, TellingHost
from wizard.facts import mailman_log, postfix_log, postqueue
from wizard.facts.queues import QueueFile
from wizard.host import FileState, Process
from wizard.mailman import cfg
from wizard.site import SUBADDRESSES
from wizard.trace import legs
from wizard.trace.judge import judge
from wizard.trace.material import Addresses, Material
from wizard.trace.model import Trace

RECORDINGS = Path(__file__).parent / "recordings"
NOW = datetime(2026, 11, 22, 11, 6, 30, tzinfo=UTC)
LIST = "reading-group@local.edu"
ADDRESSES = Addresses(
    frozenset(f"{name}{suffix}@local.edu" for name in ("reading-group", "second") for suffix in SUBADDRESSES)
)
RUNNERS = frozenset({"in", "pipeline", "out", "command", "bounces", "lmtp", "retry", "virgin"})


def recording(name: str) -> str:
    return (RECORDINGS / name).read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Hostile(TellingHost):
    """A machine whose logs, queues and tables have anything in them, below one directory."""

    root: Path = Path("/nonexistent")

    @classmethod
    def at(cls, root: Path, answer: Callable[[tuple[str, ...]], Answer]) -> Self:
        """Make one whose mailman.cfg names this directory for everything."""
        (root / cfg.PATH.name).write_text(f"[mailman]\nlayout: x\n[paths.x]\nvar_dir: {root}\nlog_dir: {root}\n")
        return cls(root=root, answer=answer)

    def state(self, path: Path) -> FileState | None:
        return TellingHost.state(self, self._moved(path))

    def read(self, path: Path) -> bytes:
        return TellingHost.read(self, self._moved(path))

    def processes(self) -> tuple[Process, ...]:
        return ()

    def _moved(self, path: Path) -> Path:
        return self.root / path.name if path == cfg.PATH else path


POSTFIX = postfix_log.parse(recording("mail.log").splitlines(), now=NOW, zone=UTC)
MAILMAN = tuple(
    line
    for name in ("mailman.log", "smtp.log")
    for line in mailman_log.parse(recording(name).splitlines(), file=name, zone=UTC)
)
QUEUED = {message.queue_id: message for message in postqueue.parse(recording("postqueue-j.txt"))}


def identity(name: str) -> str:
    return f"<{name}@local.edu>"


def material(name: str, *, lines: int | None = None) -> Material:
    """What was found of a recorded message; with fewer of Postfix's lines, before the rest was written."""
    mid = identity(name)
    postfix = POSTFIX[:lines]
    ids = {line.queue_id for line in postfix if legs.is_cleanups(line, mid)}
    own = legs.own([line for line in postfix if line.queue_id in ids], mid)
    return Material(
        message_id=mid,
        now=NOW,
        lmtp=8024,
        postfix=own,
        mailman=tuple(line for line in MAILMAN if mid in line.text) if lines is None else (),
        queued={name: message for name, message in QUEUED.items() if name in ids} if lines is None else {},
        held=frozenset({LIST}) if name == "held-1" else frozenset(),
        addresses=ADDRESSES,
        runners=RUNNERS,
    )


def traced(name: str, **changes: object) -> Trace:
    return judge(replace(material(name), **changes))  # type: ignore[arg-type]


def states(trace: Trace) -> dict[str, str]:
    """The hops and their states, but for those that were not reached."""
    return {hop.name: str(hop.state) for hop in trace.hops if hop.state != "not-reached"}


def queue_file(queue: str, queued: datetime) -> QueueFile:
    name = f"{queued.timestamp()}+f9f2ba9f4b0a8f7bd074d5cff816b36a6f444f8e.pck"
    return QueueFile(queue, Path("/var/lib/mailman3/queue") / queue / name, queued, ".pck")
