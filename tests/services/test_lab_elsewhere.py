"""Labs on machines that are not like this one: in a lab, with further disks, without a capability."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

import wizard.errors
from tests.services import lab_driver
from tests.services.outside import DRIVER
from wizard.lab import Lab

DISKS = """
set -e
mkdir -p '/srv/a disk:1,2' /srv/fixed /srv/own
mount -t tmpfs -o mode=0751 none '/srv/a disk:1,2'
echo before > '/srv/a disk:1,2/file'
mount -t tmpfs none /srv/fixed
echo fixed > /srv/fixed/file
mount -o remount,ro /srv/fixed
echo 'nameserver 192.0.2.1' > /srv/own/resolv.conf
mkdir -p /srv/deep /srv/disk
mount -t tmpfs none /srv/disk
mkdir /srv/disk/upper /srv/disk/work
mount -t overlay -o lowerdir=/etc,upperdir=/srv/disk/upper,workdir=/srv/disk/work,nosuid none /srv/deep
mount --bind /srv/own/resolv.conf /etc/resolv.conf
mkdir -p /var/lib/mailman3/locks
echo stale > /var/lib/mailman3/locks/master.lck
"""
USE = """
set -e
cat '/srv/a disk:1,2/file'
stat -c %a '/srv/a disk:1,2'
echo after > '/srv/a disk:1,2/file'
cat /srv/fixed/file
touch /srv/fixed/new 2> /dev/null || echo refused
head -c 5 /srv/deep/passwd
echo
touch /srv/deep/new 2> /dev/null || echo refused
cat /etc/resolv.conf
echo changed > /etc/resolv.conf
ls /var/lib/mailman3/locks
dpkg-query --show --showformat '${db:Status-Status}\\n' postfix mailman3
ls -l /usr/sbin/postdrop | cut -c 1-10
"""


@pytest.fixture(scope="module")
def machine() -> Iterator[Lab]:
    """A machine whose / is an overlay already, with further disks and a file mounted on another."""
    with Lab.start(bare=True) as started:
        started.run(["sh", "-c", DISKS]).require()
        yield started


def test_every_disk_is_copied_and_none_is_written_to(machine: Lab) -> None:
    done = machine.run([*DRIVER, "sh", "-c", USE], limit=300)

    assert done.stdout.splitlines() == [
        *(
            "before",
            "751",
            "fixed",
            "refused",
            "root:",
            "refused",
            "nameserver 192.0.2.1",
            "installed",
            "installed",
            "-r-xr-sr-x",
        ),
    ], done.stderr
    assert machine.run(["cat", "/srv/a disk:1,2/file", "/etc/resolv.conf"]).stdout == "before\nnameserver 192.0.2.1\n"


def test_a_disk_that_is_mounted_does_not_have_the_packages_installed_again(machine: Lab) -> None:
    assert machine.run([*DRIVER, "true"], limit=300).stderr == ""


def test_an_installation_on_another_disk_runs(machine: Lab) -> None:
    """A virtual environment below /srv, which is a disk of its own there."""
    packages = Path(wizard.errors.__file__).parents[1], sysconfig.get_path("purelib")
    ours = "import site; " + "; ".join(f"site.addsitedir('{directory}')" for directory in packages)
    make = f"""
    mount -t tmpfs none /srv
    {sys.executable} -m venv --without-pip /srv/elsewhere
    echo "{ours}" > "$(echo /srv/elsewhere/lib/*/site-packages)/ours.pth"
    """
    machine.run(["sh", "-ec", make]).require()
    python = "/srv/elsewhere/bin/python"
    inside = [python, "-c", "import sys, socket, wizard.lab; print(socket.gethostname(), sys.prefix)"]

    done = machine.run([python, "-P", lab_driver.__file__, *inside])

    assert done.stdout == "lab /srv/elsewhere\n", done.stderr


def test_a_lab_in_a_lab_works_or_says_why_not(lab: Lab) -> None:
    done = lab.run([*DRIVER, "hostname"])

    if done.code == wizard.errors.ExitCode.VERIFIED:
        assert done.stdout == "lab\n"
    else:
        assert done.code == wizard.errors.ExitCode.REFUSED
        assert "a stack of overlays (a lab in a lab" in done.stderr
    assert "installing" not in done.stderr


@pytest.mark.parametrize("capability", ["sys_admin", "sys_chroot", "net_admin", "mknod"])
def test_a_missing_capability_is_named(capability: str) -> None:
    without = ["/usr/bin/setpriv", f"--bounding-set=-{capability}", f"--inh-caps=-{capability}"]
    done = subprocess.run([*without, *DRIVER, "true"], capture_output=True, text=True, check=False)

    assert done.returncode == wizard.errors.ExitCode.REFUSED
    assert f"CAP_{capability.upper()}" in done.stderr
    assert "docker run --privileged" in done.stderr


def test_a_second_start_installs_nothing() -> None:
    told: list[str] = []
    with Lab.start(progress=lambda _, what: told.append(what)) as lab:
        assert lab.run(["postconf", "mail_version"]).ok
    with Lab.start(progress=lambda _, what: told.append(f"again: {what}")):
        pass

    assert not any(what.startswith("again") for what in told)


def test_a_bare_lab_is_the_machine_as_it_is_with_its_network(bare_lab: Lab) -> None:
    assert bare_lab.run(["readlink", "/proc/self/ns/net"]).stdout.strip() == str(Path("/proc/self/ns/net").readlink())
    assert bare_lab.run(["cat", "/etc/resolv.conf"]).stdout == Path("/etc/resolv.conf").read_text()
    status = bare_lab.run(["cat", "/var/lib/dpkg/status"]).stdout
    assert status == Path("/var/lib/dpkg/status").read_text()
