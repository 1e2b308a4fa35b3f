"""The texts of one code."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """What is said of one cause; ``{name}`` stands for this server's own values."""

    code: str
    title: str
    cause: str
    fix: str
    see: tuple[str, ...]
    fixable: bool = False
    """Whether ``mailman-wizard apply`` puts it right, by a plan that is shown first."""


def unknown(stage: int, name: str) -> Entry:
    """Return the texts for a check that did not pass and of which no cause is known."""
    return Entry(
        f"MW{stage}00",
        f"A check of stage {stage} ({name}) did not pass and its cause is not known",
        "What was expected was not seen; the evidence of the check says how far it came.",
        "Read the evidence, then the logs it names; run 'mailman-wizard check' again when something changed.",
        ("{mail_log}", "tail -n 50 /var/log/mailman3/mailman.log", "postqueue -p"),
    )
