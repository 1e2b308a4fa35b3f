"""The table of the crash suite: step by fault, and what the next start found; written by the runs, part by part."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

TABLE = Path(__file__).parents[2] / "docs" / "crashes.md"
HEAD = """# Crashes, and what the next start finds

Written by `pytest tests/transaction/test_crash.py --full`. On a real server, one call of the program to the file
system is hit: the process is killed (`kill`), the machine loses its power and all that was not yet on the disk
(`cut`), the run is told to stop (`SIGTERM`, `SIGINT`), its terminal goes (`SIGHUP`), or the call fails with an error.
Then the program is started anew. `old`: every managed file is byte for byte, with mode and owner, what it was before;
`new`: what it was to become. In each case the services are up, mail is taken, and nothing is left over; else the table
says so in bold, and the test fails.
"""
ABOUT = {
    "apply": "a plan of stage 1: main.cf changes, a file comes, Postfix reads them",
    "recover": "putting back what a killed apply has changed",
    "undo": "going back to before the apply",
    "configure": "a plan of stage 2: mailman.cfg changes, Mailman is restarted",
}
Rows = Mapping[str, Mapping[str, str]]


def keep(parts: Path, command: str, part: int, rows: Rows) -> None:
    """Keep a part's rows, and write the table of all parts that there are."""
    with (parts / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        (parts / f"{command}-{part}.json").write_text(json.dumps(rows), encoding="utf-8")
        TABLE.write_text("\n".join(_lines(parts)), encoding="utf-8")


def _lines(parts: Path) -> Iterator[str]:
    yield HEAD
    for command, about in ABOUT.items():
        read = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(parts.glob(f"{command}-*.json"))]
        rows: dict[str, dict[str, str]] = {name: row for part in read for name, row in part.items()}
        if not rows:
            continue
        faults = tuple(next(iter(rows.values())))
        broken = sum(value not in {"old", "new"} for row in rows.values() for value in row.values())
        yield f"## {command}: {about}\n"
        yield f"{len(rows)} steps, {len(rows) * len(faults)} trials, {broken} broken.\n"
        yield f"| step | {' | '.join(faults)} |"
        yield "|---" * (len(faults) + 1) + "|"
        for name in sorted(rows, key=lambda name: int(name.partition(".")[0])):
            yield f"| `{name}` | {' | '.join(rows[name][fault] for fault in faults)} |"
        yield ""
