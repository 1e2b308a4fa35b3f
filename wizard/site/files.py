"""site.toml: read, write, and keep what the admin wrote into it beside the answers."""

from __future__ import annotations

import re
import stat
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from wizard.errors import AnswerError, CommandError, Problem, RefusedError
from wizard.host import Host
from wizard.site.answers import Answers, Given, build, split
from wizard.site.document import edited, fresh
from wizard.site.model import Site

LARGEST = 1 << 20
"""Bytes of a site.toml; more is another file."""
MODE = 0o600
"""It may hold the database's password."""


def load(path: Path, overrides: Sequence[str] = (), *, required: bool = False) -> Site:
    """Read the admin's answers.

    Args:
        path: site.toml.
        overrides: ``KEY=VALUE`` of the command line, which win over the file: ``mail.domain=example.org``,
            ``check.subscribers=5``, ``lists.0.name=x``, ``mail.networks=["127.0.0.0/8"]``.
        required: whether the file must be there, because the user named it; else all is at its default.

    Returns:
        Valid answers.

    Raises:
        AnswerError: a `Problem` for each wrong answer, or one for a file that cannot be read.
    """
    return read(path, overrides, required=required).site()


def read(path: Path, overrides: Sequence[str] = (), *, required: bool = False) -> Given:
    """Read the admin's answers without what is not given; otherwise as `load`.

    Raises:
        AnswerError: the file cannot be read, or is no TOML; whether the answers are right is not looked at.
    """
    pairs = tuple(split(text) for text in overrides)
    return Given(_answers(_content(path, required=required), str(path)), pairs)


def loads(text: str, name: str = "site.toml") -> Site:
    """Read answers from a text.

    Raises:
        AnswerError: it is not TOML, or an answer in it is wrong.
    """
    return build(_answers(text, name))


def dumps(site: Site, original: str | None = None) -> str:
    """Write the answers as site.toml.

    Args:
        site: the answers.
        original: the text they came from: its comments, order and spelling stay, and only values that
            changed are written. None writes every key with a comment on what it is for.

    Raises:
        AnswerError: the original is not TOML.
    """
    if original is None:
        return fresh(site)
    before = _answers(original, "site.toml")
    text = edited(site, original, before)
    try:
        if text is not None and loads(text) == site:
            return text
    except AnswerError:
        pass  # an unknown key of the original is still in it
    return fresh(site)


def save(site: Site, path: Path, host: Host) -> None:
    """Write site.toml, readable by root alone, with the comments of the file that is there.

    Raises:
        AnswerError: what is there is not TOML; it stays as it is.
        RefusedError: it cannot be written; nothing was changed.
    """
    try:
        original = host.read(path).decode("utf-8", "strict") if host.state(path) else None
        content = dumps(site, original).encode()
        if host.state(path.parent) is None:
            host.run(("install", "-d", "-m", "0755", str(path.parent))).require()
        host.write(path, content, mode=MODE, owner="root", group="root")
    except UnicodeDecodeError as error:
        raise AnswerError((_not_utf8(str(path), error),)) from None
    except (OSError, CommandError) as error:
        raise RefusedError(f"cannot write {path}: {error}") from error


def _content(path: Path, *, required: bool) -> str:
    name = str(path)
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            what = "a directory" if stat.S_ISDIR(found.st_mode) else "not a regular file"
            raise _wrong(name, f"a TOML file; this is {what}")
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
    except (FileNotFoundError, NotADirectoryError):
        if required:
            raise _wrong(name, "a file that exists") from None
        return ""
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise _wrong(name, f"a file that can be read: {reason}") from None
    if len(raw) > LARGEST:
        raise _wrong(name, f"a file of at most {LARGEST} bytes")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise AnswerError((_not_utf8(name, error),)) from None


def _answers(text: str, name: str) -> Answers:
    try:
        found: dict[str, Any] = tomllib.loads(text)
    except RecursionError:
        raise _wrong(name, "TOML that is nested less deeply") from None
    except ValueError as error:
        raise _wrong(name, f"TOML (https://toml.io): {_where(str(error))}") from None
    return found


def _where(message: str) -> str:
    """Put the place first: `line 3, column 5: what is wrong`."""
    parts = re.fullmatch(r"(?s)(.*) \(at ([^()]*)\)", message)
    return f"{parts[2]}: {parts[1]}" if parts else message


def _not_utf8(name: str, error: UnicodeDecodeError) -> Problem:
    return Problem("--answers", repr(name), f"a file in UTF-8; byte {error.start} is not")


def _wrong(name: str, may_be: str) -> AnswerError:
    return AnswerError((Problem("--answers", repr(name), may_be),))
