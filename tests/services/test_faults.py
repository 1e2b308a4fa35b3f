"""Every fault: the right stage fails, the right code is given, the wizard's own fix heals it, nothing else differs.

``pytest tests/services/test_faults.py --full -n 2`` tries all of them, pairs of them at random, and fifty times a
server without one, under load; then it writes the table in docs/faults.md. Without it, some of each are tried.
"""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

import tests
from tests.services.server import Server
from wizard.causes import CAUSES
from wizard.check import EXTRA
from wizard.faults import FAULTS, Fault
from wizard.lab import Lab
from wizard.site import Site

TABLE = Path(tests.__file__).parent.parent / "docs" / "faults.md"
USUAL = frozenset(
    {
        "mailman-stopped",
        "transport-map-forgotten",
        "pending-join",
    }
)
"""Of the later stages' faults, those that are tried for every change; of stage 1, whose checks are quick, all are."""
TOGETHER = (
    ("two-classes", "map-missing"),
    ("in-runner-dead", "password-differs"),
    ("transport-map-forgotten", "map-stale"),
    ("emergency", "members-held"),
)
"""Faults of one stage, which one look finds both, in this order."""
pytestmark = pytest.mark.timeout(1200)
IN_FULL = "takes too long for every change; the full suite (--full), which README documents, tries it"
QUICK = ("--set", "check.subscribers=1")
BUSY = "while True: pass"
LIMIT = Site().check.limit
"""Seconds that a check waits for a message; none of these ends without its cause later than `EXTRA` after that."""
WAITED_OUT = re.compile(rf"within {LIMIT:g} s\b|\(limit {LIMIT:g} s\)|not finished within")
"""How a check says that it has waited as long as it may."""
STANDING = frozenset(cause.code for cause in CAUSES if cause.stands)
"""The codes of what the machine alone shows; nobody waits for that until the limit."""
LOOK = """
postconf | grep -v '^process_id '
runuser -u list -- mailman conf | grep -v admin_pass
stat -c '%n %a %U:%G' /etc/mailman3/* /var/mail /var/lib/mailman3/queue/* /var/lib/mailman3/data/* /etc/postfix/*
ls /etc/rc2.d
getent passwd
"""
ROWS = (
    "SELECT list_id, subscription_policy, emergency, default_member_action, max_message_size FROM mailinglist",
    "SELECT email, list_id FROM ban",
    "SELECT name, context, uri FROM template",
    "SELECT email FROM address",
)
"""What must be the same before a fault and after its healing."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a check said of a fault."""

    stage: int
    check: str
    outcome: str
    code: str | None
    also: tuple[str, ...]
    """The codes of the other causes that were found."""
    evidence: tuple[str, ...]
    seconds: float
    """From the check's start until its cause was told."""

    @property
    def waited_out(self) -> bool:
        """Whether it waited as long as it may, and saw nothing that ended the waiting before."""
        return any(map(WAITED_OUT.search, self.evidence)) and not any("in vain" in line for line in self.evidence)


@dataclass
class Warm:
    """A server with its first four stages proven; a new one after a fault that was not healed."""

    server: Server | None = None
    lab: Lab | None = None

    def get(self) -> Server:
        if self.server is None:
            self.lab = Lab.start()
            self.server = Server(self.lab)
            report = self.server.report("apply", "--yes", "--through", "4")
            assert report.exit == 0, report.not_passed
        return self.server

    def prove(self) -> None:
        """See all six stages proven, after whatever was done to it."""
        if self.server is not None:
            report = self.server.report("apply", "--yes", *QUICK)
            assert report.verified, report.not_passed

    def drop(self) -> None:
        if self.lab is not None:
            self.lab.stop()
        self.server = self.lab = None


@pytest.fixture(scope="module")
def rows(request: pytest.FixtureRequest) -> Iterator[Path]:
    """Where the table's rows are kept, those of all workers and of earlier runs; the table is written of the last.

    There is a row of each fault whose newest trial was all right, so that ``--lf`` completes a run that was not.
    """
    assert request.config.cache is not None
    directory = request.config.cache.mkdir("faults")
    yield directory
    said = {path.name: path.read_text(encoding="utf-8") for path in directory.iterdir()}
    if request.config.getoption("--full") and said.keys() >= {fault.name for fault in FAULTS}:
        TABLE.write_text(table(said), encoding="utf-8")


@pytest.fixture(scope="module")
def warm(request: pytest.FixtureRequest) -> Iterator[Warm]:
    kept = Warm()
    try:
        yield kept
        if request.config.getoption("--full"):
            kept.prove()
    finally:
        kept.drop()


@contextmanager
def repaired(warm: Warm) -> Iterator[Server]:
    """Leave no broken server to the next test."""
    try:
        yield warm.get()
    except BaseException:
        warm.drop()
        raise


def table(rows: dict[str, str]) -> str:
    head = [
        "# Faults, and what is said of them",
        "",
        "Written by `pytest tests/services/test_faults.py --full`, which breaks a real server in each of these ways,",
        "has it checked and healed, and fails if one code is wrong or missing. The seconds are those from the start of",
        f"the check that fails until it has told the cause; a check waits {LIMIT:g} s for a message, unless it sees",
        "before that it waits in vain.",
        "",
        "| fault | what is wrong | first check that fails | code | seconds | healed by |",
        "|---|---|---|---|---|---|",
    ]
    return "\n".join([*head, *(rows[fault.name] for fault in FAULTS), ""])


def row(fault: Fault, seen: Seen) -> str:
    healed = "hand, then `apply`" if fault.by_hand else "`apply`"
    return f"| {fault.name} | {fault.title} | {seen.check} | {seen.code} | {seen.seconds:.1f} | {healed} |"


