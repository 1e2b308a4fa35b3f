"""Where the wizard keeps what it must remember: root's alone, because configuration holds secrets."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from wizard.errors import RefusedError


@dataclass(frozen=True, slots=True)
class State:
    """The wizard's directories."""

    root: Path = Path("/var/lib/mailman-wizard")

    @property
    def runs(self) -> Path:
        """One directory for each run."""
        return self.root / "runs"

    @property
    def checkpoints(self) -> Path:
        """One directory for each checkpoint."""
        return self.root / "checkpoints"

    @property
    def session(self) -> Path:
        """Which stages are verified, and on what."""
        return self.root / "session.json"

    @property
    def ledger(self) -> Path:
        """What the probes have made and not yet removed."""
        return self.root / "probes.json"

    def prepare(self) -> None:
        """Make the directories, 0700.

        Raises:
            OSError: as mkdir(2).
        """
        for directory in (self.root, self.runs, self.checkpoints):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            directory.chmod(0o700)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock that only one run can hold; the kernel gives it back when the process ends.

        Raises:
            RefusedError: another run holds it; the message says which process.
        """
        path = self.root / "lock"
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = os.pread(fd, 32, 0).decode("ascii", "replace").strip() or "unknown"
                raise RefusedError(
                    f"another run holds the lock (process {holder}); wait for its end, or follow it with "
                    "'mailman-wizard watch'"
                ) from None
            os.ftruncate(fd, 0)
            os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
            yield
        finally:
            os.close(fd)
