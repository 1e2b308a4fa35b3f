"""Why: what the stage is for, how it commonly goes wrong, and what it stands on."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Markdown

from wizard.render import render
from wizard.stages.model import Stage


class WhyPane(VerticalScroll):
    """A page of words; Markdown from templates/why, and what the stage stands on."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(id="why")
        self._stage = stage

    def compose(self) -> ComposeResult:
        """Show the page."""
        yield Markdown(page(self._stage), open_links=False)


def page(stage: Stage) -> str:
    """Return the page of a stage, with its checks and what it stands on."""
    checks = "\n".join(f"- **{check.title}** ({check.id}): {check.proves}" for check in stage.checks)
    before = (
        f"the stages before it, and on {', '.join(stage.depends)}" if stage.number > 1 else ", ".join(stage.depends)
    )
    return (
        f"{render(f'why/{stage.name}.md')}\n\n## What is checked\n\n{checks}\n\n"
        f"## What it stands on\n\nIts proof stands on {before}. If any of it changes, the stage is stale.\n"
    )
