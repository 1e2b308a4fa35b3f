"""The screen of one stage: rail, five panes, what the run is doing, and what works now."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import DescendantFocus, Resize
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import ContentSwitcher, Input, OptionList, Static

from wizard.desk import StageView, Waiting
from wizard.outline import LAST, Outline
from wizard.screens import way
from wizard.screens.lines import Lines
from wizard.screens.marks import mark, part
from wizard.screens.panes import AnswersPane, ChangesPane, ChecksPane, LogsPane, WhyPane
from wizard.screens.past import Past
from wizard.screens.rail import PANES, PaneBar, Rail

if TYPE_CHECKING:
    from wizard.screens.app import WizardApp

FIRST_FOCUS = {"why": "#why", "changes": "#diff", "check": "#checks", "logs": "#log"}
BAR = 20
"""Columns of a bar of progress."""


class StageScreen(Screen[None]):
    """One of the six; they differ in their stage alone."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f3,w", "pane('why')", "Why"),
        Binding("f4,a", "pane('answers')", "Answers"),
        Binding("f5,d", "pane('changes')", "Changes"),
        Binding("f6,k", "pane('check')", "Check"),
        Binding("f7,l", "pane('logs')", "Logs"),
        Binding("tab", "forward", "Next field or pane", show=False),
        Binding("shift+tab", "backward", "Previous field or pane", show=False),
        Binding("slash", "search", "Search"),
        Binding("c", "copy", "Copy"),
        Binding("escape", "back", "Back"),
    ]

    def __init__(self, stage: Outline, pane: str = "why") -> None:
        super().__init__(id=f"stage-{stage.number}")
        self.stage = stage
        self.pane = pane
        self._logged = (0, 0)
        """How much of the mail logs its logs show: `Past.count` and `Past.left_out` as they were."""
        self._noted = ("", 0)
        """How much of which run's words they show."""
        self._laid_out = False
        self._before: list[str] = []
        """The panes that were shown before, for Esc."""

    @property
    def wizard(self) -> WizardApp:
        """The app."""
        return cast("WizardApp", self.app)

    def compose(self) -> ComposeResult:
        """Lay it out."""
        yield Static(id="top")
        yield Rail(id="rail")
        yield Static(id="standing")
        yield PaneBar(id="panes")
        with ContentSwitcher(initial=self.pane):
            yield WhyPane(self.stage)
            yield AnswersPane(self.stage.number)
            yield ChangesPane()
            yield ChecksPane(self.stage.number)
            yield LogsPane()
        yield Static(id="status")
        yield Static(id="keys")

    def on_mount(self) -> None:
        """Show everything as it is."""
        self._laid_out = True
        self.action_pane(self.pane)

    def on_unmount(self) -> None:
        """Show nothing any more."""
        self._laid_out = False

    def on_resize(self, event: Resize) -> None:
        """Draw what depends on the width, and cover what there is no room for."""
        self.wizard.fit(event.size)
        self.call_after_refresh(self.show)

    # What is shown.

    def show(self) -> None:
        """Show the run, the standing and the form as the app has them now."""
        if not self._laid_out or self.wizard.closing:
            return
        app = self.wizard
        view = app.view
        self.query_one(Rail).show(app.standing, self.stage.number, app.running_stage)
        calling = "changes" if view.question and view.question.stage == self.stage.number else ""
        self.query_one(PaneBar).show(self.pane, calling)
        self._write("#top", self._top())
        self._write("#standing", self._standing())
        self.show_status()
        ground = app.about.grounds[self.stage.number - 1]
        self.query_one(WhyPane).stand_on(ground)
        below = app.standing[: self.stage.number - 1] if app.alone else ()
        self.query_one(ChecksPane).show(ground, view.stage(self.stage.number), self._stands(), below)
        question = view.question if calling else None
        self.query_one(ChangesPane).show(
            app.plans.get(self.stage.number, ""), self._plan_words(), question, read_only=not app.in_control
        )

    def show_status(self) -> None:
        """Show what the run is doing, and what works now; called each second while something is waited for."""
        if not self._laid_out:
            return
        self._write("#status", self._status())
        self._write("#keys", self._keys())

    async def show_form(self) -> None:
        """Show the answers."""
        if not self._laid_out or self.wizard.form is None:
            return
        await self.query_one(AnswersPane).show(self.wizard.form, read_only=not self.wizard.in_control)
        if self.pane == "answers" and self.focused is None:  # somebody came here before there were fields
            self.set_focus(self._first("answers"), scroll_visible=False)

    def show_logs(self, past: Past) -> None:
        """Add what was logged and what the run has said since they were looked at."""
        pane, view = self.query_one(LogsPane), self.wizard.view
        fresh = past.since(*self._logged)
        self._logged = past.count, past.left_out
        if fresh.lines or fresh.left_out:
            pane.add(fresh)
        pane.mark(self._marks())
        run, shown = self._noted
        fresh_notes = min(view.noted - (shown if run == view.name else 0), len(view.notes))
        self._noted = view.name, view.noted
        if fresh_notes:
            pane.say(view.notes[-fresh_notes:])

    def on_descendant_focus(self, _event: DescendantFocus) -> None:
        """Show which keys work there."""
        self.call_later(self.show_status)

    def _write(self, where: str, content: Content) -> None:
        """Write to a line, if it is not what stands there: what does not change costs nothing."""
        target = self.query_one(where, Static)
        if target.content != content:
            target.update(content, layout=False)

    def _top(self) -> Content:
        app = self.wizard
        parts = [part(" mailman-wizard ", "bold"), part(f" {app.about.hostname}  ", "plain")]
        if app.alone:
            parts.append(part(f"stage {app.alone} alone  ", "dim"))
        if not app.in_control:
            words = "read-only" if app.watching else "read-only (t takes over): another terminal has the controls"
            parts.append(part(words, "warn"))
        elif app.run_is_on:
            parts.append(part(f"a run is on: stage {app.view.current or '…'}", "busy"))
        return Content.assemble(*parts)

    def _standing(self) -> Content:
        each = next((row for row in self.wizard.standing if row.number == self.stage.number), None)
        if each is None:
            return Content("")
        state = mark(each.state)
        words = "shut: a stage before it is not verified" if each.state == "shut" else self._stands() or state.word
        return Content.assemble(
            part(f" {state.sign} stage {each.number}, {each.name}: ", state.style), part(words, "dim")
        )

    def _stands(self) -> str:
        """Tell what is known of the stage from runs before; empty if nothing is."""
        each = next((row for row in self.wizard.standing if row.number == self.stage.number), None)
        if each is None:
            return ""
        if each.state == "verified":
            return f"verified {_clock(each.at)}"
        return f"{each.state}: {each.why}" if each.why else ""

    def _status(self) -> Content:
        app, view = self.wizard, self.wizard.view
        if app.said.text:
            return Content.assemble(part(f" {app.said.text}", "warn"))
        if view.question:
            return Content.assemble(part(" the run waits: F5 shows the plan, F9 applies it, F12 declines", "warn"))
        if app.run_is_on and view.waiting:
            at = way.hop(view.stage(view.current)) if view.waiting.limit else ""
            return Content.assemble(part(" ▶ ", "busy"), *_progress(view.waiting, app.now(), at))
        if app.run_is_on:
            where = f"stage {view.current} goes on" if view.current else "the run is starting"
            return Content.assemble(part(f" ▶ {where}", "busy"))
        if view.finished and view.error:
            return Content.assemble(part(f" ✘ {view.error.splitlines()[0]}", "bad"))
        return Content.assemble(part(f" {app.gates.advice(self.stage.number)}", "dim"))

    def _keys(self) -> Content:
        app = self.wizard
        keys = [("F1", "help", True), ("F2", "shell", True)]
        if app.view.question and app.in_control:
            keys += [("F9", "apply", True), ("F12", "decline", True)]
        elif app.run_is_on:
            keys += [("^X", "stop", app.in_control)]
        else:
            keys += [("F8", "check", app.in_control), ("F9", "set up", app.in_control)]
        if not app.alone:
            keys += [("F10", "report" if self._done else "next", app.gates.is_open(self.stage.number))]
        writing = isinstance(self.focused, Input)  # where a letter is a letter
        extra = {"answers": [("^S", "save")], "logs": [("/", "search"), ("s", "which")], "check": [("c", "copy")]}
        if writing:
            extra["logs"] = [("Enter", "find"), ("Esc", "close")]
        keys += [(key, word, key != "^S" or app.in_control) for key, word in extra.get(self.pane, [])]
        if not (app.in_control or app.watching):
            keys += [("t", "take over", True)]
        keys += [("^Q" if writing else "q", "quit", True)]
        pieces: list[tuple[str, str]] = []
        for key, word, works in keys:
            pieces += [part(f" {key}", "bold" if works else "dim"), part(f" {word} ", "plain" if works else "dim")]
        return Content.assemble(*pieces)

    @property
    def _done(self) -> bool:
        return self.stage.number == LAST

    def _plan_words(self) -> str:
        number = self.stage.number
        if number in self.wizard.plan_errors:
            return f"It cannot be planned: {self.wizard.plan_errors[number]}"
        if number not in self.wizard.plans:
            return "planning …"
        if not self.wizard.plans[number]:
            return "Nothing is to be changed: the server is as the answers want it."
        return "What F9 would change; you are asked before anything is."

    def _marks(self) -> frozenset[str]:
        """What a log line of the present message has in it."""
        view: StageView = self.wizard.view.stage(self.wizard.view.current)
        message = view.message
        if message is None:
            return frozenset()
        ids = {hop.queue_id for hop in message.hops.values() if hop.queue_id and "/" not in hop.queue_id}
        return frozenset({message.id, *(each for each in ids if each)})

    # Where somebody is.

    def action_pane(self, pane: str) -> None:
        """Show a pane, and put the focus where its keys work."""
        if pane != self.pane:
            self._before = [*self._before[-8:], self.pane]
        self._go(pane)

    def _go(self, pane: str) -> None:
        self.pane = pane
        self.query_one(ContentSwitcher).current = pane
        target = self._first(pane)
        if target is not None:
            target.focus(scroll_visible=False)
        else:
            self.set_focus(None)
        self.show()
        self.wizard.came_to(self)

    def _first(self, pane: str) -> Widget | None:
        if pane == "answers":
            fields = self._fields()
            return fields[0] if fields else None
        return self.query_one(FIRST_FOCUS[pane])

    def _fields(self) -> list[Widget]:
        """The widgets of the pane that can have the focus, in their order."""
        pane = self.query_one(f"#{self.pane}")
        found = [pane, *pane.query("*").results(Widget)]
        return [each for each in found if each.can_focus and each.display and not each.disabled and _seen(each, self)]

    def action_forward(self) -> None:
        """Go to the next field; after the last one to the next pane."""
        self._step(1)

    def action_backward(self) -> None:
        """Go to the field before; before the first one to the pane before."""
        self._step(-1)

    def _step(self, by: int) -> None:
        fields = self._fields()
        here = fields.index(self.focused) if self.focused in fields else (-1 if by > 0 else len(fields))
        if 0 <= here + by < len(fields):
            fields[here + by].focus()
            return
        self.action_pane(PANES[(PANES.index(self.pane) + by) % len(PANES)])

    def action_back(self) -> None:
        """Close what is open, or go back to the pane before."""
        if self.pane == "logs" and self.query_one(LogsPane).close_search():
            return
        if self.pane == "check" and isinstance(self.focused, Lines):
            self.query_one("#checks", OptionList).focus()
        elif self._before:
            self._go(self._before.pop())

    def action_search(self) -> None:
        """Search the logs."""
        if self.pane != "logs":
            self.action_pane("logs")
        self.query_one(LogsPane).open_search()

    def action_copy(self) -> None:
        """Copy what this pane tells."""
        if self.pane == "check":
            text = self.query_one(ChecksPane).copied()
        elif self.pane == "changes":
            text = "\n".join(self.query_one("#diff", Lines).texts)
        elif self.pane == "logs":
            text = "\n".join(self.query_one("#log", Lines).texts[-200:])
        else:
            return
        self.app.copy_to_clipboard(text)
        self.wizard.tell("copied to your terminal's clipboard (OSC 52)")


def _seen(widget: Widget, screen: Screen[None]) -> bool:
    """Whether nothing around it is hidden."""
    return all(each.display for each in widget.ancestors if isinstance(each, Widget) and each is not screen)


def _progress(waiting: Waiting, now: datetime, at: str) -> list[tuple[str, str]]:
    """Say how far it is; in front of what is waited for, which may be longer than the line."""
    if waiting.done is not None:
        full = round(waiting.done * BAR)
        return [part(f"{'█' * full}{'·' * (BAR - full)} {waiting.done:4.0%} ", "busy"), part(waiting.text)]
    gone = max((now - datetime.fromisoformat(waiting.at)).total_seconds(), 0.0)
    if waiting.limit is None:
        return [part(f"{gone:.0f} s  ", "dim"), part(waiting.text)]
    left = part(f"{max(waiting.limit - gone, 0.0):.0f} s left  ", "warn")
    return [left, *([part(f"at {at}  ", "busy")] if at else []), part(waiting.text)]


def _clock(at: str) -> str:
    try:
        return f"{datetime.fromisoformat(at).astimezone():%Y-%m-%d %H:%M}"
    except ValueError:
        return at
