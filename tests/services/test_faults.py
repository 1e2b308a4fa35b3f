"""Every fault: the right stage fails, the right code is given, the wizard's own fix heals it, nothing else differs.

``pytest tests/services/test_faults.py --full`` tries all of them, pairs of them at random, and fifty times a server
without one, under load; then it writes the table in docs/faults.md. Without it, some of each are tried.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import tests
from tests.services.server import Server
from wizard.faults import FAULTS, Fault
from wizard.lab import Lab

TABLE = Path(tests.__file__).parent.parent / "docs" / "faults.md"
USUAL = frozenset(
    {
        "mailman-stopped",
        "out-runner-dead",
        "transport-map-forgotten",
        "map-stale",
        "policy-moderated",
        "pending-join",
    }
)
"""Of the later stages' faults, those that are tried for every change; of stage 1, whose checks are quick, all are."""
IN_FULL = "takes too long for every change; the full suite (--full), which README documents, tries it"
QUICK = ("--set", "check.subscribers=1")
BUSY = "while True: pass"
EXTRA = 2.0
"""Seconds that finding a cause may cost beyond the failed check's own limit."""
LOOK = """
postconf | grep -v '^process_id '
runuser -u list -- mailman conf | grep -v admin_pass
stat -c '%n %a %U:%G' /etc/mailman3/* /var/mail /var/lib/mailman3/queue/* /var/lib/mailman3/data/* /etc/postfix/*
ls /etc/rc2.d
getent passwd
"""
LISTS = "SELECT list_id, subscription_policy, emergency, default_member_action, max_message_size FROM mailinglist"
"""What must be the same before a fault and after its healing."""


@dataclass
class Warm:
    """A server with its first four stages proven; a new one after a fault that was not healed."""

    server: Server | None = None
    lab: Lab | None = None
    rows: dict[str, tuple[str, float]] = field(default_factory=dict)
    """Of each fault, the code that was given, and the seconds the failed check took."""

    def get(self) -> Server:
        if self.server is None:
            self.lab = Lab.start()
            self.server = Server(self.lab)
            report = self.server.report("apply", "--yes", "--through", "4")
            assert report.exit == 0, report.not_passed
        return self.server

    def drop(self) -> None:
        if self.lab is not None:
            self.lab.stop()
        self.server = self.lab = None


@pytest.fixture(scope="module")
def warm(request: pytest.FixtureRequest) -> Iterator[Warm]:
    kept = Warm()
    yield kept
    kept.drop()
    if request.config.getoption("--full") and kept.rows.keys() == {fault.name for fault in FAULTS}:
        TABLE.write_text(table(kept.rows), encoding="utf-8")


@contextmanager
def repaired(warm: Warm) -> Iterator[Server]:
    """Leave no broken server to the next test."""
    try:
        yield warm.get()
    except BaseException:
        warm.drop()
        raise


def table(rows: dict[str, tuple[str, float]]) -> str:
    head = [
        "# Faults, and what is said of them",
        "",
        "Written by `pytest tests/services/test_faults.py --full`, which breaks a real server in each of these ways,",
        "has it checked and healed, and fails if one code is wrong or missing.",
        "",
        "| fault | what is wrong | first check that fails | code | seconds | healed by |",
        "|---|---|---|---|---|---|",
    ]
    lines = [
        f"| {fault.name} | {fault.title} | {fault.check} | {rows[fault.name][0]} | {rows[fault.name][1]:.1f} | "
        f"{'hand, then `apply`' if fault.by_hand else '`apply`'} |"
        for fault in FAULTS
    ]
    return "\n".join([*head, *lines, ""])


def look(server: Server, *but: str) -> set[str]:
    """Tell how the server is, but for settings whose names are in the texts given."""
    lines = [*server.sh(LOOK).splitlines(), *server.rows(LISTS)]
    return {line for line in lines if line.partition(" ")[0] not in " ".join(but).replace("=", " ").split()}


