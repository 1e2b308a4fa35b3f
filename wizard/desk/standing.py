"""What a face says of a stage: where it stands, and what proves it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one stage stands."""

    number: int
    name: str
    state: str
    """``verified``, ``stale``, ``failed``, ``open`` or ``shut``; ``looked at`` until it is known."""
    at: str = ""
    why: str = ""

    @property
    def words(self) -> str:
        """What it is, for a sentence about what keeps a gate shut."""
        return {"open": "not verified yet", "looked at": "still being looked at"}.get(self.state, self.state)


@dataclass(frozen=True, slots=True)
class Proof:
    """One check, before it has run."""

    id: str
    title: str
    proves: str


@dataclass(frozen=True, slots=True)
class Ground:
    """What one stage stands on."""

    number: int
    depends: tuple[str, ...] = ()
    """The parts of the configuration whose change makes it stale."""
    proofs: tuple[Proof, ...] = ()
    """Its checks, in order."""


@dataclass(frozen=True, slots=True)
class About:
    """What is known of the server and the stages without looking at either."""

    hostname: str
    """As the answers have it."""
    grounds: tuple[Ground, ...]
    """Of all six stages, in order."""
    damaged: str = ""
    """What is to be said if the session was damaged: no stage counts as verified then."""
