"""Postfix's and Mailman's logs as they grow, thinned out to what an eye can follow."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from wizard import wait
from wizard.desk.lines import Line, LogBatch
from wizard.errors import WizardError
from wizard.facts import logfile, mailman_log, postfix_log
from wizard.facts.logfile import Mark
from wizard.facts.postfix_log import FileLog, LogSource
from wizard.host import Host
from wizard.logs import FILES
from wizard.mailman import cfg
from wizard.printable import printable
from wizard.trace.evidence import log_line

MOST = 200
"""Lines given at once; of more, the newest."""
HISTORY = 24 * 1024
"""Bytes of each log that are shown of what was there before."""
AGO = 600.0
"""Seconds of the journal that are shown of what was there before."""
EVERY = 0.25
"""Seconds between two batches at least: nobody reads faster, and no link has to carry more."""
FLOOD = 1.0
"""The same where lines were left out: nobody reads along then, and keys are not to wait for what is drawn."""
PLACES = 10.0
"""Seconds after which it is asked again where Postfix's log goes."""


class Tail:
    """Follows the logs from a little before now on."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._passed_over = 0
        """Lines that came too fast, since the last batch."""
        self._first = True
        self._failed = ""
        """Why a log could not be read at the last look; it is told once."""
        self._source: LogSource | None = None
        self._again = 0.0
        self._postfix: tuple[LogSource, Mark] | None = None
        self._mailman: dict[Path, Mark] = {}

    def follow(self, ended: Callable[[], bool]) -> Iterator[LogBatch]:
        """Give batches as lines come, until it is `ended`; a log that cannot be read yet is waited for."""
        silence = EVERY
        while not ended():
            batch = self._next()
            if batch.lines:
                yield batch
            # A quiet log is looked at less often: nothing here may cost anything while nothing happens.
            silence = (FLOOD if batch.left_out else EVERY) if batch.lines else min(silence * 1.5, 1.0)
            wait.pause(silence)

    def newest(self, most: int) -> tuple[Line, ...]:
        """Give the newest lines that are there already, `most` at most."""
        return self._next().lines[-most:]

    def _next(self) -> LogBatch:
        try:
            lines = [*self._of_postfix(), *self._of_mailman()]
        except (WizardError, OSError) as error:
            said, self._failed = self._failed, str(error)
            told = Line("postfix", None, printable(f"a log cannot be read: {error}"))
            return LogBatch(() if said == self._failed else (told,))
        self._failed = ""
        lines.sort(key=lambda line: line.at or _FIRST)
        passed_over, self._passed_over = self._passed_over, 0
        first, self._first = self._first, False
        left_out = 0 if first else max(len(lines) - MOST, 0) + passed_over  # nobody was looking yet
        return LogBatch(tuple(lines[-MOST:]), left_out)

    def _of_postfix(self) -> Iterator[Line]:
        if time.monotonic() >= self._again:
            self._again = time.monotonic() + PLACES
            try:
                self._source = postfix_log.find(self._host)
            except WizardError:  # Postfix is not installed yet
                self._source = None
        source = self._source
        if source is None:
            return
        if self._postfix is None or self._postfix[0] != source:
            self._postfix = source, _before(self._host, source)
        for line in self._read(source, self._postfix[1]):
            yield Line("postfix", line.at, log_line(line), line.queue_id)

    def _read(self, source: LogSource, mark: Mark) -> tuple[postfix_log.LogLine, ...]:
        """Read on; what will not be shown is not even looked at, where many lines come at once."""
        if not isinstance(source, FileLog):
            reading = source.since(self._host, mark)
            self._postfix = source, reading.mark
            return reading.lines
        chunk = logfile.read(self._host, source.path, mark, most=MOST)
        self._postfix = source, chunk.mark
        self._passed_over = chunk.passed_over
        return source.parsed(chunk.lines, self._host.now())

    def _of_mailman(self) -> Iterator[Line]:
        for path in self._files():
            mark = self._mailman.get(path) or logfile.recent(self._host, path, HISTORY)
            chunk = logfile.read(self._host, path, mark)
            self._mailman[path] = chunk.mark
            for line in mailman_log.parse(chunk.lines, file=path.name):
                yield Line("mailman", line.at, log_line(line))

    def _files(self) -> list[Path]:
        config = cfg.read(self._host)
        return [config.log_dir / name for name in FILES] if config else []


def _before(host: Host, source: LogSource) -> Mark:
    if isinstance(source, FileLog):
        return logfile.recent(host, source.path, HISTORY)
    return Mark(host.now().timestamp() - AGO)


_FIRST = datetime.min.replace(tzinfo=datetime.now().astimezone().tzinfo)
