"""Who has the controls, and where they were: one terminal works, any others look on and may take over.

The word of a file decides, not a lock: the terminal that holds the seat may hang on a stalled link for ever.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from wizard import atomic
from wizard.outline import LAST

SEAT, HOLDER, PLACE = "seat", "seat.lock", "place.json"


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody was when the screen ended."""

    stage: int = 0
    """0: nowhere yet."""
    pane: str = ""
    drafts: Mapping[str, str] = field(default_factory=dict)
    """What was typed and not saved, by key; never a secret."""
    theme: str = ""


class Seat:
    """The right to start and stop runs, to approve plans and to save answers."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._token = secrets.token_hex(8)
        self._fd = os.open(root / HOLDER, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        if self._alone():
            self.take()

    @property
    def held(self) -> bool:
        """Whether it is ours; another terminal may have taken it over meanwhile."""
        try:
            return (self._root / SEAT).read_text(encoding="ascii", errors="replace") == self._token
        except OSError:
            return False

    @property
    def path(self) -> Path:
        """What changes when somebody takes over."""
        return self._root / SEAT

    def take(self) -> None:
        """Take it, from whoever has it.

        Raises:
            OSError: it cannot be written.
        """
        _write(self._root / SEAT, self._token.encode())
        self._alone()

    def leave(self) -> None:
        """Let the next one have it; the kernel does the same when the process ends."""
        os.close(self._fd)

    def _alone(self) -> bool:
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def remember(root: Path, place: Place) -> None:
    """Keep where somebody is.

    Raises:
        OSError: it cannot be written.
    """
    _write(root / PLACE, json.dumps({"schema": 1, **asdict(place)}).encode())


def recall(root: Path) -> tuple[Place, str]:
    """Return where somebody was, and what to say of a file that cannot be read: it is set aside then."""
    path = root / PLACE
    try:
        return _place(json.loads(path.read_bytes())), ""
    except FileNotFoundError:
        return Place(), ""
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        aside = path.with_suffix(".corrupt")
        path.replace(aside)
        return Place(), f"{path.name} is damaged: set aside as {aside.name} in {root}"


def _place(data: Mapping[str, Any]) -> Place:
    drafts = {str(key): str(text) for key, text in data["drafts"].items()}
    stage = int(data["stage"])
    if not 0 <= stage <= LAST:
        raise ValueError(stage)
    return Place(stage, str(data["pane"]), drafts, str(data["theme"]))


def _write(path: Path, content: bytes) -> None:
    atomic.replace(path, content, mode=0o600, uid=os.geteuid(), gid=os.getegid())
