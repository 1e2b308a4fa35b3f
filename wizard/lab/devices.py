"""A /dev of its own: the harmless devices, new terminals, and the terminal that was brought along.

Source: https://docs.kernel.org/filesystems/devpts.html; null(4), random(4), tty(4).
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from wizard.lab import kernel

_DEVICES = {
    "null": (1, 3),
    "zero": (1, 5),
    "full": (1, 7),
    "random": (1, 8),
    "urandom": (1, 9),
    "tty": (5, 0),
}
_LINKS = {
    "fd": "/proc/self/fd",
    "ptmx": "pts/ptmx",
    "stderr": "/proc/self/fd/2",
    "stdin": "/proc/self/fd/0",
    "stdout": "/proc/self/fd/1",
}


def make(directory: Path, terminal: str | None) -> None:
    """Mount and fill a lab's /dev.

    Args:
        directory: where it will be.
        terminal: device outside of the terminal that the lab's commands use; seen as ``console``, so that
            ttyname(3) finds it.

    Raises:
        OSError: the kernel refuses a mount or a device.
    """
    safe = kernel.MS_NOSUID | kernel.MS_NOEXEC
    kernel.mount(directory, kind="tmpfs", flags=safe, data="mode=0755")
    for name, (major, minor) in _DEVICES.items():
        node = directory / name
        os.mknod(node, stat.S_IFCHR, os.makedev(major, minor))
        node.chmod(0o666)
    for name, target in _LINKS.items():
        (directory / name).symlink_to(target)
    for name in ("pts", "shm"):
        (directory / name).mkdir()
    kernel.mount(directory / "pts", kind="devpts", flags=safe, data="newinstance,ptmxmode=0666,mode=0620,gid=5")
    kernel.mount(directory / "shm", kind="tmpfs", flags=safe | kernel.MS_NODEV, data="mode=1777")
    if terminal is not None:
        console = directory / "console"
        console.touch(mode=0o600)
        kernel.mount(console, source=terminal, flags=kernel.MS_BIND)