def look(server: Server, *but: str) -> set[str]:
    """Tell how the server is, but for settings whose names are in the texts given."""
    lines = [*server.sh(LOOK).splitlines(), *(row for query in ROWS for row in server.rows(query))]
    return {line for line in lines if line.partition(" ")[0] not in " ".join(but).replace("=", " ").split()}


def checked(server: Server, fault: Fault, *, full: bool) -> Seen:
    """Check the server, and give the first check that has not passed; no later stage may have been come to."""
    which = () if full else ("--stage", str(fault.stage))
    ended = server.wizard("check", "--json", *which, *(fault.answers or QUICK))
    data = json.loads(ended.stdout.splitlines()[-1])
    assert (ended.code, data["verified"]) == (1, False)
    rows = [{**row, "stage": stage["stage"]} for stage in data["stages"] for row in stage["checks"]]
    first = next(row for row in rows if row["outcome"] not in {"pass", "skip"})
    assert rows[-1]["stage"] == first["stage"]
    code = (first["diagnosis"] or {}).get("code")
    also = tuple(each["code"] for each in first["also"])
    seconds = took(server.events(data["run"]), first["id"])
    return Seen(first["stage"], first["id"], first["outcome"], code, also, tuple(first["evidence"]), seconds)


def took(events: Iterable[Mapping[str, Any]], check: str) -> float:
    """Tell the seconds from a check's start until it was told how it ended, and why."""
    at = {each["kind"]: datetime.fromisoformat(each["at"]) for each in events if each.get("id") == check}
    return (at["check.finished"] - at["check.started"]).total_seconds()


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
def test_a_fault_is_named_and_healed(warm: Warm, rows: Path, fault: Fault, *, full: bool) -> None:
    if not full and fault.stage > 1 and fault.name not in USUAL:
        pytest.skip(IN_FULL)
    (rows / fault.name).unlink(missing_ok=True)
    with repaired(warm) as server:
        before = look(server, fault.breaks)
        server.sh(fault.breaks)
        found = checked(server, fault, full=full)
        assert (found.stage, found.check, found.outcome, found.code) == (
            fault.stage,
            fault.check,
            "fail",
            fault.code,
        ), found
        assert found.seconds <= LIMIT + EXTRA, found
        assert fault.code not in STANDING or not found.waited_out, found
        heal(server, fault)
        assert look(server, fault.breaks) ^ before == set()
    (rows / fault.name).write_text(row(fault, found), encoding="utf-8")


MADE_LEGIBLE = ("map-missing", "syntax-error")


def pairs(count: int) -> list[tuple[Fault, Fault]]:
    """Choose faults that can be there together: of different stages, and neither needs answers of its own.

    Mailman writes its maps anew when it starts, so that what heals the first may heal a map too; and to have a map
    made, what keeps Mailman from reading its configuration is mended at once.
    """
    chooser = random.Random(count)  # noqa: S311 (the same pairs each time)
    alone = [fault for fault in FAULTS if not fault.answers and not fault.by_hand]
    maps = {"map-stale", "domains-map-missing"}
    found: list[tuple[Fault, Fault]] = []
    while len(found) < count:
        first, second = chooser.sample(alone, 2)
        lasts = second.name not in maps or first.stage == 1
        lasts = lasts and (first.name, second.name) != MADE_LEGIBLE
        if first.stage < second.stage and first.code not in {"MW101", "MW102"} and lasts:
            found.append((first, second))
    return found


@pytest.mark.parametrize("number", range(12))
def test_of_two_faults_the_one_nearest_the_entry_is_named_first(warm: Warm, number: int, *, full: bool) -> None:
    """And the other one when the first is healed."""
    first, second = pairs(12)[number]
    if not full and (first.stage, second.stage) != (1, 3):
        pytest.skip(IN_FULL)
    with repaired(warm) as server:
        server.sh(second.breaks)
        server.sh(first.breaks)
        found = checked(server, first, full=True)
        assert (found.stage, found.code) == (first.stage, first.code), (first.name, second.name, found)
        heal(server, first)
        found = checked(server, second, full=True)
        assert (found.stage, found.code) == (second.stage, second.code), (first.name, second.name, found)
        heal(server, second)


def test_a_missing_map_is_made_although_mailman_cfg_cannot_be_read(warm: Warm, *, full: bool) -> None:
    if not full:
        pytest.skip(IN_FULL)
    gone, unread = (next(fault for fault in FAULTS if fault.name == name) for name in MADE_LEGIBLE)
    with repaired(warm) as server:
        server.sh(unread.breaks)
        server.sh(gone.breaks)
        assert checked(server, gone, full=True).code == gone.code
        heal(server, gone)
        assert server.report("check", *QUICK).verified


@pytest.mark.parametrize("names", TOGETHER, ids=" and ".join)
def test_two_causes_of_one_failure_are_both_told(warm: Warm, names: tuple[str, str], *, full: bool) -> None:
    if names != TOGETHER[0] and not full:
        pytest.skip(IN_FULL)
    first, second = (next(fault for fault in FAULTS if fault.name == name) for name in names)
    with repaired(warm) as server:
        server.sh(first.breaks)
        server.sh(second.breaks)
        found = checked(server, first, full=True)
        assert found.stage == first.stage, found
        assert (found.code, second.code in found.also) == (first.code, True), found
        heal(server, first, second)


@pytest.mark.timeout(2400)
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
print(json.dumps([each.code for each in causes.told(engine.scene(STAGES[5]), None, 60).causes]))
"""
