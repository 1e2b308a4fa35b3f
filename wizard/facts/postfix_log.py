"""Postfix's log: where this machine keeps it, and what was added since a mark.

The lines' form is syslog's: RFC 3164 or RFC 3339 in files (syslog(3), postlogd(8), rsyslogd(8)), fields in
the journal (journalctl(1), systemd.journal-fields(7)).
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Protocol

from wizard.facts import logfile, logsearch, postconf, stamps
from wizard.facts.logfile import Mark
from wizard.host import Host
from wizard.printable import printable

SYSLOG_FILE = Path("/var/log/mail.log")
"""Where Debian's syslog daemons write the facility ``mail``."""
SYSLOG_DAEMONS = frozenset({"rsyslogd", "syslog-ng", "syslogd"})
SYSTEMD = Path("/run/systemd/system")
_NAME = "postfix"
_TIME = r"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT[0-9:.]+(?:Z|[+-]\d\d:?\d\d)"
_STAMP = re.compile(_TIME, re.ASCII)
_LINE = re.compile(
    rf"(?P<stamp>{_TIME}) "
    r"(?P<host>\S+) (?P<program>[^\s\[\]:]+)(?:\[(?P<pid>\d{1,9})\])?: (?P<text>.*)",
    re.DOTALL | re.ASCII,
)
# Short: time in microseconds and inode, hexadecimal. Long: base 52 (no vowels), "z" before the inode.
_QUEUE_ID = re.compile(
    r"(?P<id>[0-9A-F]{6,20}"
    r"|[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{10,20}z[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-y]{1,12}): "
)
_LEVEL = re.compile(r"(?P<level>panic|fatal|error|warning): ")
_MAIL = "SYSLOG_FACILITY=2"
_DROPPED = "a596d6fe7bfa4994828e72309e95d61e"
"""journald's message that it dropped lines above its rate limit (sd-messages.h)."""
SEARCH_LIMIT = 600
"""Seconds that a search through days of the journal may take."""
_FIELDS = "MESSAGE,MESSAGE_ID,SYSLOG_IDENTIFIER,SYSLOG_PID,_PID,_HOSTNAME"


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of Postfix's log."""

    at: datetime
    """In UTC; to the second, or better where the log has it."""
    host: str
    program: str
    """``postfix/smtpd``, ``postfix/submission/smtpd`` …"""
    pid: int | None
    queue_id: str | None
    text: str
    """Printable; without the queue id, with the level."""

    @property
    def level(self) -> str:
        """``panic``, ``fatal``, ``error`` or ``warning`` as the line begins with it, or nothing."""
        match = _LEVEL.match(self.text)
        return match["level"] if match else ""

    @property
    def service(self) -> str:
        """The program's last part: ``smtpd``, ``cleanup``, ``qmgr``, ``lmtp`` and so on."""
        return self.program.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Reading:
    """The lines after a mark."""

    lines: tuple[LogLine, ...]
    mark: Mark
    """After the last of them."""
    more: bool
    """Whether there is more to read now, from the new mark."""
    lost: bool
    """Whether lines are missing: the marked file is gone, or the journal dropped some (see its RateLimit)."""


class LogSource(Protocol):
    """A place where Postfix's log goes."""

    @property
    def where(self) -> str:
        """Name it for the admin."""
        ...

    @property
    def see(self) -> str:
        """The command that shows its end."""
        ...

    @property
    def paths(self) -> tuple[Path, ...]:
        """Files and directories that change when a line is added; for `wizard.wait.until`."""
        ...

    def mark(self, host: Host) -> Mark:
        """Mark the end of the log.

        Raises:
            OSError: the file cannot be read.
            CommandError: the journal cannot be read.
        """
        ...

    def since(self, host: Host, mark: Mark) -> Reading:
        """Read what was added after a mark of the same source; errors as for `mark`."""
        ...


