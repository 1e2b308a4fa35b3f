"""This process's arguments, as ps(1) shows them to every user of the machine: secrets in them are overwritten.

Source: proc(5), /proc/PID/cmdline and field 48 of /proc/PID/stat. An admin who puts a password into a command line
has shown it for as long as the program takes to get here; the answers' file does not show it at all.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterable
from pathlib import Path

_START = 48 - 3
"""Where ``arg_start`` is among the fields of /proc/PID/stat after the program's name."""
_COVER = ord("x")


def hide(secrets: Iterable[str]) -> None:
    """Overwrite every occurrence of secrets in the arguments that others see; ours are left as they are."""
    shown = Path("/proc/self/cmdline").read_bytes()
    fields = Path("/proc/self/stat").read_bytes().rpartition(b")")[2].split()
    start = int(fields[_START])
    for secret in (os.fsencode(each) for each in secrets if start):
        at = shown.find(secret)
        while secret and at >= 0:
            ctypes.memset(start + at, _COVER, len(secret))
            at = shown.find(secret, at + 1)
