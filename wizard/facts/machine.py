"""The machine itself: distribution, service manager, memory."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from wizard.host import Host

OS_RELEASE = (Path("/etc/os-release"), Path("/usr/lib/os-release"))
"""In this order; see os-release(5)."""
MEMORY = Path("/proc/meminfo")
SYSTEMD = Path("/run/systemd/system")
"""There if systemd is PID 1; see sd_booted(3)."""
_ASSIGNMENT = re.compile(r"(?P<name>[A-Z][A-Z0-9_]*)=(?P<value>.*)")
_KIBIBYTES = re.compile(r"(?P<name>[^\s:]+): +(?P<value>[0-9]{1,15}) kB")


@dataclass(frozen=True, slots=True)
class Machine:
    """What the wizard has to know of the machine."""

    os: str
    """``debian``, ``ubuntu`` …; ``linux`` where nothing tells."""
    version: str
    """``12``, ``13`` …; empty for Debian's testing and unstable."""
    codename: str
    """``bookworm``, ``trixie`` …, or empty."""
    pretty: str
    """For people: ``Debian GNU/Linux 12 (bookworm)``."""
    systemd: bool
    """Whether systemd is PID 1."""
    memory: int
    """In bytes; 0 where nothing tells."""
    available: int
    """Of the memory, what programs could have without swapping, in bytes."""


def parse_os_release(text: str) -> dict[str, str]:
    """Parse os-release(5): assignments as a shell reads them; another line is left out."""
    matches = (_ASSIGNMENT.fullmatch(line.strip()) for line in text.split("\n"))
    return {match["name"]: _unquoted(match["value"]) for match in matches if match}


def parse_memory(text: str) -> dict[str, int]:
    """Parse /proc/meminfo, see proc(5), to bytes; lines without a unit are left out."""
    matches = (_KIBIBYTES.fullmatch(line) for line in text.split("\n"))
    return {match["name"]: int(match["value"]) * 1024 for match in matches if match}


def read(host: Host) -> Machine:
    """Tell what this machine is.

    Raises:
        OSError: a file is there and cannot be read.
    """
    release = parse_os_release(next((_text(host, path) for path in OS_RELEASE if host.state(path)), ""))
    memory = parse_memory(_text(host, MEMORY) if host.state(MEMORY) else "")
    return Machine(
        os=release.get("ID", "linux"),
        version=release.get("VERSION_ID", ""),
        codename=release.get("VERSION_CODENAME", ""),
        pretty=release.get("PRETTY_NAME", "Linux"),
        systemd=host.state(SYSTEMD) is not None,
        memory=memory.get("MemTotal", 0),
        available=memory.get("MemAvailable", 0),
    )


def _text(host: Host, path: Path) -> str:
    return host.read(path).decode("utf-8", "backslashreplace")


def _unquoted(value: str) -> str:
    try:
        return "".join(shlex.split(value))
    except ValueError:
        return value