@dataclass(frozen=True, slots=True)
class FileLog:
    """A log in a file, Postfix's own or a syslog daemon's."""

    path: Path
    name: str = _NAME
    """Postfix's ``syslog_name``: other programs' lines in the file are left out."""

    @property
    def where(self) -> str:
        """Name it for the admin."""
        return str(self.path)

    @property
    def see(self) -> str:
        """Tell the command that shows its end."""
        return shlex.join(("tail", "-n", "50", str(self.path)))

    @property
    def paths(self) -> tuple[Path, ...]:
        """Tell what changes; the directory too, because the file may be new or rotated."""
        return (self.path, self.path.parent)

    def mark(self, host: Host) -> Mark:
        """Mark the end of the file."""
        return logfile.mark(host, self.path)

    def window(self, since: datetime) -> tuple[logsearch.Part, ...]:
        """List the files that have what was written since a moment; see `logsearch.window`."""
        return logsearch.window(self.path, since, stamp)

    def found(self, part: logsearch.Part, found: logsearch.Found) -> LogLine | None:
        """Parse a line that was searched for; None if it is of another form, or not Postfix's."""
        line = parse_line(printable(found.line.decode("utf-8", "backslashreplace")), now=part.written)
        return next(iter(_of(self.name, [line])), None) if line else None

    def since(self, host: Host, mark: Mark) -> Reading:
        """Read what was added, up to `logfile.CAP` bytes."""
        chunk = logfile.read(host, self.path, mark)
        return Reading(self.parsed(chunk.lines, host.now()), chunk.mark, chunk.more, chunk.lost)

    def parsed(self, lines: Iterable[str], now: datetime) -> tuple[LogLine, ...]:
        """Parse lines of the file, and leave other programs' out; `now` as for `parse_line`."""
        return _of(self.name, parse(lines, now=now))


@dataclass(frozen=True, slots=True)
class JournalLog:
    """The journal's lines of the facility ``mail``."""

    name: str = _NAME

    @property
    def where(self) -> str:
        """Name it for the admin."""
        return f"the journal (journalctl {_MAIL})"

    @property
    def see(self) -> str:
        """Tell the command that shows its end."""
        return f"journalctl -n 50 {_MAIL}"

    @property
    def paths(self) -> tuple[Path, ...]:
        """Tell nothing: the journal's files are mapped into memory, and change unseen by inotify."""
        return ()

    def mark(self, host: Host) -> Mark:
        """Mark the end of the journal, with any line's cursor: the mail log may still be empty."""
        at = host.now().timestamp()
        said = _journalctl(host, "-n", "1", "--output-fields=MESSAGE_ID")
        cursors = [str(entry.get("__CURSOR", "")) for entry in _entries(said)]
        return Mark(at, cursor=next(filter(None, reversed(cursors)), None))

    def grep(self, host: Host, since: datetime, texts: Iterable[str]) -> tuple[LogLine, ...]:
        """List the lines since a moment that have one of some texts in them.

        Raises:
            CommandError: the journal cannot be read, or not be searched.
        """
        pattern = "|".join(re.escape(text) for text in texts)
        asked = ("--case-sensitive=yes", f"--grep={pattern}", f"--since=@{since.timestamp():.6f}")
        base = ("journalctl", "--quiet", "--no-pager", "--all", "--output=json", f"--output-fields={_FIELDS}")
        ended = host.run([*base, *asked, _MAIL], limit=SEARCH_LIMIT)
        # When nothing matches, journalctl (252) ends with 1 and says nothing.
        if not (ended.code == 1 and not ended.stdout and not ended.stderr):
            ended.require()
        return _of(self.name, (line for entry in _entries(ended.stdout) if (line := parse_entry(entry))))

    def since(self, host: Host, mark: Mark) -> Reading:
        """Read what was added.

        Not with ``--after-cursor``: up to systemd 252 that leaves out one line when the marked one is not
        among those asked for.
        """
        start = f"--cursor={mark.cursor}" if mark.cursor else f"--since=@{mark.at:.6f}"
        at = host.now().timestamp()
        wanted = (f"--output-fields={_FIELDS}", _MAIL, "+", f"MESSAGE_ID={_DROPPED}")
        entries = [entry for entry in _entries(_journalctl(host, start, *wanted)) if _is_new(entry, mark)]
        lines = tuple(line for entry in entries if (line := parse_entry(entry)))
        lost = any(entry.get("MESSAGE_ID") == _DROPPED for entry in entries)
        cursor = str(entries[-1].get("__CURSOR", mark.cursor)) if entries else mark.cursor
        return Reading(
            _of(self.name, lines),
            replace(mark, at=at, cursor=cursor) if cursor else mark,
            more=False,
            lost=lost,
        )


