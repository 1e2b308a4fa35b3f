"""Finding one message's lines in the logs of days: first its message-id, then what belongs to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from wizard.facts import logsearch, mailman_log, postfix_log
from wizard.facts.logsearch import Found, Part
from wizard.facts.postfix_log import FileLog, JournalLog, LogSource
from wizard.host import Host
from wizard.printable import printable
from wizard.trace import legs, spelling

BACK = 4 * 1024 * 1024
"""Bytes before the first line with the message-id in which the line of the connection must be."""
BACK_TIME = timedelta(minutes=10)
"""The same, in the journal: as long as a client may take for a message."""
_TRACEBACK = 65536
"""Bytes before a line about shunting in which its traceback must be."""
NO_SERVER = "Cannot connect to SMTP server"
"""What the out runner logs, without a message-id, as long as it cannot reach Postfix."""


@dataclass(frozen=True, slots=True)
class PostfixLines:
    """What Postfix's log has of a message."""

    lines: tuple[postfix_log.LogLine, ...]
    since: datetime
    """From where a later search may begin."""
    damaged: frozenset[str] = frozenset()
    """What is wrong with rotated files that cannot be read to their end."""


def postfix(host: Host, source: LogSource, message_id: str, since: datetime) -> PostfixLines:
    """Find the lines of a message's queue ids.

    Args:
        host: the machine.
        source: Postfix's log.
        message_id: with its brackets.
        since: where to begin.

    Raises:
        OSError: a file cannot be read.
        CommandError: the journal cannot be read.
    """
    if isinstance(source, JournalLog):
        return _in_journal(host, source, message_id, since)
    if isinstance(source, FileLog):
        return _in_files(source, message_id, since)
    raise TypeError(f"{type(source).__name__} is no log that can be searched")


def mailman(
    files: Iterable[Path], message_id: str, names: Iterable[str], since: datetime, damaged: set[str] | None = None
) -> list[mailman_log.LogLine]:
    """Find Mailman's lines about a message.

    Args:
        files: the logs.
        message_id: with its brackets.
        names: of the queue files that have it; the line about shunting has nothing else.
        since: where to begin.
        damaged: as for `logsearch.search`.

    Returns:
        The lines, with those of a traceback before the line about shunting.

    Raises:
        OSError: a file cannot be read.
    """
    shunted = [f"SHUNTING: {name}" for name in names]
    needles = [text.encode("utf-8", "surrogateescape") for text in (*spelling.both(message_id), NO_SERVER, *shunted)]
    lines: list[mailman_log.LogLine] = []
    for path in files:
        parts = logsearch.window(path, since, mailman_log.stamp)
        for found in logsearch.search(parts, logsearch.containing(needles), damaged=damaged):
            text = _text(found.line)
            line = mailman_log.parse_line(text, file=path.name)
            if line is None or line.at is None or line.at < since:
                continue
            if text.endswith(tuple(shunted)) and shunted:
                lines += _traceback(parts, found, line, path.name)
            lines.append(line)
    return sorted(lines, key=lambda line: line.at or since)


def _in_journal(host: Host, source: JournalLog, message_id: str, since: datetime) -> PostfixLines:
    marks = source.grep(host, since, [f"message-id={each}" for each in spelling.both(message_id)])
    ids = tuple(dict.fromkeys(line.queue_id for line in marks if line.queue_id and legs.is_cleanups(line, message_id)))
    if not ids:
        return PostfixLines((), since)
    begin = max(marks[0].at - BACK_TIME, since)
    lines = [line for line in source.grep(host, begin, [f"{each}: " for each in ids]) if line.queue_id in ids]
    return PostfixLines(legs.own(lines, message_id), begin)


def _in_files(source: FileLog, message_id: str, since: datetime) -> PostfixLines:
    parts = source.window(since)
    needles = [f"message-id={each}".encode("utf-8", "surrogateescape") for each in spelling.both(message_id)]
    marks: list[tuple[Found, postfix_log.LogLine]] = []
    damaged: set[str] = set()
    for found in logsearch.search(parts, logsearch.containing(needles), damaged=damaged):
        line = source.found(parts[found.part], found)
        if line and line.queue_id and line.at >= since and legs.is_cleanups(line, message_id):
            marks.append((found, line))
    if not marks:
        return PostfixLines((), since, frozenset(damaged))
    lines = _of_ids(source, parts, marks, damaged)
    begin = max(since, marks[0][1].at - BACK_TIME)
    return PostfixLines(legs.own(lines, message_id), begin, frozenset(damaged))


def _of_ids(
    source: FileLog, parts: Sequence[Part], marks: Sequence[tuple[Found, postfix_log.LogLine]], damaged: set[str]
) -> list[postfix_log.LogLine]:
    """Collect the lines of the queue ids, until each of them was removed after its message-id was logged."""
    first = marks[0][0]
    open_ids = {str(line.queue_id).encode() for _, line in marks}
    seen: set[str] = set()
    places = {(found.part, found.offset) for found, _ in marks}
    lines: list[postfix_log.LogLine] = []
    begin = max(first.offset - BACK, 0)
    picked = logsearch.with_ids(open_ids)
    for found in logsearch.search(parts, picked, first=first.part, offset=begin, damaged=damaged):
        line = source.found(parts[found.part], found)
        if line is None or line.queue_id is None:
            continue
        lines.append(line)
        if (found.part, found.offset) in places:
            seen.add(line.queue_id)
        if line.text in legs.REMOVED and line.queue_id in seen:
            open_ids.discard(line.queue_id.encode())
            if not open_ids:
                break
    return lines


def _traceback(
    parts: Sequence[Part], found: Found, line: mailman_log.LogLine, file: str
) -> Iterable[mailman_log.LogLine]:
    """Find the exception that the same runner logged before it shunted."""
    part = replace(parts[found.part], start=max(found.offset - _TRACEBACK, 0))
    before: list[str] = []
    for each in logsearch.search([part], logsearch.containing([b""])):
        if each.offset >= found.offset:
            break
        before.append(_text(each.line))
    earlier = [one for one in mailman_log.parse(before, file=file) if one.pid == line.pid and one.failure]
    return earlier[-1:]


def _text(line: bytes) -> str:
    return printable(line.decode("utf-8", "backslashreplace"))
