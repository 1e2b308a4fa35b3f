"""The mail logs since a moment: Postfix's, wherever this machine keeps it, and Mailman's."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from wizard.errors import UnseenError, WizardError
from wizard.facts import mailman_log, postfix_log
from wizard.facts.logfile import Mark
from wizard.facts.postfix_log import LogSource
from wizard.host import Host
from wizard.mailman import cfg

FILES = ("mailman.log", "smtp.log", "bounce.log")
MOST_READS = 64
"""Parts of a log that are read at once, at most; each is `logfile.CAP` bytes."""


@dataclass(slots=True)
class _Read:
    """What was read of Postfix's log so far: each line is read once, however often somebody looks."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    source: LogSource | None = None
    mark: Mark = field(default_factory=lambda: Mark(0.0))
    lines: list[postfix_log.LogLine] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Logs:
    """What was logged since it was made."""

    host: Host
    begun: Mark
    """For logs that were not there then: everything in them that is younger."""
    postfix_mark: tuple[LogSource, Mark] | None
    mailman_marks: Mapping[Path, Mark]
    _read: _Read = field(default_factory=_Read, repr=False, compare=False)

    @classmethod
    def begin(cls, host: Host) -> Self:
        """Remember where every log stands now; also before Postfix or Mailman are installed."""
        source = _source(host)
        return cls(
            host=host,
            begun=Mark(at=host.now().timestamp()),
            postfix_mark=(source, source.mark(host)) if source else None,
            mailman_marks=_files(host).mark(host),
        )

    def from_now(self) -> Self:
        """Return logs that begin now."""
        return self.begin(self.host)

    @property
    def postfix_source(self) -> str:
        """Name the place of Postfix's log."""
        source = _source(self.host)
        return source.where if source else "no place that can be read"

    @property
    def postfix_see(self) -> str | None:
        """The command that shows the end of Postfix's log; None where it goes nowhere that can be read."""
        source = _source(self.host)
        return source.see if source else None

    @property
    def paths(self) -> tuple[Path, ...]:
        """What changes when a line is added; for `wizard.wait.until`."""
        source = _source(self.host)
        return (*(source.paths if source else ()), *_files(self.host).paths)

    def postfix(self) -> tuple[postfix_log.LogLine, ...]:
        """Read Postfix's lines.

        Raises:
            UnseenError: the log goes nowhere that can be read, or lines of it are lost.
        """
        source = _source(self.host)
        if source is None:
            raise UnseenError("Postfix's log goes nowhere that can be read: set maillog_file")
        same = self.postfix_mark is not None and self.postfix_mark[0] == source
        mark = self.postfix_mark[1] if self.postfix_mark is not None and same else self.begun
        with self._read.lock:
            if self._read.source != source:
                self._read.source, self._read.mark, self._read.lines = source, mark, []
            for _ in range(MOST_READS):
                reading = source.since(self.host, self._read.mark)
                if reading.lost:
                    raise UnseenError(f"a part of {source.where} was lost while the run went on")
                self._read.mark = reading.mark
                self._read.lines += [
                    line for line in reading.lines if same or line.at.timestamp() >= int(self.begun.at)
                ]
                if not reading.more:
                    break
            return tuple(self._read.lines)

    def mailman(self) -> tuple[mailman_log.LogLine, ...]:
        """Read Mailman's lines, in the order of their time."""
        files = _files(self.host)
        marks = {file: self.mailman_marks.get(file, self.begun) for file in files.files}
        lines: list[mailman_log.LogLine] = []
        for _ in range(MOST_READS):
            reading = files.since(self.host, marks)
            lines += reading.lines
            if not reading.more:
                break
            marks = dict(reading.marks)
        return tuple(lines)


def _source(host: Host) -> LogSource | None:
    try:
        return postfix_log.find(host)
    except WizardError:  # Postfix is not installed yet
        return None


def _files(host: Host) -> mailman_log.Logs:
    config = cfg.read(host)
    return mailman_log.Logs(tuple(config.log_dir / name for name in FILES) if config else ())
