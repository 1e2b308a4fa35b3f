"""A plan's file changes as unified diffs."""

from __future__ import annotations

import difflib

ABSENT = "/dev/null"
_NO_END = "\\ No newline at end of file"


def unified(name: str, before: bytes | None, after: bytes | None) -> str:
    """Return the unified diff between two contents; empty only if they are equal.

    Args:
        name: the path to show.
        before: None if the file is absent.
        after: None if the file is to be absent.
    """
    if before == after:
        return ""
    old, new = (ABSENT if content is None else name for content in (before, after))
    lines = difflib.unified_diff(_lines(before), _lines(after), fromfile=old, tofile=new, lineterm="", n=2)
    # Without lines that differ, an empty file comes or goes, or bytes that are shown alike do.
    return "\n".join(_ended(line) for line in lines) or f"--- {old}\n+++ {new}"


def _lines(content: bytes | None) -> list[str]:
    """Split at line feeds alone, so that nothing else can look like a line of its own; ends stay, to be compared."""
    text = (content or b"").decode("utf-8", "backslashreplace")
    lines = [f"{line}\n" for line in text.split("\n")]
    last = lines.pop().removesuffix("\n")
    return [*lines, last] if last else lines


def _ended(line: str) -> str:
    if line.startswith(("--- ", "+++ ", "@@ ")) or line.endswith("\n"):
        return line.removesuffix("\n")
    return f"{line}\n{_NO_END}"
