"""Desks for the screens: a machine in memory, and runs that were recorded on a real one."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.unit.doubles import MemoryHost
from wizard import controls, events, session
from wizard.desk import Desk
from wizard.session import Verified
from wizard.site import Site
from wizard.stages import STAGES
from wizard.state import State

RECORDED = Path(__file__).parent / "recordings" / "six-stages.jsonl"
AT = "2026-11-22T14:02:26+00:00"
POSTCONF = {
    "home_mailbox": "",
    "inet_interfaces": "all",
    "mydomain": "local.edu",
    "myhostname": "mx1",
    "mynetworks": "127.0.0.0/8",
}


def postconf(words: tuple[str, ...]) -> str:
    """Answer as postconf(1)."""
    wanted = [word for word in words[1:] if word in POSTCONF]
    return "".join(f"{name} = {POSTCONF[name]}\n" for name in wanted)


def done(_words: tuple[str, ...]) -> str:
    """Answer as a command that says nothing."""
    return ""


@dataclass
class Server:
    """What a screen finds: a state directory, and a machine."""

    root: Path
    host: MemoryHost = field(default_factory=lambda: MemoryHost(commands={"postconf": postconf, "install": done}))

    def __post_init__(self) -> None:
        self.state = State(self.root / "state")
        self.state.prepare()
        self.site = self.root / "site.toml"

    def desk(self, *program: str) -> Desk:
        """Sit down at it."""
        return Desk(path=self.site, state=self.state, host=self.host, program=program or controls.PROGRAM)

    def saved(self) -> str:
        """Read the site.toml that a screen has written; empty if none has."""
        kept = self.host.files.get(self.site)
        return kept.content.decode() if kept else ""

    def verified(self, *numbers: int, failed: int = 0) -> None:
        """Have some stages verified on the machine as it is, and one failed."""
        known = session.load(self.state.session)
        now = session.parts(self.host, Site())
        for stage in STAGES:
            if stage.number in {*numbers, failed}:
                parts = session.chosen(now, stage.depends)
                passed = stage.number != failed
                known = known.record(Verified(stage.number, AT, "a-run", passed=passed, parts=parts))
        session.save(known, self.state.session)

    def recorded(self, until: str = "", count: int = 1, name: str = "20261122T140043Z-fa1c5d") -> Path:
        """Put a recorded run there.

        Args:
            until: a text; the events up to and with the one that has it the `count`-th time. All, if it is empty.
            count: which one.
            name: the run's.
        """
        directory = self.state.runs / name
        directory.mkdir()
        (directory / events.FILE).write_text("".join(lines(until, count)), encoding="utf-8")
        return directory


def lines(until: str = "", count: int = 1) -> list[str]:
    """Read the recorded events; see `Server.recorded`."""
    found: list[str] = []
    seen = 0
    for line in RECORDED.read_text(encoding="utf-8").splitlines(keepends=True):
        found.append(line)
        seen += bool(until) and until in line
        if until and seen == count:
            return found
    assert not until, f"{until!r} is not in the recording"
    return found


@contextmanager
def living(directory: Path) -> Iterator[None]:
    """Let a run look as if its process were there."""
    fd = os.open(directory / controls.ALIVE, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)
