from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.doubles import Kept, MemoryHost
from wizard.errors import CommandError
from wizard.facts import mailman_conf, runners
from wizard.facts.runners import Slot
from wizard.host import Process

from .recorded import DEBIAN_12, DEBIAN_13, recording

NAMES = [
    "archive",
    "bounces",
    "command",
    "digest",
    "in",
    "lmtp",
    "nntp",
    "out",
    "pipeline",
    "rest",
    "retry",
    "task",
    "virgin",
]
CONF = mailman_conf.parse(recording("mailman-conf.txt"))


def processes(release: str = DEBIAN_12) -> tuple[Process, ...]:
    rows = json.loads(recording("processes.json", release))
    return tuple(Process(**{**fields, "argv": tuple(fields["argv"])}) for fields in rows)


@pytest.mark.parametrize(
    ("release", "without", "master", "workers"),
    [(DEBIAN_12, set(), 154, [240, 241]), (DEBIAN_13, {"nntp"}, 4138, [4195, 4196])],
)
def test_a_running_mailman(release: str, without: set[str], master: int, workers: list[int]) -> None:
    conf = mailman_conf.parse(recording("mailman-conf.txt", release))
    names = sorted(set(NAMES) - without)
    found = runners.find(processes(release))
    assert [each.pid for each in found.masters] == [master]
    assert [runner.name for runner in found.runners] == names
    assert {runner.process.user for runner in found.runners} == {"list"}
    assert [worker.pid for worker in found.workers] == workers
    assert runners.missing(runners.expected_slots(conf, names), found) == ()
    assert runners.switched_off(conf, NAMES) == ()


def test_a_socket_belongs_to_a_runner_or_its_worker() -> None:
    found = runners.find(processes())
    assert found.owns("lmtp", 169)
    assert found.owns("rest", 173)
    assert found.owns("rest", 240)
    assert not found.owns("lmtp", 240)
    assert not found.owns("lmtp", None)


def test_expected_slots_come_from_the_configuration() -> None:
    assert [slot.name for slot in runners.expected_slots(CONF, NAMES)] == NAMES
    conf = {**CONF, ("runner.out", "instances"): "2", ("runner.nntp", "start"): "no"}
    slots = runners.expected_slots(conf, NAMES)
    assert [str(slot) for slot in slots if slot.name in {"out", "nntp"}] == ["out:0:2", "out:1:2"]
    assert runners.switched_off(conf, NAMES) == ()


def test_a_runner_that_is_switched_off_is_expected_all_the_same() -> None:
    found = runners.find(processes())
    off = ("archive", "bounces", "digest", "retry", "task")
    conf = {**CONF, **{(f"runner.{name}", "start"): "no" for name in off}}
    assert runners.switched_off(conf, NAMES) == off
    assert runners.expected_slots(conf, NAMES) == runners.expected_slots(CONF, NAMES)
    left = runners.Mailman(found.masters, tuple(each for each in found.runners if each.name not in off), found.workers)
    assert [slot.name for slot in runners.missing(runners.expected_slots(conf, NAMES), left)] == list(off)


SCHEMA = b"[runner.master]\n# Whether to start this runner or not.\nstart: yes\ninstances: 1\npath: $QUEUE_DIR/$name\n"
SECTIONS = b"[paths.dev]\n[runner.bad]\nstart: no\n[runner.in]\nclass: x\n[runner.rest]\npath:\n[runner.nntp]\n"


def installed(schema: bytes = SCHEMA, sections: bytes = SECTIONS) -> MemoryHost:
    host = MemoryHost()
    host.files |= {
        runners.PACKAGE / "schema.cfg": Kept(schema),
        runners.PACKAGE / "mailman.cfg": Kept(sections),
    }
    return host


def test_the_package_says_which_runners_there_should_be() -> None:
    assert runners.packaged(installed()) == {"in", "rest", "nntp"}
    assert runners.packaged(
        installed(schema=SCHEMA.replace(b"yes", b"no"), sections=b"[runner.in]\nstart: yes\n[runner.out]\n")
    ) == {"in"}


