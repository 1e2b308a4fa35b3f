"""Mailman's processes: the master, its runners, and the workers of the REST runner."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterable
from configparser import Error as ParserError
from configparser import RawConfigParser
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

from wizard.errors import CommandError
from wizard.facts import mailman_conf
from wizard.facts.mailman_conf import Configuration
from wizard.host import Host, Process

PACKAGE = Path("/usr/lib/python3/dist-packages/mailman/config")
"""Mailman's own defaults, as Debian's package installs them.

``schema.cfg`` has those of every runner (``[runner.master]``); ``mailman.cfg``, which is read before the admin's, names
the runners of this version.
"""
OPTIONAL = frozenset({"nntp"})
"""The runners that mail can do without: the gateway to news, which later versions have no more."""

IDLE_STATES = frozenset({"stopped", "tracing-stop", "zombie", "dead"})
"""States, as psutil names them, in which a process exists and does no work."""
HALTED_STATES = frozenset({"stopped", "tracing-stop"})
"""Those of them from which a process can go on."""
_RUNNER = re.compile(r"--runner=(?P<name>[^:]+):(?P<slice>[0-9]{1,6}):(?P<count>[0-9]{1,6})")
_CAUGHT = re.compile(r"^SigCgt:\s*(?P<mask>[0-9a-f]+)$", re.MULTILINE)
_SECTION = re.compile(r"runner\.(?P<name>.+)")
_TEMPLATE = "runner.master"
"""The section that holds the defaults of all the others."""


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

    @property
    def halted(self) -> tuple[Runner, ...]:
        """The runners that were stopped, and can go on."""
        return tuple(runner for runner in self.runners if runner.process.state in HALTED_STATES)

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


def packaged(host: Host) -> frozenset[str]:
    """Tell the names of the runners that the installed version starts when nobody has said otherwise.

    Raises:
        CommandError: Mailman's own defaults cannot be read.
    """
    schema, sections = (_read(host, PACKAGE / name) for name in ("schema.cfg", "mailman.cfg"))
    default = schema.get(_TEMPLATE, "start", fallback="yes")
    matches = {section: match for section in sections.sections() if (match := _SECTION.fullmatch(section))}
    found = frozenset(
        match["name"]
        for section, match in matches.items()
        if section != _TEMPLATE and mailman_conf.is_true(sections.get(section, "start", fallback=default))
    )
    if not found:
        raise CommandError(f"{PACKAGE} names no runner")
    return found


def switched_off(conf: Configuration, names: Iterable[str]) -> tuple[str, ...]:
    """Tell which of the runners of this version a configuration does not start; those that it may leave out aside."""
    return tuple(
        name
        for name in sorted(set(names) - OPTIONAL)
        if not mailman_conf.is_true(conf.get((f"runner.{name}", "start"), "yes"))
    )


def expected_slots(conf: Configuration, names: Iterable[str]) -> tuple[Slot, ...]:
    """Tell the slots that working processes must fill, also those that the configuration wrongly leaves empty.

    Args:
        conf: says which runners the master starts besides, and how many of each (``instances``).
        names: the runners that this version should have; see `packaged`.
    """
    wanted = set(names) - OPTIONAL
    for (section, key), value in conf.items():
        match = _SECTION.fullmatch(section)
        if match and key == "start" and mailman_conf.is_true(value):
            wanted.add(match["name"])
    counts = {name: _count(conf.get((f"runner.{name}", "instances"), "1")) for name in wanted}
    return tuple(sorted(Slot(name, each, count) for name, count in counts.items() for each in range(count)))


def started(host: Host, found: Mailman) -> Mailman:
    """Leave out the runners that still start: what fails them then, ends them, and the master lets it be.

    A runner catches SIGUSR1, by which it is told to restart, from the moment its loop begins (``set_signals`` in
    mailman/bin/runner.py); which signals a process catches is in its status (``SigCgt`` in proc_pid_status(5)).
    """
    return replace(found, runners=tuple(runner for runner in found.runners if _catches(host, runner.process.pid)))


def missing(slots: Iterable[Slot], found: Mailman) -> tuple[Slot, ...]:
    """Tell which slots no working process fills."""
    filled = {runner.slot for runner in found.runners if runner.works}
    return tuple(slot for slot in slots if slot not in filled)


def why_missing(slots: Iterable[Slot], found: Mailman) -> str:
    """Say in words why no working process fills some slots."""
    if set(slots) <= {runner.slot for runner in found.halted}:
        return "its process was stopped (SIGSTOP, or a debugger)"
    return "it crashed, and Mailman's master does not start it again, or mailman.cfg switches it off"


def _read(host: Host, path: Path) -> RawConfigParser:
    """Read one of Mailman's own files, with the one key in it that matters here kept as written."""
    parser = RawConfigParser(strict=False, allow_no_value=True)
    try:
        parser.read_string(host.read(path).decode("utf-8", "replace"), source=str(path))
    except (OSError, ParserError) as error:
        raise CommandError(f"Mailman's own defaults cannot be read: {error}") from error
    return parser


def _catches(host: Host, pid: int) -> bool:
    try:
        status = host.read(Path(f"/proc/{pid}/status")).decode("utf-8", "replace")
    except OSError:
        return False
    caught = _CAUGHT.search(status)
    return caught is not None and bool(int(caught["mask"], 16) >> (signal.SIGUSR1 - 1) & 1)


def _count(text: str) -> int:
    return int(text) if re.fullmatch(r"[0-9]{1,4}", text) else 1


def _is_master(argv: tuple[str, ...]) -> bool:
    """Mailman's, which Python runs; Postfix's is a program of its own."""
    names = [PurePath(argument).name for argument in argv[:3]]
    return bool(names) and names[0].startswith("python") and "master" in names[1:]
