"""What tests of the lab see from outside of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil

from tests.services import lab_driver
from wizard import wait

DRIVER = (sys.executable, "-P", lab_driver.__file__)
_NAMESPACES = ("ipc", "mnt", "net", "pid", "uts")


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


def namespaces(pid: int) -> frozenset[str]:
    """Name the namespaces of a process that are not this process's own."""
    theirs, own = (
        {str(Path("/proc", name, "ns", kind).readlink()) for kind in _NAMESPACES} for name in (str(pid), "self")
    )
    return frozenset(theirs - own)


def await_end_of(wanted: frozenset[str]) -> None:
    """Wait until no process of the machine is in any of these namespaces."""
    wait.until(lambda: None if _anybody_in(wanted) else True, limit=10)


def _anybody_in(wanted: frozenset[str]) -> bool:
    for pid in psutil.pids():
        try:
            if namespaces(pid) & wanted:
                return True
        except OSError:  # it has ended
            continue
    return False
