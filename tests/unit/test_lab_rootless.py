"""Users without root are told what this machine's admin would have to allow."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.doubles import as_nobody
from wizard.errors import RefusedError
from wizard.lab import rootless

ALLOWED = {
    "proc/sys/kernel/unprivileged_userns_clone": "1\n",
    "proc/sys/user/max_user_namespaces": "1000\n",
    "etc/subuid": "# ids\nwendy:100000:65536\nother:1:2\n",
    "etc/subgid": "wendy:100000:65536\n",
    "usr/bin/newuidmap": "#!/bin/sh\n",
    "usr/bin/newgidmap": "#!/bin/sh\n",
}


def machine(root: Path, **other: str) -> Path:
    for name, content in {**ALLOWED, **other}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        path.chmod(0o755)
    return root


def test_nothing_is_lacking_where_all_is_allowed(tmp_path: Path) -> None:
    assert list(rootless.lacking("wendy", machine(tmp_path))) == []


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("proc/sys/kernel/unprivileged_userns_clone", "0\n", "sysctl kernel.unprivileged_userns_clone=1"),
        ("proc/sys/user/max_user_namespaces", "0\n", "sysctl user.max_user_namespaces=10000"),
        ("proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1\n", "apparmor_restrict_unprivileged_userns=0"),
        ("etc/subuid", "other:100000:65536\n", "--add-subuids 100000-165535"),
        ("etc/subgid", "wendy:100000:100\n", "/etc/subgid"),
        ("etc/subuid", "wendy:x:y\nwendy\n", "/etc/subuid"),
    ],
)
def test_each_thing_that_is_lacking_is_named(tmp_path: Path, name: str, content: str, said: str) -> None:
    (found,) = rootless.lacking("wendy", machine(tmp_path, **{name: content}))
    assert said in found


def test_the_package_that_is_lacking_is_named(tmp_path: Path) -> None:
    (machine(tmp_path) / "usr/bin/newuidmap").unlink()
    assert "uidmap" in next(rootless.lacking("wendy", tmp_path))


def test_a_user_is_refused_and_told_the_way(tmp_path: Path) -> None:
    with as_nobody(), pytest.raises(RefusedError, match="sudoers") as caught:
        rootless.require(tmp_path)
    assert "usermod" in str(caught.value)


def test_root_is_let_through(tmp_path: Path) -> None:
    rootless.require(tmp_path)
