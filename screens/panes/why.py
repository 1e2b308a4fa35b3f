"""Why: what the stage is for, how it commonly goes wrong, and what it stands on."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Markdown

from wizard.desk import Ground
from wizard.outline import Outline
from wizard.templates import page


class WhyPane(VerticalScroll):
    """A page of words; Markdown from templates/why, and what the stage stands on."""

    def __init__(self, stage: Outline) -> None:
        super().__init__(id="why")
        self._stage = stage
        self._ground = Ground(stage.number)

    def compose(self) -> ComposeResult:
        """Show the page."""
        yield Markdown(page(f"why/{self._stage.name}.md"), open_links=False)
        yield Markdown(open_links=False, id="foot")  # of its own: `Markdown.append` loses the items of a last list

    def stand_on(self, ground: Ground) -> None:
        """Add what the stage stands on, when that is known."""
        if ground != self._ground:
            self._ground = ground
            self.query_one("#foot", Markdown).update(foot(ground))


def foot(ground: Ground) -> str:
    """Return the end of a stage's page: its checks and what it stands on."""
    checks = "\n".join(f"- **{each.title}** ({each.id}): {each.proves}" for each in ground.proofs)
    before = ("the stages before it, and on " if ground.number > 1 else "") + ", ".join(ground.depends)
    return (
        f"## What is checked\n\n{checks}\n\n"
        f"## What it stands on\n\nIts proof stands on {before}. If any of it changes, the stage is stale.\n"
    )
