"""One diagnosis, as it is shown and as it stands in the JSON output."""

from __future__ import annotations

from dataclasses import dataclass

from wizard.printable import shortened


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Why a check failed, with this server's own values."""

    code: str
    """MW, the stage, and a number of two digits: MW101 … MW699."""
    title: str
    cause: str
    fix: str
    see: tuple[str, ...]
    """Commands that show it by hand."""
    evidence: tuple[str, ...] = ()
    """What was seen that tells this cause from others."""
    fixable: bool = False
    """Whether ``mailman-wizard apply`` puts it right, by a plan that is shown first."""

    def data(self) -> dict[str, object]:
        """Return it as the command line's JSON has it."""
        return {
            "code": self.code,
            "title": self.title,
            "cause": self.cause,
            "fix": self.fix,
            "see": list(self.see),
            "evidence": [shortened(line) for line in self.evidence],
            "fixable": self.fixable,
        }
