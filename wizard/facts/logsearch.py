"""Lines of a log since a moment that have a text in them, found without reading what is older.

A log may have gigabytes. The first line of the window is found by bisection, and the lines are looked for in the raw
bytes, piece by piece; only those that are found are ever parsed. Rotated and compressed parts are searched too, from
the oldest that was written to in the window.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from wizard.facts import logfile
from wizard.facts.logfile import File

PIECE = 8 * 1024 * 1024
"""Bytes that are searched at once."""
SLACK = timedelta(hours=1)
"""How far a log's times may run backwards: they are local, and an hour comes twice in autumn."""
_LOOK = 65536
"""Bytes in which a line with a time must be found: a long traceback has none."""
_NEAR = 4096
"""Bytes at which bisection ends."""
_FEW = 4
"""Queue ids that are faster to look for one by one than in every line's place for them."""

Stamp = Callable[[str, datetime], datetime | None]
"""Reads a line's time; the moment is when the file was last written to, for times without a year."""
Pick = Callable[[bytes], Iterable[int]]
"""Tells where, in a piece of whole lines, those are that are looked for: any place in each."""


@dataclass(frozen=True, slots=True)
class Part:
    """One file, and where in it the window begins."""

    file: File
    start: int
    """In bytes; in a compressed file, of what it holds."""

    @property
    def written(self) -> datetime:
        """When it was last written to, in UTC."""
        return datetime.fromtimestamp(self.file.mtime, UTC)


@dataclass(frozen=True, slots=True)
class Found:
    """One line that was looked for."""

    part: int
    """The index of its part."""
    offset: int
    """Where it begins, in bytes."""
    line: bytes
    """Without its end."""


def window(path: Path, since: datetime, stamp: Stamp) -> tuple[Part, ...]:
    """List the files that hold what a log got since a moment, oldest first, each with where to start.

    Args:
        path: the log file; rotated ones are looked for beside it, as `logfile.read` does.
        since: the moment, with its zone.
        stamp: reads a line's time.

    Raises:
        OSError: a file is there and cannot be read.
    """
    files = logfile.files(path, since.timestamp())
    return tuple(Part(file, _start(file, since - SLACK, stamp)) for file in files)


def search(
    parts: Sequence[Part],
    pick: Pick,
    *,
    first: int = 0,
    offset: int | None = None,
    damaged: set[str] | None = None,
) -> Iterator[Found]:
    """Find lines, in their order.

    Args:
        parts: where.
        pick: tells them.
        first: the part to begin with.
        offset: where in it, in bytes; None is where its window begins.
        damaged: gets what is wrong with compressed files that cannot be read to their end; without it, that raises.

    Raises:
        OSError: a file cannot be read, or not be decompressed.
    """
    for number, part in enumerate(parts[first:], start=first):
        begin = part.start if offset is None or number != first else offset
        try:
            for at, piece in _pieces(part.file, begin, closed=number < len(parts) - 1):
                for start, end in _lines(piece, pick):
                    yield Found(number, at + start, piece[start:end])
        except OSError as error:
            if damaged is None or not part.file.compressed:
                raise
            damaged.add(str(error))


def _lines(piece: bytes, pick: Pick) -> Iterator[tuple[int, int]]:
    """Give beginning and end of each line that is picked."""
    last = -1
    for place in pick(piece):
        start = piece.rfind(b"\n", 0, place) + 1
        if start != last:
            last = start
            yield start, _end(piece, place)


def containing(needles: Collection[bytes]) -> Pick:
    """Pick the lines that have one of some texts anywhere."""

    def pick(piece: bytes) -> list[int]:
        places = {piece.rfind(b"\n", 0, place) + 1 for needle in needles for place in _places(piece, needle)}
        return sorted(places)

    return pick


def with_ids(ids: Collection[bytes]) -> Pick:
    """Pick the lines ``… program[pid]: ID: text`` with one of some ids; the collection may shrink meanwhile."""

    def pick(piece: bytes) -> Iterable[int]:
        if len(ids) <= _FEW:
            return containing([b": " + each + b": " for each in ids])(piece)
        return _in_their_place(piece, ids)

    return pick


def _in_their_place(piece: bytes, ids: Collection[bytes]) -> Iterator[int]:
    at = 0
    for line in piece.split(b"\n"):
        if line.split(b": ", 2)[1:2] and line.split(b": ", 2)[1] in ids:
            yield at
        at += len(line) + 1


def _places(piece: bytes, needle: bytes) -> Iterator[int]:
    place = piece.find(needle)
    while place >= 0:
        yield place
        place = piece.find(needle, place + 1)


def _end(piece: bytes, place: int) -> int:
    end = piece.find(b"\n", place)
    return len(piece) if end < 0 else end


def _pieces(file: File, start: int, *, closed: bool) -> Iterator[tuple[int, bytes]]:
    """Give a file's whole lines in pieces, each with its place; a line that is being written is left out."""
    with logfile.opened(file) as source:
        source.seek(start)
        rest = b""
        while data := source.read(PIECE):
            piece = rest + data
            cut = piece.rfind(b"\n") + 1
            # A line longer than a piece is given in pieces.
            cut = cut or len(piece)
            yield start, piece[:cut]
            start += cut
            rest = piece[cut:]
        if rest and closed:
            yield start, rest


def _start(file: File, since: datetime, stamp: Stamp) -> int:
    """Bisect to a line before the first one of the window; a compressed file is taken whole."""
    if file.compressed:
        return 0
    written = datetime.fromtimestamp(file.mtime, UTC)
    with logfile.opened(file) as source:
        low, high = 0, source.seek(0, 2)
        while high - low > _NEAR:
            middle = (low + high) // 2
            source.seek(middle)
            at = _first_time(source.read(_LOOK), written, stamp)
            if at is not None and at < since:
                low = middle
            else:
                high = middle
        source.seek(low)
        return low + len(source.readline()) if low else 0


def _first_time(data: bytes, written: datetime, stamp: Stamp) -> datetime | None:
    for line in data.split(b"\n")[1:-1]:
        at = stamp(line.decode("utf-8", "replace"), written)
        if at is not None:
            return at
    return None
