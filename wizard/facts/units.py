"""systemd's units, as ``systemctl show`` tells them; see systemctl(1) and org.freedesktop.systemd1(5)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from wizard.facts.machine import SYSTEMD
from wizard.host import Host

_PROPERTIES = ("LoadState", "ActiveState", "SubState", "UnitFileState", "MainPID", "Result")


@dataclass(frozen=True, slots=True)
class Unit:
    """What systemd knows of a unit."""

    load: str
    """loaded, not-found, masked …"""
    active: str
    """active, inactive, activating, deactivating, failed …"""
    sub: str
    """In the terms of the kind of unit: running, exited, dead …"""
    file: str
    """enabled, enabled-runtime, disabled, static, masked …; empty if there is no file."""
    pid: int | None
    """The main process; None for a unit that has none, such as ``postfix.service`` up to Debian 12."""
    result: str
    """Why it failed: exit-code, signal, timeout …; else success."""

    @property
    def exists(self) -> bool:
        """Whether there is such a unit."""
        return self.load not in {"", "not-found"}

    @property
    def boots(self) -> bool:
        """Whether it is enabled to start at boot."""
        return self.file == "enabled"


def parse(text: str) -> Unit:
    """Parse ``Name=value`` lines, in any order; what is missing is empty."""
    rows = (line.partition("=") for line in text.split("\n"))
    values = {name: value for name, equals, value in rows if equals}
    pid = values.get("MainPID", "")
    return Unit(
        load=values.get("LoadState", ""),
        active=values.get("ActiveState", ""),
        sub=values.get("SubState", ""),
        file=values.get("UnitFileState", ""),
        pid=int(pid) if re.fullmatch(r"[1-9][0-9]{0,9}", pid) else None,
        result=values.get("Result", ""),
    )


def read(host: Host, name: str) -> Unit | None:
    """Tell the state of a unit; None where systemd is not PID 1.

    Args:
        host: the machine.
        name: for instance ``mailman3.service``; one that does not exist is told as such.

    Raises:
        CommandError: systemd does not answer.
    """
    if host.state(SYSTEMD) is None:
        return None
    return parse(host.run(["systemctl", "show", f"--property={','.join(_PROPERTIES)}", "--", name]).require().stdout)
