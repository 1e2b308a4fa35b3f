"""The first process of a lab: it builds the lab around itself, then reaps, until its lifeline ends.

Run by `wizard.lab.namespace` in a new PID namespace. Its standard input is the lifeline: one line that says
what to build, then nothing. The kernel closes a pipe whose writer is killed in whatever way, so the end is
seen in any case; and with a first process the kernel kills all others of its namespace, and with the last
of them go the mounts and the network (pid_namespaces(7)).

On standard output it says one line: that the lab is ready, or which step the kernel refused.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import quote

from wizard.lab import devices, kernel
from wizard.lab.mounts import Kind, Mount

HOST_NAME = "lab"
"""The host name in a lab."""
REMOVED = "removed"
"""A layer's list of the paths that it takes away from the machine, a NUL after each but the last."""
ADDRESS = "198.51.100.25"
"""A lab's own address outside loopback (TEST-NET-2 of RFC 5737), as every mail server has one."""

_SCRATCH = Path("/sys")
"""Where the tmpfs for the copies is mounted: a directory that always exists, and without disks below it."""
_ROOT = _SCRATCH / "root"

_LONGEST = 200
"""Of a directory's name, in bytes: less than the 255 of most file systems (pathconf(3))."""

_STALE = ("var/lib/mailman3/locks/*",)
"""Locks of the copied machine's services; their owners do not run in the lab."""
_QUEUED = (
    *(f"var/spool/postfix/{name}/*" for name in ("active", "deferred", "hold", "incoming", "maildrop")),
    "var/lib/mailman3/queue/*/*",
)
"""Copied mail under way. In a lab with a network it would be delivered a second time."""


@dataclass(frozen=True, slots=True)
class Order:
    """What to build."""

    mounts: tuple[Mount, ...]
    layer: str | None
    """Directory of the layer with the packages; None for a plain copy of the machine."""
    network: bool
    """Keep the machine's network instead of an own one without a way out."""
    terminal: str | None
    """The device of the terminal that commands will use; None without one."""

    def dump(self) -> str:
        """Write it as one line."""
        return json.dumps(asdict(self))

    @classmethod
    def load(cls, line: str) -> Order:
        """Read the line that `dump` wrote."""
        fields = json.loads(line)
        mounts = tuple(Mount(mount["path"], Kind(mount["kind"])) for mount in fields.pop("mounts"))
        return cls(mounts=mounts, **fields)


@dataclass(frozen=True, slots=True)
class Report:
    """What became of it."""

    scratch: int = -1
    """The first process's descriptor of the directory that has the upper layers, each in ``upper/NAME``."""
    step: str | None = None
    """The step that the kernel refused; None if the lab is ready."""
    errno: int = 0
    """Why it did."""

    def dump(self) -> str:
        """Write it as one line."""
        return json.dumps(asdict(self))

    @classmethod
    def load(cls, line: str) -> Report:
        """Read the line that `dump` wrote."""
        return cls(**json.loads(line))


def part(path: str) -> str:
    """Name the part of a layer, or the upper layer, that belongs to a mount point."""
    name = quote(path, safe="")
    return name if len(name) <= _LONGEST else hashlib.sha256(name.encode()).hexdigest()


class _StepError(Exception):
    """The kernel refused a step."""


