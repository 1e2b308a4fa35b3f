"""A lab in which systemd is PID 1, so that services are systemd's and the logs are the journal's."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

import psutil

from wizard import wait
from wizard.lab import Lab

PACKAGES = ("systemd-sysv", "dbus")
LIMIT = 90
_CGROUP = f"mailman-wizard-test-{os.getpid()}"
_READY = "handing over to systemd"
_ONLY_OURS = """
find /etc/systemd/system -path '*.wants/*' -type l ! -name postfix.service ! -name mailman3.service -delete
find /etc/rc?.d -name 'S*' ! -name 'S??postfix' ! -name 'S??mailman3' -delete
mkdir -p /etc/tmpfiles.d
ln -sf /dev/null /etc/tmpfiles.d/tmp.conf
mountpoint -q /sys/fs/cgroup || mount -t cgroup2 none /sys/fs/cgroup
"""
"""Other services of the copied machine do not start with it, and /tmp is not emptied: this program may be there."""
_BOOT = f"""
mkdir -p /sys/fs/cgroup/{_CGROUP}
echo $$ > /sys/fs/cgroup/{_CGROUP}/cgroup.procs
exec unshare --cgroup --pid --mount --fork sh -ec '
mount -t proc -o nosuid,nodev,noexec proc /proc
for path in /proc/sys /proc/sysrq-trigger; do
    [ -e $path ] || continue
    mount --bind $path $path
    mount -o remount,bind,ro,nosuid,nodev,noexec $path
done
umount /sys/fs/cgroup
mount -t cgroup2 none /sys/fs/cgroup
mount -t tmpfs -o mode=0755,nosuid,nodev tmpfs /run
mkdir -m 1777 /run/lock
echo {_READY}
exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin setpriv --bounding-set=-sys_module,-sys_rawio,-sys_time \
    /lib/systemd/systemd --system --log-target=console --show-status=no systemd.unit=multi-user.target'
"""
_SWEEP = f"find /sys/fs/cgroup/{_CGROUP} -depth -type d -exec rmdir {{}} ;".split()


class CannotBootError(Exception):
    """The kernel, or the container that the tests run in, refuses what systemd needs; the message is its own."""


class Booted(Lab):
    """A lab that can be booted, shut down, and booted again; commands run where systemd is PID 1."""

    _call: subprocess.Popen[bytes] | None = None
    _systemd: psutil.Process | None = None

    @property
    def pid(self) -> int:
        return super().pid if self._systemd is None else self._systemd.pid

    def boot(self) -> None:
        """Start systemd, and return when it has started what is enabled.

        Raises:
            CannotBootError: it could not even be tried here.
        """
        with TemporaryFile() as console:
            ready = self.run(["sh", "-ec", _ONLY_OURS])
            if not ready.ok:
                raise CannotBootError(ready.said)
            self._call = subprocess.Popen(
                [*self.enter, "sh", "-ec", _BOOT], stdin=subprocess.DEVNULL, stdout=console, stderr=console
            )
            try:
                self._systemd = wait.until(lambda: self._found(console), limit=LIMIT)
                wait.until(self._started, limit=LIMIT)
            except wait.LimitError:
                raise AssertionError(f"systemd did not come up: {_text(console)}") from None

    def shut_down(self) -> None:
        """Stop all services and systemd itself; the lab, and what is on its disk, stays."""
        if self._systemd is None or self._call is None:
            return
        self.run(["systemctl", "poweroff"])
        systemd, self._systemd = self._systemd, None
        wait.until(lambda: None if systemd.is_running() else True, limit=LIMIT)
        self._call.wait(LIMIT)

    def stop(self) -> None:
        if self._systemd is not None:
            self._systemd.kill()
            self._systemd = None
        if self._call is not None:
            self._call.wait(LIMIT)
            self._call = None
            self.run(_SWEEP)
        super().stop()

    def _found(self, console: IO[bytes]) -> psutil.Process | None:
        assert self._call is not None
        if self._call.poll() is not None:
            said = _text(console)
            if _READY in said:
                raise AssertionError(f"systemd ended: {said}")
            raise CannotBootError(said)
        children = psutil.Process(self._call.pid).children(recursive=True)
        return next((child for child in children if child.name() == "systemd"), None)

    def _started(self) -> bool | None:
        said = self.run(["systemctl", "is-system-running"]).stdout.strip()
        return True if said in {"running", "degraded"} else None


def _text(file: IO[bytes]) -> str:
    return Path(f"/proc/self/fd/{file.fileno()}").read_bytes().decode(errors="replace").strip()
