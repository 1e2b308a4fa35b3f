"""Mailman's queues, as directories: names and bytes alone.

A file is a pickle, which runs code when it is read as one; here none ever is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from wizard.host import Host

_NAME = re.compile(r"(?P<time>[0-9]{1,11}(?:\.[0-9]{1,12})?)\+(?P<digest>[0-9a-f]{1,64})(?P<suffix>\.\S+)")


@dataclass(frozen=True, slots=True)
class QueueFile:
    """One file in a queue."""

    queue: str
    """``in``, ``out``, ``shunt`` …"""
    path: Path
    queued: datetime | None
    """When it came into the queue, in UTC; None if the name does not tell."""
    suffix: str
    """``.pck`` waiting, ``.bak`` being worked on, ``.psv`` kept as unreadable; nothing for another name."""


def read(host: Host, queue_dir: Path) -> dict[str, tuple[QueueFile, ...]]:
    """List the files of each queue, empty queues included, oldest first.

    Args:
        host: the machine.
        queue_dir: Mailman's ``queue_dir``, see `wizard.facts.mailman_conf.directories`.
    """
    found = {}
    for queue in host.names(queue_dir):
        directory = queue_dir / queue
        state = host.state(directory)
        if state and state.kind == "directory":
            found[queue] = tuple(parse(queue, directory / name) for name in host.names(directory))
    return found


def parse(queue: str, path: Path) -> QueueFile:
    """Tell what a file's name says: ``<seconds since the epoch>+<sha1>.pck``."""
    match = _NAME.fullmatch(path.name)
    if not match:
        return QueueFile(queue, path, None, "")
    return QueueFile(queue, path, datetime.fromtimestamp(float(match["time"]), UTC), match["suffix"])


def contains(host: Host, path: Path, text: str) -> bool:
    """Whether a text, such as a message-id, is in a file; not if a runner has taken the file away meanwhile.

    Raises:
        OSError: the file is there and cannot be read.
        ValueError: the text is empty, which is in every file.
    """
    if not text:
        raise ValueError("an empty text is in every file")
    try:
        return text.encode("utf-8", "surrogateescape") in host.read(path)
    except FileNotFoundError:
        return False


def holding(host: Host, queue_dir: Path, text: str) -> tuple[Path, ...]:
    """List the files, of all queues, that a text is in; errors as for `contains`."""
    return tuple(
        file.path for files in read(host, queue_dir).values() for file in files if contains(host, file.path, text)
    )