def checked(server: Server, fault: Fault, *, full: bool) -> dict[str, Any]:
    """Check the server, and give the first check that has not passed."""
    which = () if full else ("--stage", str(fault.stage))
    ended = server.wizard("check", "--json", *which, *(fault.answers or QUICK))
    data = json.loads(ended.stdout.splitlines()[-1])
    assert (ended.code, data["verified"]) == (1, False)
    rows = [{**row, "stage": stage["stage"]} for stage in data["stages"] for row in stage["checks"]]
    return next(row for row in rows if row["outcome"] not in {"pass", "skip"})


def heal(server: Server, *faults: Fault) -> None:
    for fault in faults:
        if fault.by_hand:
            server.sh(fault.by_hand)
    answers = next((fault.answers for fault in faults if fault.answers), QUICK)
    through = str(max(fault.stage for fault in faults))
    report = server.report("apply", "--yes", "--through", through, *answers)
    assert report.exit == 0, report.not_passed
    for fault in faults:
        if fault.clears:
            server.sh(fault.clears)


@pytest.fixture
def full(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--full"))


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_is_named_and_healed(warm: Warm, fault: Fault, *, full: bool) -> None:
    if not full and fault.stage > 1 and fault.name not in USUAL:
        pytest.skip(IN_FULL)
    with repaired(warm) as server:
        before = look(server, fault.breaks)
        server.sh(fault.breaks)
        found = checked(server, fault, full=full)
        said = (found["stage"], found["id"], found["outcome"], (found["diagnosis"] or {}).get("code"))
        assert said == (fault.stage, fault.check, "fail", fault.code), found
        warm.rows[fault.name] = (said[3], found["seconds"])
        heal(server, fault)
        assert look(server, fault.breaks) ^ before == set()


def pairs(count: int) -> list[tuple[Fault, Fault]]:
    """Choose faults that can be there together: of different stages, and neither needs answers of its own."""
    chooser = random.Random(count)  # noqa: S311 (the same pairs each time)
    alone = [fault for fault in FAULTS if not fault.answers and not fault.by_hand]
    found: list[tuple[Fault, Fault]] = []
    while len(found) < count:
        first, second = chooser.sample(alone, 2)
        if first.stage < second.stage and first.code not in {"MW101", "MW102"}:
            found.append((first, second))
    return found


@pytest.mark.parametrize("number", range(12))
def test_of_two_faults_the_one_nearest_the_entry_is_named_first(warm: Warm, number: int, *, full: bool) -> None:
    if number >= 2 and not full:
        pytest.skip(IN_FULL)
    first, second = pairs(12)[number]
    with repaired(warm) as server:
        server.sh(second.breaks)
        server.sh(first.breaks)
        found = checked(server, first, full=True)
        assert (found["stage"], found["diagnosis"]["code"]) == (first.stage, first.code), (
            first.name,
            second.name,
            found,
        )
        heal(server, first, second)


def test_a_server_without_a_fault_gets_no_diagnosis(warm: Warm, *, full: bool) -> None:
    with repaired(warm) as server:
        load = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(2)]
        try:
            for _ in range(50 if full else 2):
                said = server.lab.run([sys.executable, "-c", _STANDING], limit=120).require().stdout
                assert said == "[]\n"
        finally:
            for process in load:
                process.kill()
                process.wait()


_STANDING = """
import json, tempfile
from pathlib import Path
from wizard import causes
from wizard.engine import Engine
from wizard.events import EventLog
from wizard.localhost import LocalHost
from wizard.redact import Redactor
from wizard.site import Site
from wizard.stages import STAGES
from wizard.state import State
state = State(Path(tempfile.mkdtemp()))
state.prepare()
log = EventLog(state.root, Redactor())
engine = Engine(Site(), LocalHost(), state, log, Redactor(), "none", STAGES, state.root)
print(json.dumps([each.code for each in causes.told(engine.scene(STAGES[5]), None).causes]))
"""
