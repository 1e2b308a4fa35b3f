"""Mailman's logs: which files they are, and what was added since a mark.

The form of a line is that of ``[logging.root]`` in Mailman's schema.cfg; gunicorn, in the REST runner, has
two of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from wizard.facts import logfile, mailman_conf, stamps
from wizard.facts.logfile import Mark
from wizard.facts.mailman_conf import Configuration
from wizard.host import Host

_MAILMAN = re.compile(
    r"(?P<stamp>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d) (?P<year>\d{4}) \((?P<pid>\d{1,9})\) ?(?P<text>.*)",
    re.DOTALL | re.ASCII,
)
_GUNICORN = re.compile(
    r"\[(?P<stamp>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4})\] \[(?P<pid>\d{1,9})\] (?P<text>.*)",
    re.DOTALL | re.ASCII,
)
_ACCESS = re.compile(
    r"\[(?P<day>\d\d)/(?P<month>[A-Z][a-z]{2})/(?P<year>\d{4}):(?P<time>\d\d:\d\d:\d\d) "
    r"(?P<zone>[+-]\d{4})\] (?P<text>.*)",
    re.DOTALL | re.ASCII,
)
_TRACEBACK = "Traceback (most recent call last):"
_FIRST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of a log, with the lines that carry it on."""

    file: str
    """The file's name: ``mailman.log``, ``smtp.log`` …"""
    at: datetime | None
    """In UTC, to the second; None for a rest whose first line came before the mark."""
    pid: int | None
    """The runner's; None for REST's record of requests."""
    text: str
    """Printable."""
    rest: tuple[str, ...] = ()
    """The lines after it that have no time of their own: a traceback."""

    @property
    def traceback(self) -> bool:
        """Whether an exception was logged here."""
        return any(line.startswith(_TRACEBACK) for line in (self.text, *self.rest))

    @property
    def failure(self) -> bool:
        """Whether something went wrong here.

        A rest without its first line is of what happened before the mark. Every join that needs a confirmation
        logs a traceback that means nothing: the workflow ends its steps with a StopIteration
        (mailman/app/workflow.py).
        """
        ended = self.text.startswith("deque: ") and self.rest[-1:] == ("StopIteration",)
        return self.at is not None and self.traceback and not ended


@dataclass(frozen=True, slots=True)
class Reading:
    """The lines after the marks."""

    lines: tuple[LogLine, ...]
    """In the order of their time; those of one second by file."""
    marks: Mapping[Path, Mark]
    more: bool
    """Whether there is more to read now, from the new marks."""
    lost: bool
    """Whether lines are missing, because a file was rotated and removed."""


@dataclass(frozen=True, slots=True)
class Logs:
    """The files that Mailman logs to."""

    files: tuple[Path, ...]

    @property
    def paths(self) -> tuple[Path, ...]:
        """Files and directories that change when a line is added; for `wizard.wait.until`."""
        return (*self.files, *dict.fromkeys(file.parent for file in self.files))

    def mark(self, host: Host) -> Mapping[Path, Mark]:
        """Mark the end of each.

        Raises:
            OSError: a file is there and cannot be read.
        """
        return {file: logfile.mark(host, file) for file in self.files}

    def since(self, host: Host, marks: Mapping[Path, Mark]) -> Reading:
        """Read what was added, up to `logfile.CAP` bytes of each file; errors as for `mark`."""
        chunks = {file: logfile.read(host, file, mark) for file, mark in marks.items()}
        lines = [line for file, chunk in chunks.items() for line in parse(chunk.lines, file=file.name)]
        return Reading(
            lines=tuple(sorted(lines, key=lambda line: line.at or _FIRST)),
            marks={file: chunk.mark for file, chunk in chunks.items()},
            more=any(chunk.more for chunk in chunks.values()),
            lost=any(chunk.lost for chunk in chunks.values()),
        )


def find(conf: Configuration, config: Path) -> Logs:
    """Tell which files the ``[logging.…]`` sections of an effective configuration name.

    Args:
        conf: see `mailman_conf.read`.
        config: the path of the configuration file.
    """
    directory = mailman_conf.directories(conf, config).get("log_dir")
    names = [
        value
        for (section, key), value in sorted(conf.items())
        if section.startswith("logging.") and key == "path" and value
    ]
    if directory is None:
        return Logs(())
    return Logs(tuple(dict.fromkeys(directory / mailman_conf.expand(name, conf, config) for name in names)))


def parse(lines: Iterable[str], *, file: str = "mailman.log", zone: tzinfo | None = None) -> tuple[LogLine, ...]:
    """Parse the lines of one file.

    Args:
        lines: without their ends; one without a time is a part of the line before.
        file: the file's name.
        zone: the zone of Mailman's own times; None is this machine's.
    """
    found: list[LogLine] = []
    rest: list[str] = []
    for line in lines:
        first = parse_line(line, file=file, zone=zone)
        if first is None and not found:
            found.append(LogLine(file, None, None, line))
        elif first is None:
            rest.append(line)
        else:
            found[-1:] = [replace(each, rest=tuple(rest)) for each in found[-1:]]
            rest = []
            found.append(first)
    found[-1:] = [replace(each, rest=tuple(rest)) for each in found[-1:]]
    return tuple(found)


def parse_line(line: str, *, file: str = "mailman.log", zone: tzinfo | None = None) -> LogLine | None:
    """Parse a line, or None if it has no time of its own; arguments as for `parse`."""
    if match := _MAILMAN.fullmatch(line):
        at = stamps.with_year(match["stamp"], int(match["year"]), zone)
        return LogLine(file, at, int(match["pid"]), match["text"]) if at else None
    if match := _GUNICORN.fullmatch(line):
        at = stamps.iso(match["stamp"])
        return LogLine(file, at, int(match["pid"]), match["text"]) if at else None
    if (match := _ACCESS.fullmatch(line)) and match["month"] in stamps.MONTHS:
        month = stamps.MONTHS.index(match["month"]) + 1
        at = stamps.iso(f"{match['year']}-{month:02}-{match['day']} {match['time']} {match['zone']}")
        return LogLine(file, at, None, match["text"]) if at else None
    return None


def stamp(text: str, _now: datetime) -> datetime | None:
    """Read a line's time, or None if it has none of its own."""
    line = parse_line(text)
    return line.at if line else None
