from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard.facts import units
from wizard.facts.units import Unit
from wizard.host import FileState

from .recorded import DEBIAN_12, DEBIAN_13, TellingHost, recording


@dataclass(frozen=True, slots=True)
class Booted(TellingHost):
    systemd: bool = True

    def state(self, path: Path) -> FileState | None:
        del path
        return FileState("directory", 0o755, "root", "root", 0, 0, 0, 0.0) if self.systemd else None


@pytest.mark.parametrize(
    ("release", "name", "unit"),
    [
        (DEBIAN_12, "mailman3", Unit("loaded", "active", "running", "enabled", 234, "success")),
        (DEBIAN_12, "postfix", Unit("loaded", "active", "exited", "enabled", None, "success")),
        (DEBIAN_12, "nosuchunit", Unit("not-found", "inactive", "dead", "", None, "success")),
        (DEBIAN_12, "failed", Unit("loaded", "failed", "failed", "enabled", None, "signal")),
        (DEBIAN_13, "mailman3", Unit("loaded", "active", "running", "enabled", 251, "success")),
        (DEBIAN_13, "postfix", Unit("loaded", "active", "running", "enabled", 456, "success")),
        (DEBIAN_13, "nosuchunit", Unit("not-found", "inactive", "dead", "", None, "success")),
        (DEBIAN_13, "failed", Unit("loaded", "failed", "failed", "enabled", None, "signal")),
    ],
)
def test_units(release: str, name: str, unit: Unit) -> None:
    assert units.parse(recording(f"systemctl-{name}.txt", release)) == unit
    assert unit.exists == (name != "nosuchunit")
    assert unit.boots == (name != "nosuchunit")


def test_read() -> None:
    host = Booted(answer=lambda _argv: (0, recording("systemctl-mailman3.txt"), ""))
    found = units.read(host, "mailman3.service")
    assert found is not None
    assert found.pid == 234
    assert host.calls[0][0] == (
        "systemctl",
        "show",
        "--property=LoadState,ActiveState,SubState,UnitFileState,MainPID,Result",
        "--",
        "mailman3.service",
    )


def test_without_systemd() -> None:
    host = Booted(systemd=False)
    assert units.read(host, "mailman3.service") is None
    assert host.calls == []


@given(st.text() | st.from_regex(r"MainPID=.*", fullmatch=True))
def test_nothing_crashes_the_parser(text: str) -> None:
    units.parse(text)
