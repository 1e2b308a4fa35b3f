"""Every drill: not solved at its start, not by restarting services unless that is the mend, solved by its shortest way.

Without ``--full``, a few of them are tried, and the stage of the fault alone is checked.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.services.server import RESTART_MAILMAN, STATE, Server
from wizard import wait
from wizard.desk import RunView, step
from wizard.events import parse
from wizard.lab import Lab
from wizard.training import judge, load
from wizard.training.course import SERVER, TOGETHER, Drill
from wizard.training.drill import choose
from wizard.training.session import INSIDE, recipe

COURSE = load.load(load.BUILT_IN)
USUAL = frozenset({"transport-map-forgotten", "policy-moderated", "command-runner-dead"})
IN_FULL = "takes too long for every change; the full suite (--full), which README documents, tries it"
LIMIT = 300
RESTART_POSTFIX = "postfix stop; postfix start"
_BOTH = ": < /dev/tcp/127.0.0.1/8001 && : < /dev/tcp/127.0.0.1/8024"
WAIT = f"timeout 120 bash -c 'until ({_BOTH}) 2> /dev/null; do sleep 0.2; done'"
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Lab.start(recipe=recipe(SERVER)) as lab:
        lab.run([*INSIDE, "start", str(SERVER)], limit=LIMIT).require()
        yield Server(lab)


def broken(server: Server, *faults: str) -> dict[str, Any]:
    return dict(json.loads(server.lab.run([*INSIDE, "break", *faults], limit=LIMIT).require().stdout))


def view_of(server: Server, run: str) -> RunView:
    view = RunView()
    for row in server.events(run):
        event = parse(json.dumps(row))
        assert event is not None
        view = step(view, event)
    return view


def why(server: Server, told: dict[str, Any], stage: int, *, full: bool) -> tuple[str, ...]:
    """Judge as the session does; the stage of the fault alone where that is enough."""
    report = server.report("check", *(() if full else ("--stage", str(stage))))
    missing = judge.proven(view_of(server, report.run), *((1, 6) if full else (stage, stage)))
    if missing:
        return missing
    return judge.harmed(told["there"], json.loads(server.lab.run([*INSIDE, "look"]).require().stdout))


def restart(server: Server) -> None:
    """Restart both services, as somebody does who has no better idea; whether that works is not asked."""
    server.lab.run(["bash", "-c", f"{RESTART_POSTFIX}; {RESTART_MAILMAN}"], limit=LIMIT)


def mend(server: Server, drill: Drill) -> None:
    for each in drill.mend:
        server.sh(each.run)
    server.lab.run(["bash", "-c", WAIT], limit=LIMIT)


@pytest.fixture
def full(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--full"))


@pytest.mark.parametrize("drill", COURSE.drills, ids=lambda drill: drill.fault)
def test_it_is_solved_by_its_shortest_way_and_by_nothing_less(server: Server, drill: Drill, *, full: bool) -> None:
    if not full and drill.fault not in USUAL:
        pytest.skip(IN_FULL)
    stage = drill.known.stage
    begun = time.monotonic()
    told = broken(server, drill.fault)
    try:
        assert why(server, told, stage, full=False), "solved at the start"
        restart(server)
        after = why(server, told, stage, full=False)
        assert bool(after) is not drill.restart, (after, "a restart mends it" if drill.restart else "")
        if drill.restart:
            broken(server, drill.fault)
    finally:
        mend(server, drill)
    assert why(server, told, stage, full=False) == ()
    assert time.monotonic() - begun < LIMIT
    assert drill.known.stage == stage


def test_two_at_once_are_both_to_be_mended(server: Server, *, full: bool) -> None:
    if not full:
        pytest.skip(IN_FULL)
    chosen = choose(COURSE, level=TOGETHER, seed="1")
    told = broken(server, *(each.fault for each in chosen.drills))
    first, second = chosen.drills
    assert why(server, told, first.known.stage, full=False)
    mend(server, first)
    assert why(server, told, second.known.stage, full=True), "one of two is not enough"
    mend(server, second)
    assert why(server, told, second.known.stage, full=True) == ()


def test_checks_that_are_stopped_prove_nothing(server: Server) -> None:
    before = server.runs()
    with server.started("check"):
        run = wait.until(lambda: next((each for each in server.runs() if each not in before), None), limit=LIMIT)
        wait.until(lambda: "check.finished" in {each["kind"] for each in server.events(run)} or None, limit=LIMIT)
        server.sh(f"kill $(cat /{STATE}/runs/{run}/alive)")
    assert judge.proven(view_of(server, run), 1, 6)


def test_what_is_lost_on_the_way_is_named(server: Server) -> None:
    told = broken(server, "emergency")
    server.sh("runuser -u list -- mailman -C /etc/mailman3/mailman.cfg remove reading-group@local.edu")
    server.sh("runuser -u list -- mailman -C /etc/mailman3/mailman.cfg create reading-group@local.edu")
    seen = json.loads(server.lab.run([*INSIDE, "look"]).require().stdout)
    assert any("alice@local.edu" in each for each in judge.harmed(told["there"], seen))
