"""A list server in a lab: looked at, broken and used by tests from outside."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL
from typing import Any, Self

from wizard import wait
from wizard.host import Completed
from wizard.lab import Lab
from wizard.mailman import cfg
from wizard.mailman.cfg import Config

PROGRAM = str(Path(sysconfig.get_path("scripts"), "mailman-wizard"))
STATE = "var/lib/mailman-wizard"
RUN_LIMIT = 580
LIMIT = 60
_RESTART = """
from wizard import services
from wizard.localhost import LocalHost
from wizard.mailman import quiet, ready
tell = lambda _kind, **_data: None
with quiet.quiet(LocalHost(), tell):
    services.act(LocalHost(), services.MAILMAN, "restart")
    ready.wait_ready(LocalHost(), tell)
"""
RESTART_MAILMAN = shlex.join([sys.executable, "-c", _RESTART])
"""Lets the runners finish what they have in their hands; returns when it works."""
_QUERY = """
import contextlib, sqlite3, sys
uri = "file:/var/lib/mailman3/data/mailman.db?mode=ro"
with contextlib.closing(sqlite3.connect(uri, uri=True, timeout=60)) as database:
    for row in database.execute(sys.argv[1]):
        print(*map(repr, row))
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """How a check ended, as the command line's JSON has it."""

    outcome: str
    evidence: str
    """Its lines, and the cause if it failed."""
    seconds: float


@dataclass(frozen=True, slots=True)
class Report:
    """What one `apply` or `check` printed."""

    exit: int
    run: str
    verified: bool
    stages: Mapping[int, str]
    """Number to outcome; the stages that were not come to are not in it."""
    checks: Mapping[str, Seen]

    @classmethod
    def of(cls, ended: Completed) -> Self:
        return cls.read(json.loads(ended.stdout.splitlines()[-1]), ended.code)

    @classmethod
    def read(cls, data: Mapping[str, Any], exit_code: int) -> Self:
        """Take it from what was printed, or from the event ``run.finished``."""
        rows = [row for stage in data["stages"] for row in stage["checks"]]
        return cls(
            exit=exit_code,
            run=data["run"],
            verified=data["verified"],
            stages={stage["stage"]: stage["outcome"] for stage in data["stages"]},
            checks={row["id"]: Seen(row["outcome"], _text(row), row["seconds"]) for row in rows},
        )

    @property
    def failed(self) -> frozenset[str]:
        return frozenset(name for name, seen in self.checks.items() if seen.outcome == "fail")

    @property
    def not_passed(self) -> dict[str, str]:
        """What to show when a test that wanted everything to pass did not get it."""
        return {
            name: f"{seen.outcome}: {seen.evidence}" for name, seen in self.checks.items() if seen.outcome != "pass"
        }


def _text(row: Mapping[str, Any]) -> str:
    cause = [row["diagnosis"]["cause"]] if row["diagnosis"] else []
    return "\n".join([*row["evidence"], *cause])


@dataclass(frozen=True, slots=True)
class Server:
    """A lab, and what tests do in it."""

    lab: Lab

    def sh(self, script: str, limit: float = RUN_LIMIT) -> str:
        """Run a script in the lab; it must not fail. Returns what it printed."""
        return self.lab.run(["bash", "-ec", script], limit=limit).require().stdout

    def wizard(self, *arguments: str) -> Completed:
        return self.lab.run([PROGRAM, *arguments], limit=RUN_LIMIT)

    def report(self, *arguments: str) -> Report:
        return Report.of(self.wizard(*arguments, "--json"))

    @contextmanager
    def started(self, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
        """Start the program and go on; it must have ended at the end."""
        call = subprocess.Popen([*self.lab.enter, PROGRAM, *arguments], stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL)
        with call:
            yield call

    def restart_mailman(self) -> None:
        """Restart Mailman, and wait until it works."""
        self.sh(RESTART_MAILMAN)

    def events(self, run: str) -> list[dict[str, Any]]:
        """Read the events of a run, also of one that goes on."""
        try:
            lines = self.path(f"{STATE}/runs/{run}/events.jsonl").read_text(encoding="utf-8").split("\n")
        except FileNotFoundError:
            return []
        return [json.loads(line) for line in lines[:-1]]

    def runs(self) -> tuple[str, ...]:
        """Name the runs so far, the oldest first."""
        return tuple(sorted(path.name for path in self.path(f"{STATE}/runs").glob("*")))

    def path(self, name: str) -> Path:
        """Where a file of the lab is seen from outside; no symbolic link may be on the way."""
        return self.lab.root / name.removeprefix("/")

    def text(self, name: str) -> str:
        return self.path(name).read_text(encoding="utf-8")

    def mailman(self) -> Config:
        return cfg.parse(self.text(str(cfg.PATH)))

    def rows(self, query: str) -> list[str]:
        """Ask Mailman's database, as text; one line a row."""
        return self.lab.run([sys.executable, "-c", _QUERY, query], limit=LIMIT).require().stdout.splitlines()

    def undelivered(self) -> str:
        """Name what is on its way: Postfix's queue, and the files in Mailman's."""
        return self.sh("postqueue -j; find /var/lib/mailman3/queue -type f")

    def settled(self) -> None:
        """Wait until no mail is on its way."""
        wait.until(lambda: None if self.undelivered() else True, limit=LIMIT)
