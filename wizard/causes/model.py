"""A cause: how it is known from its neighbours, and when it is worth looking for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from wizard.causes.ground import Ground


@dataclass(frozen=True, slots=True)
class Found:
    """A cause that was seen to be there."""

    values: Mapping[str, str] = field(default_factory=dict)
    """This server's own values, for the texts of the code; see `wizard.diagnosis.catalogue`."""
    evidence: tuple[str, ...] = ()
    """What was seen."""
    fixable: bool | None = None
    """Whether the wizard can put it right in this case; None is as the catalogue says."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason why a stage may fail."""

    code: str
    """Of the catalogue; the stage in it is the first that cannot pass with this cause."""
    find: Callable[[Ground], Found | None]
    """Tells what was seen; None means that there is no evidence, and then nothing is said."""
    stands: bool = True
    """Whether the machine alone shows it, with no message sent; then nobody waits for one in vain."""

    @property
    def stage(self) -> int:
        """The stage that the code belongs to."""
        return int(self.code[2])
