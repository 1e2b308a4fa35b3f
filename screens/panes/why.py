"""Why: what the stage is for, how it commonly goes wrong, and what it stands on; in training, the lesson."""

from __future__ import annotations

from wizard.desk import Ground
from wizard.outline import Outline
from wizard.screens.lines import Line, Lines
from wizard.screens.prose import prose
from wizard.templates import page


class WhyPane(Lines):
    """A page of words: that of templates/why, and what the stage stands on; or a lesson's."""

    def __init__(self, stage: Outline, lesson: str = "") -> None:
        """Show the page.

        Args:
            stage: whose it is.
            lesson: what is shown in its place, as Markdown.
        """
        super().__init__(words=True, id="why")
        self._ground = Ground(stage.number)
        self._teaches = bool(lesson)
        self.add(prose(lesson or page(f"why/{stage.name}.md")))

    def stand_on(self, ground: Ground) -> None:
        """Add what the stage stands on, when that is known."""
        if ground != self._ground and not self._teaches:
            self._ground = ground
            self.add([Line(""), *prose(foot(ground))])

    def teach(self, lesson: str) -> None:
        """Show a lesson's page as it is now, down to what has come last."""
        if lesson:
            self.replace(prose(lesson))
            self.scroll_end(animate=False, force=True)


def foot(ground: Ground) -> str:
    """Return the end of a stage's page: its checks and what it stands on."""
    checks = "\n".join(f"- **{each.title}** ({each.id}): {each.proves}" for each in ground.proofs)
    before = ("the stages before it, and on " if ground.number > 1 else "") + ", ".join(ground.depends)
    return (
        f"## What is checked\n\n{checks}\n\n"
        f"## What it stands on\n\nIts proof stands on {before}. If any of it changes, the stage is stale.\n"
    )
