"""A plan's file changes as unified diffs."""

from __future__ import annotations

import difflib


def unified(name: str, before: bytes | None, after: bytes | None) -> str:
    """Return the unified diff between two contents; empty if they are equal.

    Args:
        name: the path to show.
        before: None if the file is absent.
        after: None if the file is to be absent.
    """
    if before == after:
        return ""
    lines = difflib.unified_diff(
        _lines(before),
        _lines(after),
        fromfile=name if before is not None else "/dev/null",
        tofile=name if after is not None else "/dev/null",
        lineterm="",
        n=2,
    )
    return "\n".join(lines)


def _lines(content: bytes | None) -> list[str]:
    return [] if content is None else content.decode("utf-8", "backslashreplace").splitlines()
