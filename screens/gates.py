"""The gates between the stages, in words: what is open, what keeps one shut, and what is to be done next. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from wizard.desk import RunView, Standing
from wizard.outline import LAST


@dataclass(frozen=True, slots=True)
class Gates:
    """What is known of them."""

    standing: tuple[Standing, ...]
    """Of all six stages, in their order."""
    view: RunView
    alone: int
    """The one stage that is looked at; 0 for all six."""

    def is_open(self, number: int) -> bool:
        """Whether one may go on behind a stage: it and all before it are verified."""
        return not self.alone and all(each.state == "verified" for each in self.standing[:number])

    def missing(self, number: int) -> str:
        """Say what keeps the gate behind a stage shut; empty if nothing does."""
        shut = next((each for each in self.standing[:number] if each.state != "verified"), None)
        if shut is None:
            return ""
        failed = [each.title for each in self.view.stage(shut.number).failed]
        because = f": {'; '.join(failed[:2])}" if failed else f" ({shut.why})" if shut.why else ""
        return f"the gate is shut: stage {shut.number} ({shut.name}) is {shut.words}{because}"

    def advice(self, number: int) -> str:
        """Say what is to be done next at a stage."""
        each = self.standing[number - 1]
        if each.state == "looked at":
            return "looking where the stages stand …"
        if self.alone:
            return "F8 runs the checks, F9 puts the stage in order"
        if each.state == "verified":
            return "verified; F10 shows the report" if number == LAST else "verified; F10 goes on to the next stage"
        if each.state == "shut":
            before = next(row for row in self.standing if row.state != "verified")
            return f"shut: stage {before.number} ({before.name}) comes first, and is {before.words}"
        return "F9 sets this stage up and checks it; F8 checks alone"
