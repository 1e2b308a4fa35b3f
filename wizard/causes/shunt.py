"""Causes of an exception in Mailman that threw a message of the run's into the shunt queue."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from wizard.causes.ground import Ground
from wizard.causes.model import Cause, Found
from wizard.facts.mailman_log import LogLine
from wizard.host import Host
from wizard.mailman import rest

_SHUNTING = re.compile(r"SHUNTING: (?P<name>[0-9.]+\+[0-9a-f]+)")
_LOADER = "/mailman/model/template.py"
"""A frame of every traceback that came of fetching or reading a template, whatever kind it is of."""
_DEPTH = 4
"""Of ``templates/lists/LIST/LANGUAGE/NAME``, the deepest of them (mailman/utilities/i18n.py)."""


def template(ground: Ground) -> Found | None:
    """A text that Mailman adds to mail cannot be had, or is not UTF-8."""
    for thrown, line in _thrown(ground):
        if _by_template(thrown):
            texts = (*_set(ground), *_undecodable(ground))
            values = {"error": thrown.rest[-1], "texts": ", ".join(texts) or "one that is not the lists' own"}
            return Found(values, (thrown.rest[-1], line.text, *texts))
    return None


def anything(ground: Ground) -> Found | None:
    """Something else; what Mailman logged just before says what."""
    for thrown, line in _thrown(ground):
        if not _by_template(thrown):
            return Found({"error": thrown.rest[-1]}, (thrown.rest[-1], line.text))
    return None


def _thrown(ground: Ground) -> Iterator[tuple[LogLine, LogLine]]:
    """Give the exceptions that threw a probe into the shunt queue, each with the line that says so."""
    last: dict[int | None, LogLine] = {}
    for line in ground.mailman_lines:
        if line.traceback and line.rest:
            last[line.pid] = line
        match = _SHUNTING.match(line.text)
        if match and line.pid in last and _holds_token(ground, match["name"]):
            yield last[line.pid], line


def _by_template(thrown: LogLine) -> bool:
    return any(_LOADER in frame for frame in thrown.rest)


def _holds_token(ground: Ground, name: str) -> bool:
    if ground.config is None:
        return False
    try:
        return ground.token.encode() in ground.host.read(ground.config.queue_dir / "shunt" / f"{name}.pck")
    except FileNotFoundError:
        return False


def _set(ground: Ground) -> Iterator[str]:
    """Name the templates that were set for the lists."""
    for each in ground.lists:
        with rest.said():
            yield from (f"{template.name} of {each.address}: {template.uri}" for template in each.there.templates)


def _undecodable(ground: Ground) -> Iterator[str]:
    """Name the site's own files that are not UTF-8."""
    directory = ground.config.var_dir / "templates" if ground.config else Path("/nowhere")
    for path in _files(ground.host, directory, _DEPTH):
        try:
            ground.host.read(path).decode()
        except UnicodeDecodeError:
            yield str(path)


def _files(host: Host, directory: Path, depth: int) -> Iterator[Path]:
    for name in host.names(directory):
        path = directory / name
        state = host.state(path)
        if state is not None and state.kind == "directory" and depth > 1:
            yield from _files(host, path, depth - 1)
        elif state is not None and state.kind == "file":
            yield path


CAUSES: tuple[Cause, ...] = (
    Cause("MW407", template),
    Cause("MW406", anything),
)
