"""Lines of both logs, and a hop, as they are shown."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from wizard.facts import mailman_log, postfix_log
from wizard.trace.model import Hop, Name, Recipients, State, shown

SHOWN = 8
"""Log lines given with a hop, the newest."""
TRACEBACK_SHOWN = 12
"""Lines of a traceback: its first, and the last ones, which name the error."""


def hop_of(  # noqa: PLR0913, PLR0917 (a hop has these parts)
    name: Name,
    state: State,
    says: str,
    lines: Iterable[postfix_log.LogLine | mailman_log.LogLine] = (),
    at: datetime | None = None,
    seconds: float | None = None,
    queue_id: str | None = None,
    recipients: Recipients | None = None,
    *,
    halted: bool = False,
) -> Hop:
    """Make a hop of a sentence and the log lines that show it."""
    told = [log_line(line) for line in lines][-SHOWN:]
    where = shown(queue_id) if queue_id else None
    return Hop(name, state, (shown(says), *told), at, seconds, where, recipients, halted)


def log_line(line: postfix_log.LogLine | mailman_log.LogLine) -> str:
    """Write a line of either log as it is shown."""
    at = f"{line.at:%b %d %H:%M:%S}" if line.at else "earlier"
    if isinstance(line, postfix_log.LogLine):
        queue_id = f"{line.queue_id}: " if line.queue_id else ""
        return shown(f"{at} {line.program}: {queue_id}{line.text}")
    return shown(f"{at} {line.file}: {line.text}")


def with_traceback(line: mailman_log.LogLine) -> list[str]:
    """Write a line with its traceback, shortened in the middle."""
    rest = line.rest
    if len(rest) > TRACEBACK_SHOWN:
        rest = (*rest[:1], f"… {len(rest) - TRACEBACK_SHOWN} lines …", *rest[1 - TRACEBACK_SHOWN :])
    return [log_line(line), *(shown(f"  {text}") for text in rest)]
