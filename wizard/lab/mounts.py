"""What a lab has to copy: the file systems that are mounted on this machine.

Source: proc(5), /proc/PID/mountinfo; https://docs.kernel.org/filesystems/overlayfs.html.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

ANEW = ("/dev", "/proc", "/run", "/sys")
"""Directories that a lab mounts anew; what is mounted on or below them is not copied."""

_VIRTUAL = frozenset(
    {
        *("autofs", "binfmt_misc", "bpf", "cgroup", "cgroup2", "configfs", "debugfs", "devpts", "devtmpfs"),
        *("efivarfs", "fusectl", "hugetlbfs", "mqueue", "nsfs", "proc", "pstore", "rpc_pipefs", "securityfs"),
        *("selinuxfs", "sysfs", "tracefs"),
    }
)
"""File systems that are views of the kernel and not of a disk (proc(5), /proc/filesystems)."""
_OCTAL = re.compile(rb"\\([0-7]{3})")


class Kind(StrEnum):
    """How a lab gets its copy of one mount."""

    OVERLAY = "overlay"
    """Seen through, and copied when written to."""
    READ_ONLY = "read-only"
    """Cannot be written to outside, so it is shown as it is."""
    FILE = "file"
    """A single file mounted on another (a container's resolv.conf): its content is copied."""


@dataclass(frozen=True, slots=True)
class Mount:
    """One mount that a lab copies."""

    path: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of mountinfo."""

    number: int
    """The mount's id."""
    path: str
    file_system: str
    read_only: bool


def parse(table: bytes) -> tuple[Entry, ...]:
    """Read the content of /proc/self/mountinfo."""
    entries = []
    for line in table.splitlines():
        before, _, after = line.partition(b" - ")
        number, _, _, _, path, options, *_ = before.split()
        entries.append(
            Entry(
                number=int(number),
                path=os.fsdecode(_OCTAL.sub(lambda match: bytes([int(match[1], 8)]), path)),
                file_system=os.fsdecode(after.split()[0]),
                read_only=b"ro" in options.split(b","),
            )
        )
    return tuple(entries)


def plan(entries: Iterable[Entry], visible: Callable[[Entry], int | None]) -> tuple[Mount, ...]:
    """Choose what a lab copies, the root first, parents before what is mounted on them.

    Args:
        entries: the machine's mounts.
        visible: tells the st_mode of a mount's root, or None for one that another mount hides or that
            cannot be looked at.
    """
    found: dict[str, Mount] = {"/": Mount("/", Kind.OVERLAY)}
    for entry in entries:
        if entry.path == "/" or entry.file_system in _VIRTUAL or _is_anew(entry.path):
            continue
        mode = visible(entry)
        if mode is None:
            continue
        if stat.S_ISDIR(mode):
            kind = Kind.READ_ONLY if entry.read_only else Kind.OVERLAY
            found[entry.path] = Mount(entry.path, kind)
        elif stat.S_ISREG(mode):
            found[entry.path] = Mount(entry.path, Kind.FILE)
    return tuple(sorted(found.values(), key=lambda mount: Path(mount.path).parts))


def of_this_machine() -> tuple[Mount, ...]:
    """Choose what a lab of this machine copies."""
    return plan(parse(Path("/proc/self/mountinfo").read_bytes()), _visible)


def _is_anew(path: str) -> bool:
    return any(path == directory or path.startswith(f"{directory}/") for directory in ANEW)


def _visible(entry: Entry) -> int | None:
    """Tell the mode of a mount's root if its path leads to this mount and not to one on top of it."""
    try:
        fd = os.open(entry.path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        details = Path(f"/proc/self/fdinfo/{fd}").read_text()
        return os.fstat(fd).st_mode if f"mnt_id:\t{entry.number}\n" in details else None
    finally:
        os.close(fd)
