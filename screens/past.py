"""What was logged up to now, for the panes that are come to later: each shows what came since it last did."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from itertools import islice

from wizard.desk import LogBatch, LogLine
from wizard.screens.lines import MOST


@dataclass
class Past:
    """The newest lines of the mail logs."""

    count: int = 0
    """How many there were, with those that are no longer kept."""
    left_out: int = 0
    """How many came too fast to be among them."""
    _lines: deque[LogLine] = field(default_factory=lambda: deque(maxlen=MOST))

    def add(self, batch: LogBatch) -> None:
        """Keep what came."""
        self._lines.extend(batch.lines)
        self.count += len(batch.lines)
        self.left_out += batch.left_out

    def since(self, count: int, left_out: int) -> LogBatch:
        """Give what came since there were so many, as far as it is kept."""
        fresh = min(self.count - count, len(self._lines))
        return LogBatch(tuple(islice(self._lines, len(self._lines) - fresh, None)), self.left_out - left_out)
