"""A layer: what installing the packages wrote, laid between the machine and each lab's copy of it.

It is a directory with ``tree/PART`` for each file system that was written to, and a list of the paths that were taken
away, without which it is no layer.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from wizard import packages
from wizard.apt import Progress
from wizard.lab.mounts import Kind, Mount
from wizard.lab.namespace import Namespace
from wizard.lab.order import REMOVED, Order, part
from wizard.localhost import LocalHost

BUILD_LIMIT = 1800.0
"""Seconds that the packages' installation may take."""

_INSTALLED_TO = ("/etc", "/lib", "/opt", "/usr", "/var")
"""Where packages go. File systems elsewhere have no part in a layer."""
_DEEPEST = len(Path("/var/lib/mailman3").parts)
"""Nor have those further down, which come and go with containers."""
_PRUNED = (
    "/etc/hosts",
    "/run",
    "/tmp",  # noqa: S108 - a name to leave out
    "/usr/sbin/policy-rc.d",
    "/var/cache/apt",
    "/var/lib/apt/lists",
    "/var/tmp",  # noqa: S108 - likewise
)
"""What the installation leaves and a lab does not need, or has from the machine."""
_POLICY = "usr/sbin/policy-rc.d"
"""Says whether packages may start their services (invoke-rc.d(8)); 101 forbids it."""


def covered(mounts: Sequence[Mount]) -> tuple[str, ...]:
    """List the mount points that a layer has a part for."""
    return tuple(
        mount.path
        for mount in mounts
        if mount.kind is Kind.OVERLAY and (mount.path == "/" or _is_installed_to(Path(mount.path)))
    )


def _is_installed_to(path: Path) -> bool:
    return len(path.parts) <= _DEEPEST and any(path.is_relative_to(name) for name in _INSTALLED_TO)


def make(
    directory: Path,
    mounts: Sequence[Mount],
    names: Sequence[str],
    *,
    transcript: Path,
    progress: Progress | None,
) -> None:
    """Install packages in a lab of their own, with the machine's network, and take the layer.

    Args:
        directory: where to; it is made.
        mounts: what a lab copies.
        names: the packages.
        transcript: file to which all that apt shows is appended.
        progress: told about the installation.

    Raises:
        RefusedError: the packages cannot be had, or the machine cannot hold a lab.
        CommandError: the installation failed, or the disk is full.
    """
    with Namespace.launch(Order(mounts=tuple(mounts), layers=(), network=True, terminal=None)) as lab:
        policy = lab.root / _POLICY
        policy.unlink(missing_ok=True)
        policy.write_text("#!/bin/sh\nexit 101\n")
        policy.chmod(0o755)
        packages.install(names, transcript=transcript, progress=progress, limit=BUILD_LIMIT, within=lab.enter)
        gone = take(lab.uppers, mounts, directory / "tree")
    (directory / REMOVED).write_bytes(os.fsencode("\0".join(gone)))


def grow(directory: Path, mounts: Sequence[Mount], below: Sequence[Path], make: Callable[[Namespace], None]) -> None:
    """Do something in a lab of its own on other layers, without a network, and take the layer.

    Args:
        directory: where to; it is made.
        mounts: what a lab copies.
        below: the other layers, the newest first.
        make: does it.

    Raises:
        RefusedError: the machine cannot hold a lab.
        CommandError: the disk is full, or what `make` raises.
    """
    order = Order(mounts=tuple(mounts), layers=tuple(map(str, below)), network=False, terminal=None)
    with Namespace.launch(order) as lab:
        make(lab)
        save(lab, mounts, below, directory)


def save(
    lab: Namespace, mounts: Sequence[Mount], below: Sequence[Path], directory: Path, *, onto: Path | None = None
) -> None:
    """Take a layer of what was done in a lab; nothing may be written there any more.

    Args:
        lab: the lab; it is to be stopped afterwards.
        mounts: what it copied.
        below: the layers that it is on.
        directory: where to; it is made.
        onto: the first of them, if the new layer is to be both in one.

    Raises:
        CommandError: the disk is full.
    """
    if onto is not None:
        directory.mkdir(mode=0o700)
        LocalHost().run(["cp", "--archive", str(onto / "tree"), str(directory)], limit=BUILD_LIMIT).require()
    gone = take(lab.uppers, mounts, directory / "tree", below)
    (directory / REMOVED).write_bytes(os.fsencode("\0".join(gone)))


def take(uppers: Path, mounts: Sequence[Mount], tree: Path, below: Sequence[Path] = ()) -> tuple[str, ...]:
    """Copy the upper layers of a lab into the tree of a new layer.

    Args:
        uppers: the directory of the upper layers; it is pruned.
        mounts: what the lab copied.
        tree: where to; it is made, or added to.
        below: the layers that the lab is on.

    Returns:
        The paths, without their first slash, that the upper layers take away.

    Raises:
        CommandError: the disk is full, or cannot be written to.
    """
    tree.mkdir(mode=0o700, parents=True, exist_ok=True)
    overlays = {path: uppers / part(path) for path in covered(mounts)}
    for name in (*_PRUNED, *(mount.path for mount in mounts if mount.kind is Kind.FILE)):
        _prune(Path(name), overlays)
    gone: list[str] = []
    for mounted, upper in overlays.items():
        lowers = (Path(mounted), *(layer / "tree" / part(mounted) for layer in below))
        gone += (str(Path(mounted, name)).lstrip("/") for name in taken_away(upper, *lowers))
        if any(upper.iterdir()):
            copy = ["cp", "--archive", "--remove-destination", "--no-target-directory", str(upper)]
            copy.append(str(tree / part(mounted)))
            LocalHost().run(copy, limit=BUILD_LIMIT).require()
    return tuple(gone)


def taken_away(upper: Path, *lowers: Path) -> tuple[str, ...]:
    """List what an upper layer hides of its lower ones, and drop the marks it does that with.

    Marks cannot be kept on every file system (an overlay has no whiteouts of its own), a list can. The
    marks: overlayfs.rst, "whiteouts and opaque directories".

    Args:
        upper: an upper layer that is no longer written to.
        lowers: what it was laid over.
    """
    gone: list[str] = []
    for directory, directories, files in os.walk(upper):
        inside = Path(directory).relative_to(upper)
        for name in files:
            found = Path(directory, name).lstat()
            if stat.S_ISCHR(found.st_mode) and found.st_rdev == 0:
                Path(directory, name).unlink()
                gone.append(str(inside / name))
        if inside != Path() and _is_opaque(directory):
            hidden = {name for lower in lowers for name in _names(lower / inside)}
            gone += (str(inside / name) for name in hidden - {*directories, *files})
    return tuple(gone)


def _prune(path: Path, overlays: Mapping[str, Path]) -> None:
    mounted = max((name for name in overlays if path.is_relative_to(name)), key=len)
    target = overlays[mounted] / path.relative_to(mounted)
    if target.is_symlink() or target.is_file():
        target.unlink()
    elif target.is_dir() and target != overlays[mounted]:
        shutil.rmtree(target)


def _is_opaque(directory: str) -> bool:
    try:
        return os.getxattr(directory, "trusted.overlay.opaque") == b"y"
    except OSError:
        return False


def _names(directory: Path) -> set[str]:
    return {entry.name for entry in directory.iterdir()} if directory.is_dir() else set()
