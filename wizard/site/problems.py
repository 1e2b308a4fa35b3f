"""Wrong answers, in words: which key, what it was, what it may be."""

from __future__ import annotations

import re
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from wizard.errors import Problem
from wizard.site.fields import find, nearest
from wizard.site.kinds import TAGS

SHOWN = 60
"""Characters of a wrong value that are shown."""

_TABLES = {
    "mail": "a table, [mail]",
    "mailman": "a table, [mailman]",
    "lists": "one [[lists]] table or more",
    "check": "a table, [check]",
}


def show(value: Any, *, secret: bool = False) -> str:
    """Write a value so that it fits on a line, does nothing to a terminal and gives no password away.

    Args:
        value: anything that TOML can hold.
        secret: whether it should have been a database's URL, so that a password may be where none belongs.
    """
    if isinstance(value, dict):
        return "a table"
    if secret and isinstance(value, list):
        return "a list"
    text = repr(_without_password(value, secret=secret)) if isinstance(value, str) else _written(value)
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"


def show_key(parts: tuple[str | int, ...]) -> str:
    """Write a dotted key; a part that no bare key of TOML could be is quoted."""
    return ".".join(
        str(part) if isinstance(part, int) or re.fullmatch(r"[A-Za-z0-9_-]{1,60}", part) else show(part)
        for part in parts
    )


def unknown(parts: tuple[str | int, ...], value: Any) -> Problem:
    """Say that there is no such key, and which is the nearest."""
    key = show_key(parts)
    return Problem(key, show(value, secret=True), f"not a key of site.toml; did you mean {nearest(key)}?")


def problems(error: ValidationError, *, together: bool = True) -> tuple[Problem, ...]:
    """Put what pydantic found into words.

    Args:
        error: of the whole site.
        together: whether answers that are only wrong beside each other count too.
    """
    details = error.errors(include_url=False)
    found: list[Problem] = []
    for detail in details:
        if detail["type"] == "conflict":
            found.extend(detail["ctx"]["problems"] if together else ())
        elif not any(_is_inside(other["loc"], detail["loc"]) for other in details):
            found.append(_problem(detail))
    return tuple(found)


def _is_inside(place: tuple[int | str, ...], outer: tuple[int | str, ...]) -> bool:
    """Tell whether an error explains another: a list whose only item is wrong counts as empty, too."""
    return len(place) > len(outer) and place[: len(outer)] == outer


def _problem(detail: ErrorDetails) -> Problem:
    loc = detail["loc"]
    parts = loc[:2] + loc[3:] if loc[2:3] and loc[2] in TAGS else loc
    if detail["type"] == "extra_forbidden":
        return unknown(parts, detail["input"])
    key = show_key(parts)
    value = "nothing" if detail["type"] == "missing" else show(detail["input"], secret=key.endswith("database"))
    if detail["type"] == "value_error":
        return Problem(key, value, str(detail["ctx"]["error"]))
    field = find(key)
    return Problem(key, value, field.may_be if field else _TABLES[str(parts[0])])


def _written(value: Any) -> str:
    try:
        return _without_password(repr(value), secret=False)
    except ValueError:  # a number of thousands of digits: sys.set_int_max_str_digits
        return type(value).__name__


def _without_password(text: str, *, secret: bool) -> str:
    """Cut out what stands between the user and the host of a URL, also of one that is badly written."""
    head, mark, rest = text.partition("://")
    if not mark:
        if not secret:
            return text
        head, rest = "", text
    user, colon, tail = rest.partition(":")
    if colon:
        host = tail.rpartition("@")[2] if "@" in tail else None
        rest = f"{user}:…" if host is None else f"{user}:…@{host}"
    return re.sub(r"(?i)(password=)[^&]*", r"\1…", f"{head}{mark}{rest}")
