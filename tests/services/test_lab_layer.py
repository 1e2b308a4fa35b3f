"""A layer shows all that was done in the lab it was taken from: what was added, replaced and taken away."""

from __future__ import annotations

from pathlib import Path

import pytest

from wizard.lab import mounts
from wizard.lab.layer import take
from wizard.lab.namespace import Namespace
from wizard.lab.order import REMOVED, Order

CHANGE = """
rm /etc/hostname
rm -r /etc/apt
mkdir -m 0751 /etc/apt
echo new > /etc/apt/only
echo more >> /etc/passwd
mkdir -p /opt/added
ln -s /etc/passwd /opt/added/link
chown 1:2 /opt/added
echo pruned > /var/cache/apt/pruned
"""
SHOW = """
ls /etc/hostname 2> /dev/null
ls -A /etc/apt
stat -c %a /etc/apt
tail -n 1 /etc/passwd
stat -c '%u %g' /opt/added
readlink /opt/added/link
ls -d /usr/bin/env
ls -d /var/cache/apt/pruned 2> /dev/null
"""


@pytest.fixture(scope="module")
def layer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("layer")
    present = mounts.of_this_machine()
    with Namespace.launch(Order(mounts=present, layers=(), network=True, terminal=None)) as lab:
        lab.run(["sh", "-ec", CHANGE]).require()
        gone = take(lab.uppers, present, made / "tree")
    (made / REMOVED).write_text("\0".join(gone))
    return made


def test_it_lists_what_is_taken_away(layer: Path) -> None:
    gone = (layer / REMOVED).read_text().split("\0")

    assert "etc/hostname" in gone
    assert "etc/apt/sources.list.d" in gone
    assert not any(name.startswith("var/cache/apt") for name in gone)


def test_a_lab_on_it_shows_the_same(layer: Path) -> None:
    order = Order(mounts=mounts.of_this_machine(), layers=(str(layer),), network=False, terminal=None)
    with Namespace.launch(order) as lab:
        shown = lab.run(["sh", "-c", SHOW]).stdout

    assert shown.splitlines() == ["only", "751", "more", "1 2", "/etc/passwd", "/usr/bin/env"]
    assert Path("/etc/hostname").exists()
