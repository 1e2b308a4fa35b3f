"""The building of a lab: its mounts, network and names.

Sources: https://docs.kernel.org/filesystems/overlayfs.html, mount_namespaces(7), pivot_root(2).
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from wizard.lab import devices, kernel
from wizard.lab.mounts import Kind, Mount
from wizard.lab.order import ADDRESS, HOST_NAME, Order, part
from wizard.lab.tidy import keep, tidy

_SCRATCH = Path("/sys")
"""Where the tmpfs for the copies is mounted: a directory that always exists, and without disks below it."""
_ROOT = _SCRATCH / "root"


class StepError(Exception):
    """The kernel refused a step."""


@contextmanager
def step(name: str) -> Iterator[None]:
    """Say of a refusal in which step it was."""
    try:
        yield
    except OSError as error:
        raise StepError(name) from error


def build(order: Order) -> int:
    """Build a lab around this process, which becomes its own: its root directory, mounts, network and name.

    Returns:
        A descriptor of the directory that has the upper layers, each in ``upper/NAME``.

    Raises:
        StepError: the kernel refused a step.
    """
    with step("files"):
        kept = keep(order)
    network = 0 if order.network else kernel.CLONE_NEWNET
    with step("unshare"):
        kernel.unshare(kernel.CLONE_NEWNS | kernel.CLONE_NEWUTS | kernel.CLONE_NEWIPC | network)
    with step("private mounts"):
        kernel.mount(Path("/"), flags=kernel.MS_REC | kernel.MS_PRIVATE)
    with step("tmpfs"):
        kernel.mount(_SCRATCH, kind="tmpfs", data="mode=0700")
    scratch = os.open(_SCRATCH, os.O_PATH | os.O_DIRECTORY)
    for name in ("root", "upper", "work", "layer", "empty"):
        (_SCRATCH / name).mkdir()
    for mount in order.mounts:
        _copy(mount, order.layers)
    _mount_anew()
    with step("devices"):
        devices.make(_ROOT / "dev", order.terminal)
    with step("network"):
        socket.sethostname(HOST_NAME)
        if not order.network:
            kernel.bring_up_loopback(ADDRESS)
    with step("pivot_root"):
        kernel.change_root(_ROOT)
    with step("files"):
        tidy(order, kept)
    return scratch


def _copy(mount: Mount, layers: Sequence[str]) -> None:
    target = Path(f"{_ROOT}{mount.path}")
    if mount.kind is Kind.OVERLAY:
        trees = (Path(layer, "tree", part(mount.path)) for layer in layers)
        between = [tree for tree in trees if tree.is_dir()]
        try:
            with step(f"overlay on {mount.path}"):
                _overlay(mount.path, target, between)
        except StepError:
            if mount.path == "/":
                raise
            _show(mount.path, target)  # a kind that no overlay covers (vfat), or a stack of two overlays
    elif mount.kind is Kind.READ_ONLY:
        _show(mount.path, target)


def _show(source: str, target: Path) -> None:
    """Show a file system as it is, without a way to write to it."""
    with step(f"bind {source}"):
        kernel.mount(target, source=source, flags=kernel.MS_BIND)
        kernel.mount(target, flags=kernel.MS_BIND | kernel.MS_REMOUNT | kernel.MS_RDONLY | _limits(source))


def _limits(path: str) -> int:
    """Tell which of nosuid, nodev and noexec a file system is mounted with; statvfs(3) has mount(2)'s bits."""
    return os.statvfs(path).f_flag & (kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC)


def _overlay(lower: str, target: Path, layers: Sequence[Path]) -> None:
    """Lay a writable copy of `lower` over `target`, with the layers between them, the newest first."""
    upper = _SCRATCH / "upper" / part(lower)
    work = _SCRATCH / "work" / part(lower)
    upper.mkdir()
    work.mkdir()
    _copy_directory_attributes(Path(lower), upper)
    options = f"upperdir={_escaped(upper)},workdir={_escaped(work)},redirect_dir=off,metacopy=off,index=off"
    if layers:
        try:
            between = _SCRATCH / "layer" / part(lower)
            between.mkdir()
            # A layer within the file system that it covers is "overlapping"; as its own overlay it is not.
            stack = ":".join([*map(_escaped, layers), f"{_SCRATCH}/empty"])
            kernel.mount(between, kind="overlay", data=f"lowerdir={stack}")
            lowers = f"{_escaped(between)}:{_escaped(Path(lower))}"
            kernel.mount(target, kind="overlay", flags=_limits(lower), data=f"lowerdir={lowers},{options}")
        except OSError:  # stacked too deep, as when / is an overlay itself: copy the layer then
            for layer in reversed(layers):
                _copy_tree(layer, upper)
        else:
            return
    options = f"lowerdir={_escaped(Path(lower))},{options}"
    kernel.mount(target, kind="overlay", flags=_limits(lower), data=options)


def _mount_anew() -> None:
    guarded = kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC
    with step("proc"):
        kernel.mount(_ROOT / "proc", kind="proc", flags=guarded)
    with step("sysfs"):
        kernel.mount(_ROOT / "sys", kind="sysfs", flags=guarded | kernel.MS_RDONLY)
    with step("tmpfs"):
        kernel.mount(_ROOT / "run", kind="tmpfs", flags=kernel.MS_NOSUID | kernel.MS_NODEV, data="mode=0755")
    lock = _ROOT / "run/lock"
    lock.mkdir()
    lock.chmod(0o1777)
    _guard_kernel_settings()


def _guard_kernel_settings() -> None:
    """Make the settings read-only that are the whole machine's; those of the network are the lab's own."""
    settings = _ROOT / "proc/sys"
    guarded = kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC
    with step("proc"):
        kernel.mount(settings / "net", source=str(settings / "net"), flags=kernel.MS_BIND)
        for path in (settings, _ROOT / "proc/sysrq-trigger"):
            with suppress(FileNotFoundError):
                kernel.mount(path, source=str(path), flags=kernel.MS_BIND | kernel.MS_REC)
                kernel.mount(path, flags=kernel.MS_BIND | kernel.MS_REMOUNT | kernel.MS_RDONLY | guarded)


def _copy_directory_attributes(source: Path, target: Path) -> None:
    shutil.copystat(source, target)
    found = source.stat()
    os.chown(target, found.st_uid, found.st_gid)


def _copy_tree(source: Path, target: Path) -> None:
    done = subprocess.run(["/bin/cp", "--archive", "--remove-destination", f"{source}/.", str(target)], check=False)
    if done.returncode != 0:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target))


def _escaped(path: Path) -> str:
    """Escape what separates options and layers (kernel, overlayfs.rst)."""
    return re.sub(r"([\\:,])", r"\\\1", str(path))
