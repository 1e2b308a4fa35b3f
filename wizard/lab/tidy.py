"""The few files in a lab that must differ from the machine's."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from wizard.lab.mounts import Kind
from wizard.lab.order import HOST_NAME, REMOVED, Order

_STALE = ("var/lib/mailman3/locks/*",)
"""Locks of the copied machine's services; their owners do not run in the lab."""
_QUEUED = (
    *(f"var/spool/postfix/{name}/*" for name in ("active", "deferred", "hold", "incoming", "maildrop")),
    "var/lib/mailman3/queue/*/*",
)
"""Copied mail under way. In a lab with a network it would be delivered a second time."""


def keep(order: Order) -> dict[Path, bytes]:
    """Read the files that a lab would not see: those mounted on another, and a resolv.conf below /run.

    Raises:
        OSError: one cannot be read.
    """
    kept = {Path(mount.path) for mount in order.mounts if mount.kind is Kind.FILE}
    resolver = Path("/etc/resolv.conf").resolve()
    if resolver.is_relative_to("/run") and resolver.is_file():
        kept.add(resolver)
    return {path: path.read_bytes() for path in kept}


def tidy(order: Order, kept: dict[Path, bytes]) -> None:
    """Put right, from within a lab, what must differ from the machine.

    Args:
        order: what was built.
        kept: content for files, as `keep` read it.

    Raises:
        OSError: a file cannot be written.
    """
    for path, content in kept.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    hosts = Path("/etc/hosts")
    lines = hosts.read_text().splitlines() if hosts.exists() else ["127.0.0.1\tlocalhost"]
    hosts.write_text("\n".join([*lines, f"127.0.1.1\t{HOST_NAME}"]) + "\n")
    for pattern in (*_STALE, *(_QUEUED if order.network else ())):
        for path in Path("/").glob(pattern):
            _remove(path)
    for name in _removed(Path(order.layers[0])) if order.layers else ():
        _remove(Path("/", name))


def _removed(layer: Path) -> tuple[str, ...]:
    """List what a layer and those below it take away from the machine, as paths without their first slash."""
    return tuple(name for name in os.fsdecode((layer / REMOVED).read_bytes()).split("\0") if name)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
