"""Every key of site.toml with its title, its help and its default, for screens and documentation."""

from __future__ import annotations

import difflib
import re
import tomllib
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from wizard.site.kinds import Hint
from wizard.site.model import ListAnswers, Site


@dataclass(frozen=True, slots=True)
class Field:
    """One question to the admin."""

    key: str
    """Dotted key; for a list that of the first one, ``lists.0.name``."""
    title: str
    help: str
    """One sentence."""
    default: str
    """As it would be typed."""
    may_be: str
    """What the answer may be, in words."""
    choices: tuple[str, ...] = ()
    """The answers to choose from; empty if the answer is free."""
    many: bool = False
    """Whether several values, divided by commas or blanks, are an answer."""
    number: bool = False
    """Whether a whole number is an answer."""

    def read(self, text: str) -> Any:
        """Turn what was typed, or given with ``--set``, into what site.toml would hold.

        The text is a TOML value where that is what the field takes (``["10.0.0.0/8"]``, ``5``, ``"x"``), else
        it stands for itself. Nothing is checked.
        """
        value = _toml_value(text)
        if self.many and isinstance(value, str):
            return [word for word in re.split(r"[,\s]+", value) if word]
        wanted = (str, *((list,) if self.many else ()), *((bool, int, float) if self.number else ()))
        return value if isinstance(value, wanted) else text


def _toml_value(text: str) -> Any:
    try:
        found = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        return text
    # A line break in the text may have brought in keys of its own.
    return found["value"] if found.keys() == {"value"} else text


def _fields(prefix: str, model: type[BaseModel], values: BaseModel) -> tuple[Field, ...]:
    return tuple(
        _field(f"{prefix}{info.serialization_alias or name}", info, getattr(values, name))
        for name, info in model.model_fields.items()
        if info.title
    )


def _field(key: str, info: FieldInfo, default: Any) -> Field:
    only = get_args(info.annotation) if get_origin(info.annotation) is Literal else ()
    general = Hint(f"one of {', '.join(only)}", usual=only)
    hint = next((found for found in info.metadata if isinstance(found, Hint)), general)
    return Field(
        key=key,
        title=info.title or key,
        help=info.description or "",
        default=", ".join(default) if isinstance(default, tuple) else str(default),
        may_be=hint.may_be,
        choices=hint.usual,
        many=hint.many,
        number=hint.number,
    )


_DEFAULT = Site()

FIELDS: tuple[Field, ...] = (
    *_fields("", Site, _DEFAULT),
    *_fields("mail.", type(_DEFAULT.mail), _DEFAULT.mail),
    *_fields("mailman.", type(_DEFAULT.mailman), _DEFAULT.mailman),
    *_fields("lists.0.", ListAnswers, _DEFAULT.lists[0]),
    *_fields("check.", type(_DEFAULT.check), _DEFAULT.check),
)
"""All questions, in the order of site.toml."""

_BY_KEY = {field.key: field for field in FIELDS}
_SECTIONS = ("mail", "mailman", "lists", "check")


def general(key: str) -> str:
    """Give a list's key as it is for the first list."""
    return re.sub(r"^lists\.[0-9]{1,9}\.", "lists.0.", key)


def find(key: str) -> Field | None:
    """Give the field of a dotted key, for any list's number and for an item of a field that takes many."""
    first = general(key)
    if first in _BY_KEY:
        return _BY_KEY[first]
    owner = _BY_KEY.get(re.sub(r"\.[0-9]{1,9}$", "", first))
    return owner if owner and owner.many else None


def nearest(key: str) -> str:
    """Name the known key that is most like an unknown one; for a list with the number that was given."""
    number = re.match(r"lists\.([0-9]{1,9})\.", key)
    known = {name.replace(".0.", f".{number[1]}." if number else ".0."): name for name in _BY_KEY}
    candidates = [*known, *_SECTIONS] if "." not in key else [*known]
    return difflib.get_close_matches(key, candidates, n=1, cutoff=0.0)[0]