def find(host: Host, *, config: Path | None = None) -> LogSource | None:
    """Tell where Postfix's log goes on this machine; None where it goes nowhere that can be read.

    Args:
        host: the machine.
        config: another configuration directory than Postfix's own.

    Raises:
        CommandError: Postfix's configuration cannot be read.
    """
    found = postconf.settings(host, config=config, names=("maillog_file", "syslog_name"))
    name = found.get("syslog_name") or _NAME
    own = found.get("maillog_file")
    if own:
        return None if own.startswith("/dev/") else FileLog(Path(own), name)
    daemon = any(process.name in SYSLOG_DAEMONS for process in host.processes())
    journal = host.state(SYSTEMD) is not None
    if daemon and (host.state(SYSLOG_FILE) or not journal):
        return FileLog(SYSLOG_FILE, name)
    return JournalLog(name) if journal else None


def stamp(text: str, now: datetime) -> datetime | None:
    """Read a line's time, or None if it is not Postfix's or a syslog daemon's; arguments as for `parse_line`."""
    match = _STAMP.match(text)
    if not match:
        return None
    return stamps.iso(match[0]) if text[0].isdigit() else stamps.latest(match[0], now)


def parse(lines: Iterable[str], *, now: datetime, zone: tzinfo | None = None) -> tuple[LogLine, ...]:
    """Parse lines of a file; one of another form is left out. Arguments as for `parse_line`."""
    found = (parse_line(line, now=now, zone=zone) for line in lines)
    return tuple(line for line in found if line)


def parse_line(line: str, *, now: datetime, zone: tzinfo | None = None) -> LogLine | None:
    """Parse one line of a file, or None if it is of another form.

    Args:
        line: without its end.
        now: the present, with its zone: the traditional time has no year.
        zone: the traditional time's zone; None is this machine's.
    """
    match = _LINE.fullmatch(line)
    if not match:
        return None
    stamp = match["stamp"]
    at = stamps.iso(stamp) if stamp[0].isdigit() else stamps.latest(stamp, now, zone)
    if at is None:
        return None
    pid = int(match["pid"]) if match["pid"] else None
    return _line(at, match["host"], match["program"], pid, match["text"])


def parse_entry(entry: dict[str, object]) -> LogLine | None:
    """Make a line of one of the journal's entries in JSON, or None if it lacks time, program or message."""
    microseconds, text = str(entry.get("__REALTIME_TIMESTAMP")), _message(entry.get("MESSAGE"))
    program = entry.get("SYSLOG_IDENTIFIER")
    if text is None or not isinstance(program, str) or not re.fullmatch(r"[0-9]{1,17}", microseconds):
        return None
    try:
        at = datetime.fromtimestamp(int(microseconds) / 1_000_000, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    pid = str(entry.get("SYSLOG_PID", entry.get("_PID")))
    number = int(pid) if re.fullmatch(r"[0-9]{1,9}", pid) else None
    return _line(at, printable(str(entry.get("_HOSTNAME", ""))), printable(program), number, printable(text))


def _line(at: datetime, host: str, program: str, pid: int | None, text: str) -> LogLine:
    match = _QUEUE_ID.match(text)
    queue_id = match["id"] if match else None
    return LogLine(at, host, program, pid, queue_id, text[match.end() :] if match else text)


def _message(value: object) -> str | None:
    """The journal writes a message that is not UTF-8, or does not print, as a list of its bytes."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        try:
            return bytes(value).decode("utf-8", "backslashreplace")
        except (ValueError, TypeError, OverflowError):
            return None
    return None


def _entries(text: str) -> list[dict[str, object]]:
    found = []
    for line in text.split("\n"):
        try:
            entry = json.loads(line, strict=False)
        except (ValueError, RecursionError):
            continue
        if isinstance(entry, dict):
            found.append(entry)
    return found


def _is_new(entry: dict[str, object], mark: Mark) -> bool:
    return mark.cursor is None or entry.get("__CURSOR") != mark.cursor


def _journalctl(host: Host, *arguments: str) -> str:
    base = ("journalctl", "--quiet", "--no-pager", "--all", "--output=json")
    return host.run([*base, *arguments]).require().stdout


def _of(name: str, lines: Iterable[LogLine]) -> tuple[LogLine, ...]:
    """Keep Postfix's lines: ``postfix/…``, and ``postfix-2/…`` of another instance."""
    return tuple(line for line in lines if line.program == name or line.program.startswith((f"{name}/", f"{name}-")))
