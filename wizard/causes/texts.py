"""Causes in the texts that Mailman adds to mail: its templates, wherever they are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from wizard.causes.ground import Ground
from wizard.causes.model import Cause, Found
from wizard.causes.shunt import thrown_by
from wizard.host import Host
from wizard.mailman import rest
from wizard.probes import likeness

FETCH_LIMIT = 2.0
"""Seconds for one template: Mailman itself waits five, for every message."""
NO_SERVER = "Cannot connect to SMTP server"
"""What Mailman logs whenever the system refuses it anything while it delivers (mailman/runners/outgoing.py)."""
_DEPTH = 4
"""Of ``templates/lists/LIST/LANGUAGE/NAME``, the deepest of them (mailman/utilities/i18n.py)."""


def template(ground: Ground) -> Found | None:
    """A text that Mailman adds to mail cannot be had, or is not UTF-8.

    Where it is on another server, Mailman takes that server's silence for Postfix's, and says so.
    """
    for text, error in _away(ground):
        misled = [line.text for line in ground.mailman_lines if NO_SERVER in line.text]
        return Found({"error": error, "texts": text}, (f"{text}: {error}", *misled[-1:]))
    for thrown, line in thrown_by(ground, template=True):
        texts = tuple(_undecodable(ground))
        values = {"error": thrown.rest[-1], "texts": ", ".join(texts) or "one of Mailman's own"}
        return Found(values, (thrown.rest[-1], line.text, *texts))
    return None


def _away(ground: Ground) -> Iterator[tuple[str, str]]:
    """Name the templates set for the lists that cannot be had, each with the reason."""
    for each in ground.lists:
        with rest.said():
            known = tuple(each.there.templates)
        for one in known:
            uri, user, password = likeness.fetched(one, each.there)
            error = _error(ground.host, uri, (user, password or "") if user else None)
            if error:
                yield f"{one.name} of {each.address} ({uri})", error


def _error(host: Host, uri: str, credentials: tuple[str, str] | None) -> str:
    """Say why Mailman cannot have a template; a web server's refusal is no reason: Mailman then goes on without."""
    parts = urlsplit(uri)
    if parts.scheme in {"http", "https"}:
        import requests  # noqa: PLC0415 (see `wizard.mailman.rest`)

        try:
            requests.get(uri, auth=credentials, timeout=FETCH_LIMIT)
        except requests.RequestException as error:
            return rest.reason(error)
    if parts.scheme == "file":
        try:
            host.read(Path(unquote(parts.path))).decode()
        except (OSError, UnicodeDecodeError) as error:
            return str(error)
    return ""


def _undecodable(ground: Ground) -> Iterator[str]:
    """Name the site's own files that are not UTF-8."""
    for path in _files(ground.host, ground.config.var_dir / "templates", _DEPTH) if ground.config else ():
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


CAUSES: tuple[Cause, ...] = (Cause("MW407", template),)
