"""What was added to a log file since a mark, also when the file was rotated in between.

A mark holds the file's inode, the offset, and the bytes before the offset, so that the marked place is found
again in a file that was renamed, copied and truncated, or compressed. One thing cannot be seen: a file that
was empty at the mark, filled, copied and truncated (logrotate's copytruncate) between two reads.
"""

from __future__ import annotations

import errno
import gzip
import stat
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from wizard.host import Host
from wizard.printable import printable

CAP = 8 * 1024 * 1024
"""Bytes taken in one read at most."""
_TAIL = 128
_LONG_LINE = 65536
_DAMAGED = (EOFError, zlib.error, gzip.BadGzipFile)
_CLOCK = 1.0
"""Seconds by which a file's time may lag behind the clock's."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a log: everything after it is new."""

    at: float
    """When the log was there to be read, in seconds since the epoch."""
    inode: int | None = None
    """The file's; None if there was no file."""
    offset: int = 0
    """In bytes; in a compressed file, of what it holds."""
    tail: bytes = b""
    """What is before the offset, a line's length of it."""
    cursor: str | None = None
    """The journal's own mark, where the log is the journal."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """The lines after a mark."""

    lines: tuple[str, ...]
    """Printable, without their ends; a line that is not finished yet is left for the next read."""
    mark: Mark
    """After the last of them."""
    more: bool
    """Whether there is more to read now: the cap was reached, or the next file comes next."""
    lost: bool
    """Whether the marked file is gone, and with it what was written between the mark and the rotation."""
    passed_over: int = 0
    """How many older lines there were than were asked for."""


@dataclass(frozen=True, slots=True)
class File:
    """One file that holds a part of the log."""

    path: Path
    inode: int
    mtime: float
    """When it was last written to, in seconds since the epoch."""

    @property
    def compressed(self) -> bool:
        """Whether it is to be decompressed."""
        return self.path.suffix == ".gz"

    def open(self) -> BinaryIO:
        """Open what it holds."""
        return cast("BinaryIO", gzip.open(self.path)) if self.compressed else self.path.open("rb")


def mark(host: Host, path: Path) -> Mark:
    """Mark the end of a file; of one that is not there, its beginning.

    Raises:
        OSError: it is there and cannot be read.
    """
    at = host.now().timestamp()
    found = _file(path)
    if found is None:
        return Mark(at)
    with found.open() as file:
        size = file.seek(0, 2)
        file.seek(max(size - _LONG_LINE, 0))
        end = file.read(_LONG_LINE)
    # A line that is being written belongs to what comes after the mark.
    whole = end.rfind(b"\n") + 1 or len(end)
    return Mark(at, found.inode, size - len(end) + whole, end[:whole][-_TAIL:])


def recent(host: Host, path: Path, size: int) -> Mark:
    """Mark the first line of a file's last bytes; its beginning, if it has no more.

    Args:
        host: the machine.
        path: the log file.
        size: bytes.

    Raises:
        OSError: it is there and cannot be read.
    """
    end = mark(host, path)
    found = _file(path)
    if found is None or end.offset <= size:
        return Mark(end.at, end.inode)
    with found.open() as file:
        file.seek(end.offset - size - _TAIL)
        data = file.read(size + _TAIL)
    start = data.find(b"\n", _TAIL) + 1 or len(data)
    return Mark(end.at, end.inode, end.offset - len(data) + start, data[:start][-_TAIL:])


def read(host: Host, path: Path, since: Mark, *, cap: int = CAP, most: int | None = None) -> Chunk:
    """Read on from a mark, oldest lines first.

    Args:
        host: the machine.
        path: the log file; rotated ones are looked for beside it (``mail.log.1``, ``mail.log.2.gz``,
            ``mail.log-20261122`` …).
        since: the mark, of this file.
        cap: bytes to take at most; call again with the new mark while there is more.
        most: lines to give of what is taken, the newest; None is all.

    Raises:
        OSError: a file is there and cannot be read.
    """
    at = host.now().timestamp()
    parts, lost = _parts(path, since)
    for index, (part, start) in enumerate(parts):
        last = index == len(parts) - 1
        data = _data(part, start, cap)
        taken = _whole_lines(data, cap, closed=not last)
        if taken or last:
            position = Mark(
                at=at if last else min(at, part.mtime),
                inode=part.inode,
                offset=start + len(taken),
                tail=((since.tail if start else b"") + taken)[-_TAIL:],
            )
            lines = _split(taken)
            over = max(len(lines) - most, 0) if most is not None else 0
            more = len(data) == cap or not last
            return Chunk(_shown(lines[over:]), position, more=more, lost=lost, passed_over=over)
    return Chunk((), since, more=False, lost=lost)


def files(path: Path, since: float) -> tuple[File, ...]:
    """List the files that hold what a log got since a moment, rotated ones among them, oldest first.

    Args:
        path: the log file.
        since: seconds since the epoch.

    Raises:
        OSError: the directory cannot be read.
    """
    current = _file(path)
    rotated = sorted(_rotated(path, Mark(since)), key=lambda file: file.mtime)
    return (*rotated, current) if current and current.mtime >= since - _CLOCK else tuple(rotated)


@contextmanager
def opened(file: File) -> Iterator[BinaryIO]:
    """Open what a file holds, to be read from any place.

    Raises:
        OSError: it cannot be read, or not be decompressed.
    """
    try:
        with file.open() as source:
            yield source
    except _DAMAGED as error:
        raise _not_decompressed(file, error) from error


def _parts(path: Path, since: Mark) -> tuple[list[tuple[File, int]], bool]:
    """List the files that hold what is after a mark, each with where to start; and whether a part is lost."""
    current = _file(path)
    live = [current] if current else []
    if current and current.inode == since.inode and _holds(current, since):
        return [(current, since.offset)], False
    rotated = sorted(_rotated(path, since), key=lambda file: file.mtime)
    if since.inode is None:
        return [(file, 0) for file in rotated + live], False
    same = [file for file in rotated if file.inode == since.inode]
    for file in same + rotated:
        if _holds(file, since):
            later = rotated[rotated.index(file) + 1 :] + live
            return [(file, since.offset), *((each, 0) for each in later)], False
    # Nothing was in the marked file, or nothing was added to it and it was removed: then nothing is missing,
    # but nobody can tell.
    return [(file, 0) for file in live], bool(live)


def _holds(file: File, since: Mark) -> bool:
    """Whether the bytes before the mark are in this file, at the same place."""
    try:
        with file.open() as source:
            source.seek(since.offset - len(since.tail))
            return source.read(len(since.tail)) == since.tail
    except _DAMAGED:
        return False


def _data(file: File, start: int, cap: int) -> bytes:
    with opened(file) as source:
        source.seek(start)
        return source.read(cap)


def _not_decompressed(file: File, error: Exception) -> OSError:
    return OSError(errno.EIO, f"cannot be decompressed ({error})", str(file.path))


def _rotated(path: Path, since: Mark) -> Iterator[File]:
    """Find the files beside a log that were written to after the mark."""
    starts = (f"{path.name}.", f"{path.name}-")
    with suppress(FileNotFoundError, NotADirectoryError):
        for beside in path.parent.iterdir():
            if beside.name.startswith(starts):
                # While gzip works, the part that it compresses is there twice.
                twice = beside.suffix == ".gz" and beside.with_suffix("").exists()
                file = None if twice else _file(beside)
                if file and file.mtime >= since.at - _CLOCK:
                    yield file


def _file(path: Path) -> File | None:
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return File(path, found.st_ino, found.st_mtime) if stat.S_ISREG(found.st_mode) else None


def _whole_lines(data: bytes, cap: int, *, closed: bool) -> bytes:
    if closed and len(data) < cap:
        return data
    # A line longer than the cap is taken in pieces.
    return data[: data.rfind(b"\n") + 1 or (len(data) if len(data) == cap else 0)]


def _split(data: bytes) -> list[bytes]:
    lines = data.split(b"\n")
    if not lines[-1]:
        lines.pop()
    return lines


def _shown(lines: Iterable[bytes]) -> tuple[str, ...]:
    return tuple(printable(line.removesuffix(b"\r").decode("utf-8", "backslashreplace")) for line in lines)
