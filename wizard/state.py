"""Where the wizard keeps what it must remember: root's alone, because configuration holds secrets."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from wizard.errors import RefusedError

ANSWERS = Path("/etc/mailman-wizard/site.toml")
"""The admin's answers, where no other file is named."""


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
    def inherited(self) -> Path:
        """What the server had before the first change, where an answer is not given."""
        return self.root / "inherited.json"

    @property
    def ledger(self) -> Path:
        """What the probes have made and not yet removed."""
        return self.root / "probes.json"

    @property
    def training(self) -> Path:
        """One directory for each trainee, with one for each course."""
        return self.root / "training"

    def prepare(self) -> None:
        """Make the directories, 0700.

        Raises:
            OSError: as mkdir(2).
        """
        for directory in (self.root, self.runs, self.checkpoints):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            directory.chmod(0o700)

    @contextmanager
    def locked(self, run: str = "") -> Iterator[None]:
        """Hold the lock that only one run can hold; the kernel gives it back when the process ends.

        Args:
            run: the name of the run that takes it, for the message that another one gets.

        Raises:
            RefusedError: another run holds it; the message says which, and its process.
        """
        path = self.root / "lock"
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pid, _, holder = os.pread(fd, 128, 0).decode("ascii", "replace").strip().partition(" ")
                watch = f"mailman-wizard watch {holder}".strip()
                raise RefusedError(
                    f"another run holds the lock (process {pid or 'unknown'}); wait for its end, follow it with "
                    f"'{watch}', or end it with 'kill {pid}': it puts back what it was changing"
                ) from None
            os.ftruncate(fd, 0)
            os.pwrite(fd, f"{os.getpid()} {run}".strip().encode() + b"\n", 0)
            yield
        finally:
            os.close(fd)
