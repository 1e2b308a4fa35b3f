"""How states look: one sign and one style each, the same on every screen."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mark:
    """A sign of one column, and the name of its style."""

    sign: str
    style: str
    word: str


MARKS: dict[str, Mark] = {
    "pass": Mark("✔", "good", "PASS"),
    "fail": Mark("✘", "bad", "FAIL"),
    "skip": Mark("-", "dim", "SKIP"),
    "unknown": Mark("?", "warn", "UNKNOWN"),
    "running": Mark("▶", "busy", "running"),
    "": Mark("·", "dim", "not tried"),
    "verified": Mark("✔", "good", "verified"),
    "stale": Mark("~", "warn", "stale"),
    "failed": Mark("✘", "bad", "failed"),
    "looked at": Mark("·", "dim", "the server is being looked at"),
    "open": Mark("○", "plain", "open"),
    "shut": Mark("·", "dim", "shut"),
    "passed": Mark("✔", "good", "passed"),
    "pending": Mark("▶", "busy", "on its way"),
    "stuck": Mark("!", "bad", "stuck"),
    "lost": Mark("✘", "bad", "lost"),
    "not-reached": Mark("·", "dim", "not reached"),
}
STYLES = {
    "good": "bold $text-success",
    "bad": "bold $text-error",
    "warn": "bold $text-warning",
    "busy": "bold $text-accent",
    "dim": "$foreground-muted",
    "plain": "",
    "bold": "bold",
}
"""The styles by name; Textual's markup is not used anywhere, because text from elsewhere could be some."""


def mark(state: str) -> Mark:
    """Return the mark of a state; of one that is not known, a question mark."""
    return MARKS.get(state, MARKS["unknown"])


def part(text: str, style: str = "plain") -> tuple[str, str]:
    """Give one part of a `textual.content.Content`."""
    return text, STYLES[style]


def signed(state: str) -> tuple[str, str]:
    """Give a state's sign as such a part."""
    return part(mark(state).sign, mark(state).style)
