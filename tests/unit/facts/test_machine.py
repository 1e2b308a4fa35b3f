from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard.facts import machine
from wizard.facts.machine import Machine
from wizard.host import FileState
from wizard.localhost import LocalHost

from .recorded import DEBIAN_12, DEBIAN_13, recording

MEMORY = (
    "MemTotal:       24684092 kB\nMemFree:        24069260 kB\nMemAvailable:   24162908 kB\nHugePages_Total:       0\n"
)


@dataclass(frozen=True, slots=True)
class Files(LocalHost):
    content: dict[Path, str] = field(default_factory=dict)

    def state(self, path: Path) -> FileState | None:
        return FileState("file", 0o644, "root", "root", 0, 0, 0, 0.0) if path in self.content else None

    def read(self, path: Path) -> bytes:
        return self.content[path].encode()


@pytest.mark.parametrize(
    ("release", "version", "codename"), [(DEBIAN_12, "12", "bookworm"), (DEBIAN_13, "13", "trixie")]
)
def test_debian(release: str, version: str, codename: str) -> None:
    host = Files(
        content={
            machine.OS_RELEASE[1]: recording("os-release", release),
            machine.MEMORY: MEMORY,
            machine.SYSTEMD: "",
        }
    )
    assert machine.read(host) == Machine(
        os="debian",
        version=version,
        codename=codename,
        pretty=f"Debian GNU/Linux {version} ({codename})",
        systemd=True,
        memory=24684092 * 1024,
        available=24162908 * 1024,
    )


def test_a_machine_that_tells_nothing() -> None:
    found = machine.read(Files())
    assert (found.os, found.version, found.systemd, found.memory) == ("linux", "", False, 0)


def test_quotes_are_the_shells() -> None:
    text = 'A=\'one two\'\nB="a \\"b\\""\n# C=1\nD=\nE="open\n'
    assert machine.parse_os_release(text) == {"A": "one two", "B": 'a "b"', "D": "", "E": '"open'}


@given(st.text() | st.from_regex(r"[A-Z]+=.*", fullmatch=True))
def test_nothing_crashes_the_parsers(text: str) -> None:
    machine.parse_os_release(text)
    machine.parse_memory(text)
