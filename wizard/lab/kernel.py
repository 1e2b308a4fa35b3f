"""The few system calls of namespaces that Python 3.11 does not have.

Sources: unshare(2), setns(2), mount(2), umount(2), pivot_root(2), pid_namespaces(7), netdevice(7).
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_RDONLY = 1
MS_NOSUID = 2
MS_NODEV = 4
MS_NOEXEC = 8
MS_REMOUNT = 32
MS_BIND = 4096
MS_REC = 16384
MS_PRIVATE = 1 << 18
MNT_DETACH = 2

_SIOCSIFFLAGS = 0x8914
_SIOCSIFADDR = 0x8916
_SIOCSIFNETMASK = 0x891C
_IFF_UP_RUNNING = 0x41

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mount.argtypes = (
    ctypes.c_char_p,
    ctypes.c_char_p,
    ctypes.c_char_p,
    ctypes.c_ulong,
    ctypes.c_char_p,
)


def unshare(flags: int) -> None:
    """Give the calling thread (for `CLONE_NEWPID`: its next children) namespaces of its own.

    Raises:
        OSError: as unshare(2).
    """
    _check(_libc.unshare(flags), "unshare")


def setns(fd: int, flags: int) -> None:
    """Enter the namespaces of a process, or of one kind, that `fd` stands for.

    Raises:
        OSError: as setns(2).
    """
    _check(_libc.setns(fd, flags), "setns")


def mount(
    target: Path, *, source: str = "none", kind: str | None = None, flags: int = 0, data: str | None = None
) -> None:
    """Attach a file system, or part of one, with no trace in the table that mount keeps.

    Raises:
        OSError: as mount(2); its file name is the target.
    """
    arguments = (source, str(target), kind)
    encoded = (None if text is None else os.fsencode(text) for text in arguments)
    options = None if data is None else os.fsencode(data)
    _check(_libc.mount(*encoded, flags, options), str(target))


def detach(target: str | Path) -> None:
    """Take a mount and those below it away; it ends when its last user does.

    Raises:
        OSError: as umount2(2).
    """
    _check(_libc.umount2(os.fsencode(target), MNT_DETACH), str(target))


def change_root(directory: Path) -> None:
    """Make a mount the root of this mount namespace, and the old root unreachable.

    Raises:
        OSError: as pivot_root(2).
    """
    os.chdir(directory)
    # The old root is stacked on the new one and taken away: pivot_root(2), NOTES.
    _check(_libc.pivot_root(b".", b"."), "pivot_root")
    detach(".")
    os.chdir("/")


@contextmanager
def children_in_new_pid_namespace() -> Iterator[None]:
    """Have the first child that this thread starts be the first process of a new PID namespace.

    Raises:
        OSError: the kernel refuses one.
    """
    with _own_pid_namespace_afterwards():
        unshare(CLONE_NEWPID)
        yield


@contextmanager
def children_in_pid_namespace_of(pidfd: int) -> Iterator[None]:
    """Have the children that this thread starts be in the PID namespace of another process.

    Raises:
        OSError: that process is gone, or the kernel refuses.
    """
    with _own_pid_namespace_afterwards():
        setns(pidfd, CLONE_NEWPID)
        yield


def bring_up_loopback(address: str | None) -> None:
    """Bring `lo` up, with a further IPv4 address of this host alone; needs no iproute2.

    Raises:
        OSError: as netdevice(7).
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, _SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", _IFF_UP_RUNNING))
        if address is not None:
            fcntl.ioctl(control, _SIOCSIFADDR, _interface_request(b"lo:0", address))
            fcntl.ioctl(control, _SIOCSIFNETMASK, _interface_request(b"lo:0", "255.255.255.255"))


@contextmanager
def _own_pid_namespace_afterwards() -> Iterator[None]:
    own = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield
    finally:
        setns(own, CLONE_NEWPID)
        os.close(own)


def _interface_request(name: bytes, address: str) -> bytes:
    return struct.pack("16sHH4s8x", name, socket.AF_INET, 0, socket.inet_aton(address))


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)
