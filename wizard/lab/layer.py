"""The layer with the packages: made once, kept in the cache, laid between the machine and each lab's copy.

A layer is a directory named after what makes it valid, with ``tree/PART`` for each file system that was written to,
and a list of the paths that it takes away, without which it is no layer. It appears by one rename, so there is never
half of one. A lab holds a shared lock on it; one that nobody holds and that is no longer valid is removed.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import shutil
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from wizard import packages
from wizard.host import LocalHost
from wizard.lab.first import REMOVED, Order, part
from wizard.lab.mounts import Kind, Mount
from wizard.lab.namespace import Namespace

CACHE = Path("/var/cache/mailman-wizard/lab")
"""Where layers are kept."""
PACKAGES: tuple[str, ...] = ("postfix", "mailman3")
"""What a lab has besides the machine's own."""
BUILD_LIMIT = 1800.0
"""Seconds that the packages' installation may take."""

Progress = Callable[[float, str], None]
"""Told how far a slow step has come (0 to 1), and what is being done."""

_FORMAT = "1"
_VALIDITY = (
    "/etc/os-release",
    "/var/lib/dpkg/status",
    "/etc/passwd",
    "/etc/group",
    "/etc/shadow",
    "/etc/gshadow",
)
"""Files of the machine that a layer replaces or depends on."""
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
_STAGING = ".staging-"
_POLICY = "usr/sbin/policy-rc.d"
"""Says whether packages may start their services (invoke-rc.d(8)); 101 forbids it."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer that is held: nobody removes it while `fd` is open anywhere."""

    path: Path
    fd: int


@contextmanager
def held(mounts: Sequence[Mount], progress: Progress | None) -> Iterator[Layer | None]:
    """Hold the layer that this machine needs, made first if it is not there.

    Args:
        mounts: what a lab copies.
        progress: told about the packages' installation.

    Yields:
        The layer; None if the machine has the packages itself.

    Raises:
        RefusedError: the packages cannot be had; the message says why and what to do.
        CommandError: their installation failed.
    """
    present = packages.installed(LocalHost(), PACKAGES)
    wanted = None if all(present.values()) else CACHE / _key(mounts)
    _sweep_unless_busy(keep=None if wanted is None else wanted.name)
    if wanted is None:
        yield None
        return
    layer = _open(wanted) or _made(wanted, mounts, progress)
    try:
        yield layer
    finally:
        os.close(layer.fd)


def _key(mounts: Sequence[Mount]) -> str:
    digest = hashlib.sha256()
    digest.update("\0".join((_FORMAT, *PACKAGES, *_covered(mounts))).encode())
    for name in _VALIDITY:
        with suppress(FileNotFoundError):
            digest.update(hashlib.sha256(Path(name).read_bytes()).digest())
    return digest.hexdigest()[:32]


def _covered(mounts: Sequence[Mount]) -> tuple[str, ...]:
    """List the mount points that a layer has a part for."""
    return tuple(
        mount.path
        for mount in mounts
        if mount.kind is Kind.OVERLAY and (mount.path == "/" or _is_installed_to(Path(mount.path)))
    )


def _is_installed_to(path: Path) -> bool:
    return len(path.parts) <= _DEEPEST and any(path.is_relative_to(name) for name in _INSTALLED_TO)


def _open(path: Path) -> Layer | None:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        return None
    fcntl.flock(fd, fcntl.LOCK_SH)
    with suppress(FileNotFoundError):
        if (path / REMOVED).is_file() and path.stat().st_ino == os.fstat(fd).st_ino:
            return Layer(path, fd)
    os.close(fd)  # it was removed meanwhile, or in part before
    return None


def _made(path: Path, mounts: Sequence[Mount], progress: Progress | None) -> Layer:
    with _alone(progress):
        layer = _open(path)  # another lab may have made it while this one waited
        if layer is None:
            _sweep(keep=None)
            _make(path, mounts, progress)
            layer = _open(path)
        assert layer is not None
        return layer


@contextmanager
def _alone(progress: Progress | None = None, *, wait: bool = True) -> Iterator[None]:
    """Be the only one that makes or removes layers.

    Raises:
        BlockingIOError: another does, and this one would not wait.
    """
    CACHE.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = os.open(CACHE / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not wait:
                raise
            if progress is not None:
                progress(0.0, "waiting for another lab that is installing the packages")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _make(path: Path, mounts: Sequence[Mount], progress: Progress | None) -> None:
    staging = CACHE / f"{_STAGING}{secrets.token_hex(6)}"
    try:
        with Namespace.launch(Order(mounts=tuple(mounts), layer=None, network=True, terminal=None)) as lab:
            policy = lab.root / _POLICY
            policy.unlink(missing_ok=True)
            policy.write_text("#!/bin/sh\nexit 101\n")
            policy.chmod(0o755)
            transcript = CACHE / "transcript"
            packages.install(PACKAGES, transcript=transcript, progress=progress, limit=BUILD_LIMIT, within=lab.enter)
            gone = take(lab.uppers, mounts, staging / "tree")
        (staging / REMOVED).write_text("\0".join(gone), errors="surrogateescape")
        os.sync()  # what is renamed must be on disk before its name is
        staging.rename(path)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise


def take(uppers: Path, mounts: Sequence[Mount], tree: Path) -> tuple[str, ...]:
    """Copy the upper layers of a lab into the tree of a new layer.

    Args:
        uppers: the directory of the upper layers; it is pruned.
        mounts: what the lab copied.
        tree: where to; it is made.

    Returns:
        The paths, without their first slash, that the upper layers take away.

    Raises:
        CommandError: the disk is full, or cannot be written to.
    """
    tree.mkdir(mode=0o700, parents=True)
    overlays = {path: uppers / part(path) for path in _covered(mounts)}
    for name in (*_PRUNED, *(mount.path for mount in mounts if mount.kind is Kind.FILE)):
        _prune(Path(name), overlays)
    gone: list[str] = []
    for mounted, upper in overlays.items():
        gone += (str(Path(mounted, name)).lstrip("/") for name in taken_away(upper, Path(mounted)))
        if any(upper.iterdir()):
            copy = ["cp", "--archive", str(upper), str(tree / part(mounted))]
            LocalHost().run(copy, limit=BUILD_LIMIT).require()
    return tuple(gone)


def taken_away(upper: Path, lower: Path) -> tuple[str, ...]:
    """List what an upper layer hides of its lower one, and drop the marks it does that with.

    Marks cannot be kept on every file system (an overlay has no whiteouts of its own), a list can. The
    marks: overlayfs.rst, "whiteouts and opaque directories".

    Args:
        upper: an upper layer that is no longer written to.
        lower: what it was laid over.
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
            gone += (str(inside / name) for name in _names(lower / inside) - {*directories, *files})
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


def _sweep_unless_busy(keep: str | None) -> None:
    if _names(CACHE) <= {"lock", "transcript", keep}:
        return
    with suppress(BlockingIOError), _alone(wait=False):
        _sweep(keep)


def _sweep(keep: str | None) -> None:
    """Remove what dead builders left and the layers that are neither valid nor held."""
    for name in _names(CACHE) - {"lock", "transcript", keep}:
        if name.startswith(_STAGING):
            shutil.rmtree(CACHE / name, ignore_errors=True)
        else:
            _discard(CACHE / name)


def _discard(layer: Path) -> None:
    """Remove a layer, unless a lab holds it; from the first step on it is none any more."""
    fd = os.open(layer, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        (layer / REMOVED).unlink(missing_ok=True)
        shutil.rmtree(layer, ignore_errors=True)
    except BlockingIOError:
        return
    finally:
        os.close(fd)
