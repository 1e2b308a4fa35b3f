"""What tests of the lab see from outside of it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil

from tests.services import lab_driver
from wizard import wait

DRIVER = (sys.executable, "-P", lab_driver.__file__)
_KINDS = ("ipc", "mnt", "net", "pid", "uts")


def drive(*command: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command in a lab of its own."""
    return subprocess.run(
        [*DRIVER, *command],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env={**os.environ, **(env or {})},
    )


@contextmanager
def left_empty(pid: int) -> Iterator[None]:
    """Wait at the block's end until no process of the machine is in any of the namespaces of a process.

    They are held open meanwhile: the kernel gives a namespace's number to the next one as soon as it is gone,
    and that may be a lab of a test beside this one.
    """
    with ExitStack() as held:
        wanted = _namespaces(pid)
        assert wanted
        for kind in _KINDS:
            held.callback(os.close, os.open(f"/proc/{pid}/ns/{kind}", os.O_RDONLY | os.O_CLOEXEC))
        yield
        wait.until(lambda: None if _anybody_in(wanted) else True, limit=10)


def _namespaces(pid: int) -> frozenset[str]:
    """Name the namespaces of a process that are not this process's own."""
    theirs, own = ({str(Path("/proc", name, "ns", kind).readlink()) for kind in _KINDS} for name in (str(pid), "self"))
    return frozenset(theirs - own)


def _anybody_in(wanted: frozenset[str]) -> bool:
    for pid in psutil.pids():
        try:
            if _namespaces(pid) & wanted:
                return True
        except OSError:  # it has ended
            continue
    return False
