"""A fault: one way to break a working server for real, and what must then be said of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to break a server whose six stages are proven, with the default answers.

    The scripts are bash's, run with ``-e`` by root on the server; nothing of the site is put into them.
    """

    name: str
    """Stable, in words with hyphens."""
    title: str
    """What is wrong, as a sentence."""
    breaks: str
    stage: int
    """The first stage that fails."""
    check: str
    """The first check that fails."""
    code: str
    """The diagnosis that must be given."""
    by_hand: str = ""
    """What somebody must do before the wizard can put the rest in order; nothing where it can do all."""
    clears: str = ""
    """What takes away what the fault has left besides what is mended (a program's own traces)."""
    answers: tuple[str, ...] = ()
    """Arguments of the program without which the fault cannot be seen."""
