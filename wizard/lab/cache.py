"""The cache of layers: one for each state of the machine and set of packages, made once, used by many labs.

A layer appears by one rename, so there is never half of one. A lab holds a shared lock on its layer; one that nobody
holds and that is no longer valid is removed at the next start.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from wizard import packages
from wizard.apt import Progress
from wizard.lab import layer
from wizard.lab.mounts import Mount
from wizard.lab.namespace import Namespace
from wizard.lab.order import REMOVED
from wizard.localhost import LocalHost

CACHE = Path("/var/cache/mailman-wizard/lab")
"""Where layers are kept."""
PACKAGES: tuple[str, ...] = ("postfix", "mailman3")
"""What a lab has besides the machine's own."""
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
_STAGING = ".staging-"


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer that is held: nobody removes it while `fd` is open anywhere."""

    path: Path
    fd: int


@dataclass(frozen=True, slots=True)
class Recipe:
    """What is done in a lab once, to be there from the start in others."""

    name: str
    """Letters, digits and hyphens; a new layer of a name takes the place of older ones."""
    key: str
    """Differs wherever what comes of it may."""
    words: str
    """What it is, for who waits for it."""
    make: Callable[[Namespace], None]
    """Does it in a lab that has the packages; no process may be left of it."""


@contextmanager
def held(
    mounts: Sequence[Mount], more: Sequence[str], progress: Progress | None, recipe: Recipe | None = None
) -> Iterator[tuple[Layer, ...]]:
    """Hold the layers that this machine needs, made first if they are not there.

    Args:
        mounts: what a lab copies.
        more: packages besides `PACKAGES`.
        progress: told about what is made.
        recipe: what else is to be there.

    Yields:
        The layers, the newest first; none for the packages if the machine has them itself.

    Raises:
        RefusedError: the packages cannot be had; the message says why and what to do.
        CommandError: their installation failed, or the recipe.
    """
    present = packages.installed(LocalHost(), (*PACKAGES, *sorted(more)))
    wanted = _Wanted(_state(mounts), tuple(name for name, version in present.items() if version is None), mounts)
    _sweep_unless_busy(wanted.state)
    layers: tuple[Layer, ...] = ()
    try:
        if wanted.names:
            layers = (_open(wanted.path) or _made(wanted, layers, progress),)
        if recipe is not None:
            wanted = replace(wanted, recipe=recipe)
            layers = (_open(wanted.path) or _made(wanted, layers, progress), *layers)
        yield layers
    finally:
        for each in layers:
            os.close(each.fd)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A layer that may not be there yet."""

    state: str
    """The machine's, as `_state` tells it."""
    names: tuple[str, ...]
    """The packages that the machine lacks."""
    mounts: Sequence[Mount]
    recipe: Recipe | None = None
    """What it is of; the packages' installation, if nothing else."""

    @property
    def path(self) -> Path:
        """Where it is: layers of one state of the machine have names that begin alike."""
        made_of = f"{self.state}-{_digest(' '.join(self.names))}"
        return CACHE / (f"{made_of}-{self.recipe.name}-{_digest(self.recipe.key)}" if self.recipe else made_of)

    @property
    def older(self) -> tuple[Path, ...]:
        """Those of the same name, which nobody needs any more."""
        found = CACHE.glob(f"{self.path.name.rpartition('-')[0]}-*") if self.recipe else ()
        return tuple(path for path in found if path != self.path)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _state(mounts: Sequence[Mount]) -> str:
    """Tell a machine's states apart: a layer made in one is not valid in another."""
    digest = hashlib.sha256()
    digest.update("\0".join((_FORMAT, *layer.covered(mounts))).encode())
    for name in _VALIDITY:
        with suppress(FileNotFoundError):
            digest.update(hashlib.sha256(Path(name).read_bytes()).digest())
    return digest.hexdigest()[:32]


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


def _made(wanted: _Wanted, below: Sequence[Layer], progress: Progress | None) -> Layer:
    with _alone(progress):
        layer = _open(wanted.path)  # another lab may have made it while this one waited
        if layer is None:
            _sweep(wanted.state)
            _make(wanted, below, progress)
            for older in wanted.older:
                _discard(older)
            layer = _open(wanted.path)
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
                progress(0.0, "waiting for another lab that is being prepared")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _make(wanted: _Wanted, below: Sequence[Layer], progress: Progress | None) -> None:
    staging = CACHE / f"{_STAGING}{secrets.token_hex(6)}"
    shutil.rmtree(wanted.path, ignore_errors=True)  # half of one that was being removed
    try:
        if wanted.recipe is None:
            layer.make(staging, wanted.mounts, wanted.names, transcript=CACHE / "transcript", progress=progress)
        else:
            if progress is not None:
                progress(0.0, wanted.recipe.words)
            layer.grow(staging, wanted.mounts, [each.path for each in below], wanted.recipe.make)
        os.sync()  # what is renamed must be on disk before its name is
        staging.rename(wanted.path)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise


def _names(directory: Path) -> set[str]:
    return {entry.name for entry in directory.iterdir()} if directory.is_dir() else set()


def _outdated(state: str) -> set[str]:
    return {name for name in _names(CACHE) - {"lock", "transcript"} if not name.startswith(f"{state}-")}


def _sweep_unless_busy(state: str) -> None:
    if _outdated(state):
        with suppress(BlockingIOError), _alone(wait=False):
            _sweep(state)


def _sweep(state: str) -> None:
    """Remove what dead builders left and the layers that are neither valid in this state nor held."""
    for name in _outdated(state):
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
