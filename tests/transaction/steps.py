"""Every call of a transaction to the file system, as strace(1) sees it, and a fault at one of them."""

from __future__ import annotations

import re
import shlex
import socket
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.services.server import LIMIT, RUN_LIMIT, Server
from tests.transaction import driver
from wizard import wait

CALLS = ("mkdir", "write", "fsync", "fchown", "fchmod", "ftruncate", "fsetxattr", "rename", "unlink", "rmdir", "chmod")
"""What changes a file system; a file that is made is written or synced next."""
TRACE = "root/strace"
ERRORS = ("ENOSPC", "EIO", "EACCES", "EROFS", "EDQUOT", "EINTR")
SIGNALS = {"kill": "KILL", "cut": "KILL", "SIGTERM": "TERM", "SIGINT": "INT", "SIGHUP": "HUP"}
"""``cut``: the machine loses its power at this moment; what was not yet on the disk never comes there."""
FAULTS = (*SIGNALS, *ERRORS)
REPOSITORY = Path(__file__).parents[2]
_LINE = re.compile(r"(?P<call>\w+)\((?P<arguments>.*?)\)? += ")
_PATH = re.compile(r"[<\"](/[^<>\"]*)[>\"]")
_RANDOM = re.compile(r"[0-9a-f]{12}(?=\.tmp)|(?<=mailman-wizard-)\w{8}|\d{5}-\d-\w{16}|(?<=^/tmp/)\w{8}$")


@dataclass(frozen=True, slots=True)
class Step:
    """One call."""

    call: str
    number: int
    """Which one of its kind, from 1."""
    path: str
    """What it is about; what is random in it is left out."""

    def __str__(self) -> str:
        return f"{self.call} {self.path}"


def python(command: str) -> str:
    """Give the shell's words that have the driver do something, in the repository."""
    return shlex.join([sys.executable, "-B", "-m", "tests.transaction.driver", command])


def run(server: Server, command: str, inject: str = "", *, largest: int | None = None) -> int:
    """Have the driver do something under strace; return its exit code, or minus the signal that has killed it.

    Args:
        server: where.
        command: what the driver is to do.
        inject: a fault, as strace(1) takes it.
        largest: bytes that a file may have at most.
    """
    _serving(server)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asked:
        asked.settimeout(LIMIT)
        asked.connect(str(server.path(driver.SOCKET)))
        with asked.makefile("rw", encoding="ascii") as words:
            print(command, file=words, flush=True)
            child = int(words.readline())
            traced = ["bash", "-ec", _TRACED, "bash", str(child), str(largest or "unlimited"), inject]
            server.lab.run(traced, limit=RUN_LIMIT).require()  # with Mailman's restart, on a machine that is busy
            return int(words.readline())


_TRACED = f"""
    exec > /root/strace.out 2>&1 < /dev/null
    prlimit --pid $1 --fsize=$2
    strace -q -y -o /{TRACE} -e trace={",".join(CALLS)} ${{3:+-e "$3"}} -p $1 &
    until grep -q 'TracerPid:.*[1-9]' /proc/$1/status; do kill -0 $!; done
    kill -CONT $1
    wait $!
"""
"""With the child's process id, the bytes of the largest file, and a fault; strace ends with the child."""


def _serving(server: Server) -> None:
    """Have a driver that waits for words."""
    place = server.path(driver.SOCKET)
    if not place.exists():
        there = f"cd {shlex.quote(str(REPOSITORY))}"
        server.sh(f"{there} && setsid {python('serve')} > /root/serving 2>&1 < /dev/null &")
        wait.until(lambda: True if place.exists() else None, limit=LIMIT)


def steps(server: Server, command: str) -> tuple[Step, ...]:
    """Have the driver do something undisturbed, and list its calls, in order."""
    code = run(server, command)
    assert code == 0, server.text(driver.SAID)
    seen: Counter[str] = Counter()
    found = []
    for line in server.text(TRACE).splitlines():
        match = _LINE.match(line)
        if match is None:
            continue
        seen[match["call"]] += 1
        paths = _PATH.findall(match["arguments"])
        path = _RANDOM.sub("…", paths[-1] if match["call"] == "rename" and paths else paths[0] if paths else "")
        if not path.startswith(("/dev", f"/{driver.SAID}")):
            found.append(Step(match["call"], seen[match["call"]], path))
    return tuple(found)


def injection(step: Step, fault: str) -> str:
    """Write a fault at a step as strace takes it."""
    what = f"signal={SIGNALS[fault]}" if fault in SIGNALS else f"error={fault}"
    return f"inject={step.call}:{what}:when={step.number}"