@pytest.mark.parametrize("host", [MemoryHost(), installed(sections=b"[paths.dev]\n"), installed(schema=b"not a file")])
def test_without_the_packages_defaults_nothing_is_expected_by_guess(host: MemoryHost) -> None:
    with pytest.raises(CommandError):
        runners.packaged(host)


def test_a_runner_that_is_gone_stopped_or_dead_is_missing() -> None:
    slots = runners.expected_slots(CONF, NAMES)
    gone = runners.find(process for process in processes() if process.pid != 171)
    assert runners.missing(slots, gone) == (Slot("out", 0, 1),)
    for state in ("stopped", "tracing-stop", "zombie", "dead"):
        stopped = runners.find(
            replace(process, state=state) if process.pid == 171 else process for process in processes()
        )
        assert runners.missing(slots, stopped) == (Slot("out", 0, 1),)
        assert len(stopped.named("out")) == 1


def test_a_runner_that_was_stopped_is_told_from_one_that_crashed() -> None:
    slot = Slot("out", 0, 1)
    for state, said in (("stopped", "stopped"), ("tracing-stop", "stopped"), ("zombie", "crashed")):
        found = runners.find(
            replace(process, state=state) if process.pid == 171 else process for process in processes()
        )
        assert said in runners.why_missing((slot,), found)
        assert "crashed" in runners.why_missing((slot, Slot("in", 7, 8)), found)


def test_a_worker_does_not_stand_in_for_its_runner() -> None:
    found = runners.find(process for process in processes() if process.pid != 173)
    # Their parent gone, the workers cannot be told from runners by their arguments; they have a new parent.
    assert [runner.process.pid for runner in found.named("rest")] == [240, 241]


def test_nothing_runs() -> None:
    found = runners.find(process for process in processes() if process.user != "list")
    assert found == runners.Mailman((), (), ())


def test_slots_that_are_none() -> None:
    for argument in (
        "--runner=out",
        "--runner=out:0",
        "--runner=:0:1",
        "--runner=out:x:1",
        "--runner=out:0:1:2",
    ):
        assert runners.slot_of(("python3", "runner", argument)) is None


arguments = st.sampled_from(["python3", "master", "--runner=a:0:1", "/bin/master", ""]) | st.text()
process = st.builds(
    Process,
    pid=st.integers(0, 5),
    parent=st.integers(0, 5),
    name=st.text(),
    argv=st.lists(arguments, max_size=4).map(tuple),
    user=st.text(),
    state=st.text(),
    cpu_seconds=st.floats(),
    started=st.floats(),
)


@given(st.lists(process))
def test_nothing_crashes_the_finder(found: list[Process]) -> None:
    runners.find(found)


@given(
    st.dictionaries(st.tuples(st.text() | st.just("runner.x"), st.sampled_from(["start", "instances"])), st.text()),
    st.frozensets(st.text() | st.just("x")),
)
def test_nothing_crashes_the_expectation(conf: dict[tuple[str, str], str], names: frozenset[str]) -> None:
    runners.expected_slots(conf, names)
    runners.switched_off(conf, names)


@pytest.mark.parametrize(
    ("caught", "at_work"), [("0000000000004203", True), ("0000000000000002", False), (None, False)]
)
def test_a_runner_is_at_work_once_it_catches_the_signal_to_restart(caught: str | None, at_work: bool) -> None:  # noqa: FBT001 (one of the cases)
    found = runners.find(processes())
    lmtp = found.named("lmtp")[0]
    files = {Path(f"/proc/{lmtp.process.pid}/status"): Kept(f"State:\tS\nSigCgt:\t{caught}\nCapInh:\t0\n".encode())}
    started = runners.started(MemoryHost(files=files if caught else {}), found)
    assert started.runners == ((lmtp,) if at_work else ())
