"""Whether a user without root could have a lab on this machine, and what its admin would have to allow.

A lab shows the machine's own files, and they are root's: a user namespace shows those to a user as nobody's, so that
Postfix refuses its configuration. What is missing on the machine is told all the same, because it is what comes first.

Sources: user_namespaces(7), newuidmap(1), subuid(5), sysctl.d(5).
"""

from __future__ import annotations

import os
import pwd
import shutil
from collections.abc import Iterator
from pathlib import Path

from wizard.errors import RefusedError
from wizard.localhost import PATH

IDS = 65536
"""Subordinate ids that a machine's users and groups need."""
_SYSCTLS = (
    ("kernel/unprivileged_userns_clone", "0", "sysctl kernel.unprivileged_userns_clone=1"),
    ("user/max_user_namespaces", "0", "sysctl user.max_user_namespaces=10000"),
    ("kernel/apparmor_restrict_unprivileged_userns", "1", "sysctl kernel.apparmor_restrict_unprivileged_userns=0"),
)
"""What forbids user namespaces to users, the value that does, and how that is changed."""


def require(root: Path = Path("/")) -> None:
    """Pass if this process may make labs.

    Args:
        root: where the machine's files are.

    Raises:
        RefusedError: it is not root's; the message says what the admin would have to allow.
    """
    if os.geteuid() == 0:
        return
    user = pwd.getpwuid(os.geteuid()).pw_name
    missing = tuple(lacking(user, root))
    first = f"this machine's admin would have to: {'; '.join(missing)}. " if missing else ""
    raise RefusedError(
        f"training needs root here. {first}A lab shows the machine's own files, which belong to root; in a user "
        "namespace they belong to nobody, and Postfix refuses them. So the admin has to let you call it as root, with "
        f"a line in /etc/sudoers.d: {user} ALL=(root) {shutil.which('mailman-wizard') or 'mailman-wizard'} train "
        "(then: sudo mailman-wizard train). A lab is no wall: who is root in it could get out."
    )


def lacking(user: str, root: Path = Path("/")) -> Iterator[str]:
    """Say what user namespaces with subordinate ids lack for a user, as what the admin would do about it."""
    for name, forbids, allow in _SYSCTLS:
        if _read(root / "proc/sys" / name).strip() == forbids:
            yield allow
    if any(shutil.which(name, path=_below(root)) is None for name in ("newuidmap", "newgidmap")):
        yield "install the package uidmap (newuidmap, newgidmap)"
    short = [name for name in ("etc/subuid", "etc/subgid") if granted(_read(root / name), user) < IDS]
    if short:
        where = ", ".join(f"/{each}" for each in short)
        yield f"usermod --add-subuids 100000-165535 --add-subgids 100000-165535 {user} (for {where})"


def granted(table: str, user: str) -> int:
    """Count the subordinate ids that a table of subuid(5) grants to a user, in the largest range."""
    rows = [line.split(":") for line in table.splitlines() if line and not line.startswith("#")]
    return max((int(row[2]) for row in rows if len(row) == 3 and row[0] == user and row[2].isdecimal()), default=0)  # noqa: PLR2004 (fields)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _below(root: Path) -> str:
    return os.pathsep.join(str(root / each.lstrip("/")) for each in PATH.split(os.pathsep))
