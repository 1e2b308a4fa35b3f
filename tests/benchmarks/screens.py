"""How fast the screens are, and what they cost on the wire: ``python -m tests.benchmarks.screens``, as root.

Everything is measured on a terminal of 80 columns and 24 rows, in a lab, and beside it a bare Textual program in the
same run, so that the machine's own speed is in both figures.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from subprocess import DEVNULL, Popen

from tests.benchmarks import bare
from tests.services.server import Server
from tests.terminal.link import Link
from tests.terminal.terminal import Terminal
from tests.terminal.walking import opened
from wizard.lab import Lab

STARTS = 5
KEYS = 60
IDLE = 10.0
FLOOD = 10.0
AFTER = 0.25
"""Seconds in which all that a key costs is written."""
PER_SECOND = 10_000
_WRITE = f"""
import time
line = "{{}} lab postfix/smtpd[4711]: 4jXWpX2tW3{{:06}}: client=host.example[192.0.2.7], sasl_username=somebody\\n"
number, began = 0, time.monotonic()
with open("/var/log/mail.log", "a") as log:
    while True:
        due = int((time.monotonic() - began) * {PER_SECOND}) - number
        stamp = time.strftime("%b %e %T")
        log.writelines(line.format(stamp, number + each) for each in range(due))
        log.flush()
        number += due
        time.sleep(0.05)  # the pace of the lines is what this is for: nothing is waited for
"""
BARE = (sys.executable, bare.__file__)


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure, and what it may be."""

    name: str
    value: float
    unit: str
    limit: float | None = None
    bare: float | None = None

    def line(self) -> str:
        said = f"{self.name:46}{self.value:10.1f} {self.unit:5}"
        if self.bare is not None:
            said += f" bare {self.bare:8.1f}, {self.value / max(self.bare, 0.001):5.2f} times"
        if self.limit is not None:
            said += f"   {'ok' if self.value <= self.limit else 'MISSED'} (at most {self.limit:g})"
        return said


@dataclass(frozen=True, slots=True)
class Pressed:
    """What key presses took and cost."""

    milliseconds: tuple[float, ...]
    cost: tuple[int, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.milliseconds)

    @property
    def p95(self) -> float:
        return statistics.quantiles(self.milliseconds, n=20)[-1]

    @property
    def bytes(self) -> float:
        return statistics.median(self.cost)


def settle(terminal: Terminal, seconds: float = AFTER) -> int:
    """Read for a while; returns how many bytes came."""
    before, end = len(terminal.raw), time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        terminal.read(left)
    return len(terminal.raw) - before


def started(make: Callable[[], Terminal], *texts: str) -> float:
    """Return the milliseconds from the start to the first complete screen; the median of some starts."""
    took = []
    for _ in range(STARTS):
        began = time.monotonic()
        terminal = make()
        for text in texts:
            terminal.wait(text)
        took.append((time.monotonic() - began) * 1000)
        terminal.close()
    return statistics.median(took)


def pressed(terminal: Terminal, keys: Iterator[tuple[str, Callable[[], object]]], after: float = AFTER) -> Pressed:
    """Press keys, one after the other, and wait for the answer to each."""
    times, cost = [], []
    for key, seen in keys:
        before, began = len(terminal.raw), time.monotonic()
        terminal.keys(key)
        terminal.wait(seen)
        times.append((time.monotonic() - began) * 1000)
        settle(terminal, after)
        cost.append(len(terminal.raw) - before)
    return Pressed(tuple(times), tuple(cost))


def typing(terminal: Terminal) -> Iterator[tuple[str, Callable[[], object]]]:
    """Type letters, and take them away again: the field does not grow."""
    for number in range(KEYS):
        typed = "abcdefgh"[: number % 8 + 1] if number % 16 < 8 else "abcdefgh"[: 7 - number % 8]
        yield ("abcdefgh"[number % 8] if number % 16 < 8 else "\x7f"), _shows(terminal, f"Q{typed}Z")


def _shows(terminal: Terminal, text: str) -> Callable[[], bool]:
    return lambda: text in terminal.text


