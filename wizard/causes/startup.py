"""Daemons of Postfix's that die at their start, so that master(8) starts them once a minute only and in vain."""

from __future__ import annotations

import re
from collections.abc import Iterable

from wizard.causes import tables
from wizard.causes.ground import Ground
from wizard.causes.model import Cause, Found
from wizard.facts.postfix_log import LogLine

_ENDED = re.compile(r"warning: process (?P<path>\S+) pid (?P<pid>\d{1,9}) exit status \d+")
_THROTTLED = re.compile(r"warning: (?P<path>\S+): bad command startup -- throttling")
_AGAIN = re.compile(r"(?:daemon started|terminating) ")
"""What master says at its own start and end; a reload leaves throttled what is throttled."""


def dies(ground: Ground) -> Found | None:
    """A daemon says something fatal, master throttles it for that, and it has not worked since."""
    found = throttled(ground.postfix_lines)
    if found is None or any(known(ground) for known in (tables.unknown_type, tables.mailman_map_missing)):
        return None
    fatal, throttle = found
    if tables.unreadable(ground):
        return None
    said = fatal.text.partition(": ")[2]
    return Found(
        {"daemon": fatal.service, "said": said},
        (f"{fatal.program}: {fatal.text}", f"{throttle.program}: {throttle.text}"),
    )


def throttled(lines: Iterable[LogLine]) -> tuple[LogLine, LogLine] | None:
    """Find a daemon's fatal line and master's line that throttles it for that; None once it has said anything else."""
    fatal: dict[int | None, LogLine] = {}
    ended: dict[str, LogLine] = {}
    seen: dict[str, tuple[LogLine, LogLine]] = {}
    for line in lines:
        if line.service == "master":
            if _AGAIN.match(line.text):
                seen.clear()
            elif (match := _ENDED.fullmatch(line.text)) and int(match["pid"]) in fatal:
                ended[match["path"]] = fatal[int(match["pid"])]
            elif (match := _THROTTLED.fullmatch(line.text)) and match["path"] in ended:
                seen[ended[match["path"]].program] = (ended[match["path"]], line)
        elif line.level == "fatal":
            fatal[line.pid] = line
        else:
            seen.pop(line.program, None)
    return next(iter(seen.values()), None)


CAUSES: tuple[Cause, ...] = (Cause("MW117", dies),)
