"""Packages that the wizard has installed: named by `undo`, removed only when that is asked for, and brought back."""

from __future__ import annotations

import json

import pytest

from tests.services.server import Server
from wizard.lab import Lab

INSTALLED = "dpkg-query --show --showformat='${Package} ${db:Status-Status}\\n' | grep ' installed$' | sort"


@pytest.fixture(scope="module")
def bare(bare_lab: Lab) -> Server:
    """A machine without Postfix and Mailman, with its network."""
    return Server(bare_lab)


def running(server: Server) -> str:
    return server.sh("pgrep -x master || true; pgrep -u list -f mailman || true")


def test_packages_are_removed_when_that_is_asked_for_and_come_back(bare: Server) -> None:
    before = bare.sh(INSTALLED)
    assert "postfix installed" not in before
    report = bare.report("apply", "--yes", "--through", "2")
    assert report.exit == 0, report.not_passed
    after = bare.sh(INSTALLED)
    assert "mailman3 installed" in after
    new = {line.split()[0] for line in after.splitlines()} - {line.split()[0] for line in before.splitlines()}
    listed = {
        name
        for row in json.loads(bare.wizard("history", "--json").stdout)["checkpoints"]
        for name in (*row["packages"], *row["brought"])
    }
    assert listed == new

    ended = bare.wizard("undo", "1", "--yes", "--json")
    assert ended.code == 0, ended.said
    assert bare.sh(INSTALLED) == after
    notes = [str(event["text"]) for event in bare.events(bare.runs()[-1]) if event["kind"] == "note"]
    assert [note for note in notes if "staying unless --packages is given" in note]

    ended = bare.wizard("undo", "1", "--packages", "--yes", "--json")
    assert ended.code == 0, ended.said
    assert bare.sh(INSTALLED) == before
    assert running(bare) == ""

    ended = bare.wizard("undo", "--yes", "--json")
    assert ended.code == 0, ended.said
    assert bare.sh(INSTALLED) == after


def test_what_somebody_else_needs_stays(bare: Server) -> None:
    """Of the packages that are there again, one is needed by a package of the admin's own."""
    bare.sh(
        "mkdir -p /root/needs/DEBIAN; cd /root/needs; printf '%s\\n' 'Package: needs' 'Version: 1' 'Architecture: all'"
        " 'Maintainer: x <x@x>' 'Description: x' 'Depends: postfix' > DEBIAN/control;"
        " dpkg-deb --build . /root/needs.deb; dpkg --install /root/needs.deb"
    )
    there = bare.sh(INSTALLED)
    ended = bare.wizard("undo", "1", "--packages", "--yes", "--json")
    assert ended.code == 0, ended.said
    assert bare.sh(INSTALLED) == there
    notes = [str(event["text"]) for event in bare.events(bare.runs()[-1]) if event["kind"] == "note"]
    assert [note for note in notes if note.endswith("apt would remove or install needs as well")]
