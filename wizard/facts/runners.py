"""Mailman's processes: the master, its runners, and the workers of the REST runner."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePath

from wizard.facts import mailman_conf
from wizard.facts.mailman_conf import Configuration
from wizard.host import Process

IDLE_STATES = frozenset({"stopped", "tracing-stop", "zombie", "dead"})
"""States, as psutil names them, in which a process exists and does no work."""
_RUNNER = re.compile(r"--runner=(?P<name>[^:]+):(?P<slice>[0-9]{1,6}):(?P<count>[0-9]{1,6})")
_START = re.compile(r"runner\.(?P<name>.+)")


@dataclass(frozen=True, order=True, slots=True)
class Slot:
    """A place that one runner process fills: ``out:0:1`` is the first of one ``out`` runner."""

    name: str
    slice: int
    count: int

    def __str__(self) -> str:
        """Write it as in the runner's argument."""
        return f"{self.name}:{self.slice}:{self.count}"


@dataclass(frozen=True, slots=True)
class Runner:
    """One runner process."""

    slot: Slot
    process: Process

    @property
    def name(self) -> str:
        """The runner's name; several runners have it where ``instances`` is more than 1."""
        return self.slot.name

    @property
    def works(self) -> bool:
        """Whether the process can work: neither stopped nor dead."""
        return self.process.state not in IDLE_STATES


@dataclass(frozen=True, slots=True)
class Mailman:
    """The processes of Mailman on this machine."""

    masters: tuple[Process, ...]
    """One; none when Mailman does not run, several when it was started twice."""
    runners: tuple[Runner, ...]
    """By name and slice."""
    workers: tuple[Process, ...]
    """The processes that a runner has forked; gunicorn's, for REST."""

    def named(self, name: str) -> tuple[Runner, ...]:
        """The runners of one name."""
        return tuple(runner for runner in self.runners if runner.name == name)

    def owns(self, name: str, pid: int | None) -> bool:
        """Whether a process, for instance a socket's owner, is a runner of this name or its worker."""
        pids = {runner.process.pid for runner in self.named(name)}
        return pid in pids | {worker.pid for worker in self.workers if worker.parent in pids}


def find(processes: Iterable[Process]) -> Mailman:
    """Pick Mailman's processes out of those of the machine."""
    everything = tuple(processes)
    slots = {process.pid: slot for process in everything if (slot := slot_of(process.argv))}
    runners = (
        Runner(slots[process.pid], process)
        for process in everything
        if process.pid in slots and process.parent not in slots
    )
    return Mailman(
        masters=tuple(process for process in everything if _is_master(process.argv)),
        runners=tuple(sorted(runners, key=lambda runner: (runner.slot, runner.process.pid))),
        workers=tuple(process for process in everything if process.parent in slots),
    )


def slot_of(argv: Iterable[str]) -> Slot | None:
    """Tell which slot a command line fills, or None if it is no runner's."""
    for argument in argv:
        match = _RUNNER.fullmatch(argument)
        if match:
            return Slot(match["name"], int(match["slice"]), int(match["count"]))
    return None


def expected(conf: Configuration) -> frozenset[str]:
    """Tell the names of the runners that the master starts with this configuration."""
    return frozenset(slot.name for slot in expected_slots(conf))


def expected_slots(conf: Configuration) -> tuple[Slot, ...]:
    """Tell the slots that the master fills with this configuration: ``start: yes``, ``instances`` of each."""
    slots: list[Slot] = []
    for (section, key), value in conf.items():
        match = _START.fullmatch(section)
        if match and key == "start" and mailman_conf.is_true(value):
            count = _count(conf.get((section, "instances"), "1"))
            slots.extend(Slot(match["name"], each, count) for each in range(count))
    return tuple(sorted(slots))


def missing(slots: Iterable[Slot], found: Mailman) -> tuple[Slot, ...]:
    """Tell which slots no working process fills."""
    filled = {runner.slot for runner in found.runners if runner.works}
    return tuple(slot for slot in slots if slot not in filled)


def _count(text: str) -> int:
    return int(text) if re.fullmatch(r"[0-9]{1,4}", text) else 1


def _is_master(argv: tuple[str, ...]) -> bool:
    """Mailman's, which Python runs; Postfix's is a program of its own."""
    names = [PurePath(argument).name for argument in argv[:3]]
    return bool(names) and names[0].startswith("python") and "master" in names[1:]
