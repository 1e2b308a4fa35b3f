"""Lines of the mail logs, as a face shows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Line:
    """One line, printable."""

    source: str
    """``postfix`` or ``mailman``."""
    at: datetime | None
    text: str
    queue_id: str | None = None


@dataclass(frozen=True, slots=True)
class LogBatch:
    """What came since the last one."""

    lines: tuple[Line, ...]
    left_out: int = 0
    """How many more there were, older ones."""
