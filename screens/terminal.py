"""What the terminal can do, from its environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

PLAIN = frozenset({"", "dumb", "unknown"})
"""TERM of what has no screen: a pipe, an editor's shell buffer."""
OLD = frozenset({"linux", "vt100", "vt102", "vt220", "vt320", "vt420", "ansi", "cons25"})
"""TERM of what knows none of the questions that newer terminals answer, and may show them."""
SMALLEST = (60, 20)
"""Columns and rows below which nothing can be shown in full."""


@dataclass(frozen=True, slots=True)
class Terminal:
    """One terminal."""

    name: str
    """Its TERM."""
    ascii_only: bool
    """Whether nothing but ASCII may be written to it."""
    colours: bool
    truecolour: bool
    """Whether it shows more than its own 16 colours."""

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Terminal:
        """Tell it by the variables TERM, NO_COLOR and those of the locale."""
        name = environment.get("TERM", "")
        many = "256" in name or environment.get("COLORTERM", "") in {"truecolor", "24bit"}
        old = name.startswith("vt")
        return cls(name, not _is_utf8(environment) or old, not environment.get("NO_COLOR"), many)

    @property
    def full_screen(self) -> bool:
        """Whether it can show a full screen."""
        return self.name not in PLAIN

    @property
    def old(self) -> bool:
        """Whether it must not be asked what it can do."""
        return self.name in OLD


def _is_utf8(environment: Mapping[str, str]) -> bool:
    """Tell the character set as setlocale(3) chooses it: LC_ALL, then LC_CTYPE, then LANG.

    Python itself sets LC_CTYPE to C.UTF-8 where it finds the C locale (PEP 538): that says nothing of the terminal.
    """
    ctype = environment.get("LC_CTYPE", "")
    chosen = environment.get("LC_ALL") or (ctype if ctype != "C.UTF-8" else "") or environment.get("LANG", "")
    return chosen.lower().replace("-", "").endswith("utf8")