def field(terminal: Terminal) -> None:
    """Empty the field in focus but for two letters, with the cursor between them."""
    while "QQ" not in terminal.text:  # until it has the focus
        terminal.keys("Q")
        settle(terminal)
    terminal.keys("End", "^U")
    settle(terminal)  # Textual puts what is typed before a key that does something
    terminal.keys("QZ", "\x1b[D")
    terminal.wait("QZ")
    settle(terminal)


def tabs(terminal: Terminal) -> float:
    """Return the bytes of going from one field to the next."""
    cost = []
    for _ in range(4):
        before = len(terminal.raw)
        terminal.keys("Tab")
        settle(terminal)
        cost.append(len(terminal.raw) - before)
    return max(cost)


def memory(server: Server, pid: int) -> float:
    status = server.text(f"proc/{pid}/status")
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


@contextmanager
def flood(server: Server) -> Iterator[None]:
    """Let the log grow fast meanwhile."""
    writer = Popen([*server.lab.enter, sys.executable, "-c", _WRITE], stdin=DEVNULL, stdout=DEVNULL)
    try:
        yield
    finally:
        writer.terminate()
        writer.wait()


def forms(link: Link) -> Iterator[Figure]:
    """Measure the start, and the form."""
    first = started(lambda: link.run(BARE), bare.LAST, "Leave")
    yield Figure(
        "first complete screen", started(link.direct, "F3 Why", "Stage 1:", "q quit"), "ms", first * 1.5, first
    )
    beside, terminal = link.run(BARE), link.direct()
    beside.wait("Leave")
    settle(beside, 1)
    field(beside)
    terminal.wait("F9 sets")
    terminal.keys("F4")
    terminal.wait("default:")
    settle(terminal, 1)
    field(terminal)
    ours, other = pressed(terminal, typing(terminal)), pressed(beside, typing(beside))
    yield Figure("a key in a field, median", ours.median, "ms", None, other.median)
    yield Figure("a key in a field, 95 of 100 within", ours.p95, "ms", 25, other.p95)
    yield Figure("a key in a field", ours.bytes, "bytes", 300, other.bytes)
    yield Figure("Tab", tabs(terminal), "bytes", 2500, tabs(beside))
    terminal.keys("F6")
    terminal.wait("not tried")
    settle(terminal, 2)
    yield Figure(f"nothing changes for {IDLE:g} s", settle(terminal, IDLE), "bytes", 0, settle(beside, IDLE))
    terminal.keys("F4")
    terminal.wait("Host name")
    settle(terminal, 2)
    yield Figure(f"nothing changes for {IDLE:g} s, in a field", settle(terminal, IDLE), "bytes", 0)
    link.close()


def logs(link: Link) -> Iterator[Figure]:
    """Measure the logs' pane while the log grows fast."""
    link.server.wizard("apply", "--yes", "--through", "1")
    terminal = link.direct()
    opened(terminal)
    terminal.keys("F7")
    terminal.wait("shown:")

    def sources() -> Iterator[tuple[str, Callable[[], object]]]:
        for number in range(KEYS):
            yield "s", _shows(terminal, f"shown: {('postfix', 'mailman', 'run', 'Postfix')[number % 4]}")

    with flood(link.server):
        terminal.wait("lines too fast")
        settle(terminal, 2)
        rate = settle(terminal, FLOOD) / FLOOD / 1000
        answered = pressed(terminal, sources(), 0.1)
        (pid,) = link.screens
        yield Figure(f"{PER_SECOND} log lines a second", rate, "KB/s", 100)
        yield Figure("a key meanwhile, median", answered.median, "ms")
        yield Figure("a key meanwhile, 95 of 100 within", answered.p95, "ms", 50)
        yield Figure("resident memory", memory(link.server, pid), "MB", 80)
    link.close()


def main() -> None:
    with Lab.start() as lab:
        link = Link(Server(lab))
        for part in (forms, logs):
            for figure in part(link):
                sys.stdout.write(f"{figure.line()}\n")
                sys.stdout.flush()


if __name__ == "__main__":
    main()
