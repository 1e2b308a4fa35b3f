"""Whether this machine can hold a lab, and if not, what is missing and what to do instead."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path

from wizard.errors import RefusedError

_NEEDED = {
    "CAP_SYS_ADMIN": (21, "mounts and namespaces of its own"),
    "CAP_SYS_CHROOT": (18, "a root directory of its own"),
    "CAP_NET_ADMIN": (12, "a network of its own"),
    "CAP_MKNOD": (27, "a /dev of its own"),
}
"""Capabilities (capabilities(7)) with their bit, and what a lab has each for."""

_NAMESPACES = frozenset({"pid_namespace", "setns", "unshare"})
_FILE_SYSTEMS = frozenset({"overlay", "proc", "sysfs", "tmpfs"})

_INSTEAD = (
    "Run it on the machine itself or in a virtual machine, or give the container what it lacks "
    "(docker run --privileged)."
)


def missing_capabilities(status: str) -> tuple[str, ...]:
    """List what a lab needs and a process lacks.

    Args:
        status: text of its /proc/PID/status (proc(5)).
    """
    found = re.search(r"^CapEff:\s*([0-9a-f]+)$", status, re.MULTILINE)
    effective = int(found[1], 16) if found else 0
    return tuple(f"{name} (for {purpose})" for name, (bit, purpose) in _NEEDED.items() if not effective >> bit & 1)


def require_rights() -> None:
    """Pass if this process may make a lab.

    Raises:
        RefusedError: it is not root, or a capability is missing; the message names it.
    """
    if os.geteuid() != 0:
        raise RefusedError("a lab needs root: run it again with sudo, or as root")
    missing = missing_capabilities(Path("/proc/self/status").read_text())
    if missing:
        raise RefusedError(f"a lab cannot be made here: missing {', '.join(missing)}. {_INSTEAD}")


def explain(step: str, number: int) -> str:
    """Say what the kernel's refusal of a step means, and what to do instead.

    Args:
        step: the step, as `wizard.lab.first` names it.
        number: errno of the refusal.
    """
    reason = os.strerror(number)
    kind = step.split(maxsplit=1)[0]
    if step in _NAMESPACES and number == errno.ENOSPC:
        what = "the limit of namespaces is reached (/proc/sys/user/max_*_namespaces); raise it with sysctl"
    elif step in _NAMESPACES:
        what = "the kernel refuses new namespaces (CONFIG_NAMESPACES, or a seccomp rule of the container)"
    elif number == errno.ENODEV and kind in _FILE_SYSTEMS:
        what = f"the kernel has no file system of the kind {kind}; modprobe {kind} may load it"
    elif step.startswith("overlay") and number == errno.EINVAL:
        what = (
            "the kernel refuses one more overlay: what it should cover is itself a stack of overlays "
            "(a lab in a lab, or a container's storage), or a kind of file system it cannot cover"
        )
    elif number in {errno.EPERM, errno.EACCES}:
        what = "a security rule (seccomp, AppArmor, SELinux) forbids it although the capability is there"
    elif number in {errno.ENOSPC, errno.ENOMEM}:
        what = "the memory for it is used up"
    else:
        what = "the kernel refuses it"
    return f"a lab cannot be made here: {step}: {reason}: {what}. {_INSTEAD}"