@contextmanager
def _step(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _StepError(name) from error


def main() -> None:
    """Build the lab, say so, and stay until the lifeline ends."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # the kernel keeps it from a first process then
    order = Order.load(sys.stdin.buffer.readline().decode())
    try:
        report = Report(scratch=_build(order))
    except _StepError as error:
        cause = error.__cause__
        report = Report(step=str(error), errno=cause.errno or 0 if isinstance(cause, OSError) else 0)
    sys.stdout.write(f"{report.dump()}\n")
    sys.stdout.flush()
    if report.step is None:
        _stay()


def _stay() -> None:
    os.chdir("/")
    null = os.open("/dev/null", os.O_RDWR)
    os.dup2(null, 1)
    os.dup2(null, 2)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps then: wait(2), NOTES
    while os.read(0, 1):
        pass


def _build(order: Order) -> int:
    with _step("files"):
        resolver = _resolver()
        files = {mount.path: Path(mount.path).read_bytes() for mount in order.mounts if mount.kind is Kind.FILE}
    network = 0 if order.network else kernel.CLONE_NEWNET
    with _step("unshare"):
        kernel.unshare(kernel.CLONE_NEWNS | kernel.CLONE_NEWUTS | kernel.CLONE_NEWIPC | network)
    with _step("private mounts"):
        kernel.mount(Path("/"), flags=kernel.MS_REC | kernel.MS_PRIVATE)
    with _step("tmpfs"):
        kernel.mount(_SCRATCH, kind="tmpfs", data="mode=0700")
    scratch = os.open(_SCRATCH, os.O_PATH | os.O_DIRECTORY)
    for name in ("root", "upper", "work", "layer", "empty"):
        (_SCRATCH / name).mkdir()
    for mount in order.mounts:
        _copy(mount, order.layer)
    _mount_anew()
    with _step("devices"):
        devices.make(_ROOT / "dev", order.terminal)
    with _step("network"):
        socket.sethostname(HOST_NAME)
        if not order.network:
            kernel.bring_up_loopback(ADDRESS)
    with _step("pivot_root"):
        kernel.change_root(_ROOT)
    with _step("files"):
        _tidy(order, files, resolver)
    return scratch


def _copy(mount: Mount, layer: str | None) -> None:
    target = Path(f"{_ROOT}{mount.path}")
    if mount.kind is Kind.OVERLAY:
        between = None if layer is None else Path(layer, "tree", part(mount.path))
        try:
            with _step(f"overlay on {mount.path}"):
                _overlay(mount.path, target, between)
        except _StepError:
            if mount.path == "/":
                raise
            _show(mount.path, target)  # a kind that no overlay covers (vfat), or a stack of two overlays
    elif mount.kind is Kind.READ_ONLY:
        _show(mount.path, target)


def _show(source: str, target: Path) -> None:
    """Show a file system as it is, without a way to write to it."""
    with _step(f"bind {source}"):
        kernel.mount(target, source=source, flags=kernel.MS_BIND)
        kernel.mount(target, flags=kernel.MS_BIND | kernel.MS_REMOUNT | kernel.MS_RDONLY | _limits(source))


def _limits(path: str) -> int:
    """Tell which of nosuid, nodev and noexec a file system is mounted with; statvfs(3) has mount(2)'s bits."""
    return os.statvfs(path).f_flag & (kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC)


def _overlay(lower: str, target: Path, layer: Path | None) -> None:
    """Lay a writable copy of `lower` over `target`, with a layer between them if there is one."""
    upper = _SCRATCH / "upper" / part(lower)
    work = _SCRATCH / "work" / part(lower)
    upper.mkdir()
    work.mkdir()
    _copy_directory_attributes(Path(lower), upper)
    options = f"upperdir={_escaped(upper)},workdir={_escaped(work)},redirect_dir=off,metacopy=off,index=off"
    if layer is not None and layer.is_dir():
        try:
            between = _SCRATCH / "layer" / part(lower)
            between.mkdir()
            # A layer within the file system that it covers is "overlapping"; as its own overlay it is not.
            kernel.mount(between, kind="overlay", data=f"lowerdir={_escaped(layer)}:{_SCRATCH}/empty")
            lowers = f"{_escaped(between)}:{_escaped(Path(lower))}"
            kernel.mount(target, kind="overlay", flags=_limits(lower), data=f"lowerdir={lowers},{options}")
        except OSError:  # stacked too deep, as when / is an overlay itself: copy the layer then
            _copy_tree(layer, upper)
        else:
            return
    options = f"lowerdir={_escaped(Path(lower))},{options}"
    kernel.mount(target, kind="overlay", flags=_limits(lower), data=options)


def _mount_anew() -> None:
    guarded = kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC
    with _step("proc"):
        kernel.mount(_ROOT / "proc", kind="proc", flags=guarded)
    with _step("sysfs"):
        kernel.mount(_ROOT / "sys", kind="sysfs", flags=guarded | kernel.MS_RDONLY)
    with _step("tmpfs"):
        kernel.mount(_ROOT / "run", kind="tmpfs", flags=kernel.MS_NOSUID | kernel.MS_NODEV, data="mode=0755")
    lock = _ROOT / "run/lock"
    lock.mkdir()
    lock.chmod(0o1777)
    _guard_kernel_settings()


def _guard_kernel_settings() -> None:
    """Make the settings read-only that are the whole machine's; those of the network are the lab's own."""
    settings = _ROOT / "proc/sys"
    guarded = kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC
    with _step("proc"):
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
    done = subprocess.run(["/bin/cp", "--archive", f"{source}/.", str(target)], check=False)
    if done.returncode != 0:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target))


def _escaped(path: Path) -> str:
    """Escape what separates options and layers (kernel, overlayfs.rst)."""
    return re.sub(r"([\\:,])", r"\\\1", str(path))


def _resolver() -> tuple[Path, bytes] | None:
    """Read where the machine's resolv.conf leads to if that is below /run, which a lab has anew."""
    path = Path("/etc/resolv.conf").resolve()
    try:
        return (path, path.read_bytes()) if path.is_relative_to("/run") else None
    except OSError:
        return None


def _tidy(order: Order, files: dict[str, bytes], resolver: tuple[Path, bytes] | None) -> None:
    """Put right, from within, what must differ from the machine."""
    for name, content in files.items():
        Path(name).write_bytes(content)
    if resolver is not None:
        resolver[0].parent.mkdir(parents=True, exist_ok=True)
        resolver[0].write_bytes(resolver[1])
    hosts = Path("/etc/hosts")
    lines = hosts.read_text().splitlines() if hosts.exists() else ["127.0.0.1\tlocalhost"]
    hosts.write_text("\n".join([*lines, f"127.0.1.1\t{HOST_NAME}"]) + "\n")
    for pattern in (*_STALE, *(_QUEUED if order.network else ())):
        for path in Path("/").glob(pattern):
            _remove(path)
    for name in _removed(Path(order.layer)) if order.layer else ():
        _remove(Path("/", name))


def _removed(layer: Path) -> tuple[str, ...]:
    """List what a layer takes away from the machine, as paths without their first slash."""
    return tuple(name for name in (layer / REMOVED).read_text(errors="surrogateescape").split("\0") if name)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
