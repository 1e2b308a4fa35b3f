"""Events and results as lines of text, for the command line.

Everything that came from outside (logs, answers, other programs) goes through `printable` before it is shown.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.markup import escape

from wizard.events import DAMAGED, Event
from wizard.printable import SHOWN, printable, shortened

STYLES = {"pass": "green", "fail": "bold red", "skip": "yellow", "unknown": "yellow"}
WORDS = {"pass": "PASS", "fail": "FAIL", "skip": "SKIP", "unknown": "UNKNOWN"}


@dataclass(frozen=True, slots=True)
class Presenter:
    """Results go to `out`, progress to `err`; neither ever gets a raw control character."""

    out: Console
    err: Console
    quiet: bool
    """Whether results are left out because one JSON object will follow."""

    def event(self, event: Event) -> None:
        """Show one event of a run."""
        data: Mapping[str, Any] = event.data
        if event.kind == "check.finished":
            self._result(data)
        elif event.kind == "stage.finished":
            self._stage(data)
        else:
            for text in PROGRESS.get(event.kind, _nothing)(data):
                self.say(text)

    def line(self, text: str, style: str = "") -> None:
        """Print one line of a result."""
        self.out.print(_safe(text), style=style, markup=False, highlight=False, soft_wrap=True)

    def say(self, text: str) -> None:
        """Print to standard error: progress, questions, errors."""
        self.err.print(_safe(text), markup=False, highlight=False, soft_wrap=True)

    def json(self, data: object) -> None:
        """Print one JSON object on a line of standard output."""
        self.out.file.write(json.dumps(data) + "\n")
        self.out.file.flush()

    def failed(self, error: str, *, run: str | None = None) -> None:
        """Say why nothing came of a call: in words, and as JSON where that is what is read."""
        self.say(f"mailman-wizard: {error}")
        if self.quiet:
            self.json({"schema": 1, "run": run, "verified": False, "stages": [], "error": error})

    def ask(self, text: str) -> None:
        """Print a question to standard error, the cursor staying behind it."""
        self.err.print(_safe(text), end="", markup=False, highlight=False, soft_wrap=True)

    def diff(self, text: str) -> None:
        """Print a diff, coloured by line."""
        for line in text.rstrip("\n").split("\n") if text else ():
            style = {"+": "green", "-": "red", "@": "cyan", "!": "yellow", "#": "dim", "=": "bold"}.get(line[:1], "")
            if self.quiet:
                self.say(line)
            else:
                self.line(line, style)

    def _result(self, data: Mapping[str, Any]) -> None:
        if self.quiet:
            self.say(f"  {WORDS[data['outcome']]} {data['id']}")
            return
        outcome = data["outcome"]
        head = f"  [{STYLES[outcome]}]{WORDS[outcome]:7}[/] {escape(_safe(data['title']))}"
        self.out.print(
            f"{head} [dim]({escape(data['id'])}, {data['seconds']:.1f} s)[/]", highlight=False, soft_wrap=True
        )
        for line in data["evidence"]:
            self.line(f"          {shortened(line, SHOWN)}", "dim" if outcome == "pass" else "")
        for diagnosis in filter(None, (data["diagnosis"], *data["also"])):
            self._diagnosis(diagnosis)

    def _diagnosis(self, diagnosis: Mapping[str, Any]) -> None:
        self.line(f"          {diagnosis['code']}: {diagnosis['title']}", "bold")
        self.line(f"          cause: {shortened(diagnosis['cause'], SHOWN)}")
        for line in diagnosis["evidence"]:
            self.line(f"          seen:  {shortened(line, SHOWN)}")
        self.line(f"          fix:   {diagnosis['fix']}")
        if diagnosis["fixable"]:
            self.line("          'mailman-wizard apply' does this for you, and shows the changes first")
        for command in diagnosis["see"]:
            self.line(f"          see:   {command}")

    def _stage(self, data: Mapping[str, Any]) -> None:
        if not self.quiet:
            word = "verified" if data["verified"] else "NOT verified"
            style = "bold green" if data["verified"] else "bold red"
            self.line(f"stage {data['stage']} ({data['name']}): {word}, {data['seconds']:.1f} s", style)


def console(*, stderr: bool, color: str, plain: bool) -> Console:
    """Make a console that writes colour as asked: ``auto`` goes by the terminal and NO_COLOR.

    Without colour there is no escape sequence at all: bold and dim go with it.
    """
    always = color == "always" and not plain
    never = plain or color == "never" or (not always and bool(os.environ.get("NO_COLOR")))
    return Console(
        stderr=stderr,
        force_terminal=True if always else None,
        no_color=never,
        color_system=None if never else "standard" if always else "auto",
        emoji=False,
    )


def _safe(text: str) -> str:
    return "\n".join(printable(line) for line in text.split("\n"))


def counted(changes: int) -> str:
    """Say how many changes there are."""
    return {0: "nothing to change", 1: "1 change"}.get(changes, f"{changes} changes")


def _advance(data: Mapping[str, Any]) -> str:
    if "percent" in data:
        return f"  {data['percent']:3d} % {data['text']}"
    return f"  {data['target']}: {data['done']} of {data['of']} runners"


def _nothing(_data: Mapping[str, Any]) -> list[str]:
    return []


PROGRESS: Mapping[str, Callable[[Mapping[str, Any]], list[str]]] = {
    "stage.started": lambda data: [f"stage {data['stage']} ({data['name']}): checking"],
    "plan.made": lambda data: [f"stage {data['stage']} ({data['name']}): {counted(len(data['changes']))}"],
    "change.started": lambda data: [f"  {data['change']}: {data['target']}"],
    "change.progress": lambda data: [_advance(data)],
    "change.log": lambda data: [f"    {data['target']}: {line}" for line in data["lines"]],
    "change.failed": lambda data: [f"  failed: {data['error']}"],
    "check.progress": lambda data: [f"  {data['text']}"],
    "note": lambda data: [f"  {data['text']}"],
    DAMAGED: lambda data: [f"  {data['text']}"],
}
"""The lines of progress that an event is worth; of the kinds that are missing, none."""
