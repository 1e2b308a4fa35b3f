"""Exceptions in Mailman that threw a message of the run's into the shunt queue."""

from __future__ import annotations

import re
from collections.abc import Iterator

from wizard.causes.ground import Ground
from wizard.causes.model import Cause, Found
from wizard.facts.mailman_log import LogLine

_SHUNTING = re.compile(r"SHUNTING: (?P<name>[0-9.]+\+[0-9a-f]+)")
_LOADER = "/mailman/model/template.py"
"""A frame of every traceback that came of fetching or reading a template, whatever kind it is of."""


def shunted(ground: Ground) -> Found | None:
    """Something else than a template; what Mailman logged just before says what."""
    for thrown, line in thrown_by(ground, template=False):
        return Found({"error": thrown.rest[-1]}, (thrown.rest[-1], line.text))
    return None


def thrown_by(ground: Ground, *, template: bool) -> Iterator[tuple[LogLine, LogLine]]:
    """Give the exceptions that shunted a probe, by a template or by anything else, each with the line that says so."""
    last: dict[int | None, LogLine] = {}
    for line in ground.mailman_lines:
        if line.traceback and line.rest:
            last[line.pid] = line
        match = _SHUNTING.match(line.text)
        if match and line.pid in last and _holds_token(ground, match["name"]):
            thrown = last[line.pid]
            if template == any(_LOADER in frame for frame in thrown.rest):
                yield thrown, line


def _holds_token(ground: Ground, name: str) -> bool:
    if ground.config is None:
        return False
    try:
        return ground.token.encode() in ground.host.read(ground.config.queue_dir / "shunt" / f"{name}.pck")
    except FileNotFoundError:
        return False


CAUSES: tuple[Cause, ...] = (Cause("MW406", shunted),)
