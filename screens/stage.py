"""The screen of one stage: rail, five panes, what the run is doing, and what works now."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import DescendantFocus, Resize
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import ContentSwitcher, Input, OptionList, Static

from wizard.desk import Standing
from wizard.i18n import _
from wizard.outline import LAST, Outline
from wizard.screens import telling
from wizard.screens.lines import Lines
from wizard.screens.marks import part
from wizard.screens.panes import AnswersPane, ChangesPane, ChecksPane, LogsPane, WhyPane
from wizard.screens.past import Past
from wizard.screens.rail import PANES, PaneBar, Rail

if TYPE_CHECKING:
    from wizard.screens.app import WizardApp

FIRST_FOCUS = {"why": "#why", "changes": "#diff", "check": "#checks", "logs": "#log"}


class StageScreen(Screen[None]):
    """One of the six; they differ in their stage alone."""

    AUTO_FOCUS = ""
    """Textual's own choice is what comes first, also where another pane is shown; what is typed would be keys there."""
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
            training = self.wizard.training
            yield WhyPane(self.stage, training.page(self.stage.number) if training is not None else "")
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
        self.show_top()
        self._write("#standing", telling.standing(self._stands, app.size), layout=True)
        self.show_status()
        ground = app.about.grounds[self.stage.number - 1]
        self.query_one(WhyPane).stand_on(ground)
        below = app.standing[: self.stage.number - 1] if app.alone else ()
        self.query_one(ChecksPane).show(ground, view.stage(self.stage.number), telling.stands(self._stands), below)
        question = view.question if calling else None
        plan = app.plans.get(self.stage.number)
        unplanned = app.training.unplanned if app.training is not None else ""
        words = unplanned or telling.plan(plan, app.plan_errors.get(self.stage.number), run_is_on=app.run_is_on)
        self.query_one(ChangesPane).show(plan or "", words, question, read_only=not app.in_control)

    def show_top(self) -> None:
        """Show the server, whose training it is, and a drill's clock."""
        if self._laid_out:
            self._write("#top", self._top())

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
        pane.mark(telling.marked(view))
        run, shown = self._noted
        fresh_notes = min(view.noted - (shown if run == view.name else 0), len(view.notes))
        self._noted = view.name, view.noted
        if fresh_notes:
            pane.say(view.notes[-fresh_notes:])

    def show_lesson(self, page: str) -> None:
        """Show the lesson's page anew."""
        self.query_one(WhyPane).teach(page)

    def on_descendant_focus(self, _event: DescendantFocus) -> None:
        """Show which keys work there."""
        self.call_later(self.show_status)

    def _write(self, where: str, content: Content, *, layout: bool = False) -> None:
        """Write to a line, if it is not what stands there: what does not change costs nothing.

        Args:
            where: the line.
            content: what is to stand there.
            layout: whether it may need another number of rows.
        """
        target = self.query_one(where, Static)
        before = target.content
        if not isinstance(before, Content) or not before.is_same(content):  # == does not look at styles
            target.update(content, layout=layout)

    def _top(self) -> Content:
        app = self.wizard
        parts = [part(" mailman-wizard ", "bold"), part(f" {app.about.hostname}  ", "plain")]
        if app.training is not None:
            parts.append(part(f"{app.training.where}  ", "bold"))
        elif app.alone:
            parts.append(part(f"stage {app.alone} alone  ", "dim"))
        if not app.in_control:
            read_only = _("read-only"), _("read-only (t takes over): another terminal has the controls")
            words = read_only[not app.watching]
            parts.append(part(words, "warn"))
        elif app.run_is_on:
            parts.append(part(_("a run is on: stage {number}").format(number=app.view.current or "…"), "busy"))
        return Content.assemble(*parts)

    @property
    def _stands(self) -> Standing:
        return self.wizard.standing[self.stage.number - 1]

    def _status(self) -> Content:
        app = self.wizard
        if app.said.text:
            return Content.assemble(part(f" {app.said.text}", "warn"))
        advice = app.gates.advice(self.stage.number) if app.training is None else app.training.advice
        here, control = self.stage.number, app.in_control
        said = telling.run(app.view, app.now(), here, app.size.width, is_on=app.run_is_on, in_control=control)
        return said or Content.assemble(part(f" {advice}", "dim"))

    def _keys(self) -> Content:
        app = self.wizard
        if app.training is not None and not app.view.question:
            return telling.keys(app.training.keys, app.size.width)
        keys = [("F1", _("help"), True), ("F2", _("shell"), True)]
        if app.view.question and app.in_control:
            keys += [("F9", _("apply"), True), ("F12", _("decline"), True)]
        elif app.run_is_on:
            keys += [("^X", _("stop"), app.in_control)]
        else:
            keys += [("F8", _("check"), app.in_control), ("F9", _("set up"), app.in_control)]
        if not app.alone:
            keys += [("F10", _("report") if self._done else _("next"), app.gates.is_open(self.stage.number))]
        writing = isinstance(self.focused, Input)  # where a letter is a letter
        extra = telling.SEARCHING if writing and self.pane == "logs" else telling.EXTRA.get(self.pane, [])
        keys += [(key, _(word), key != "^S" or app.in_control) for key, word in extra]
        if not (app.in_control or app.watching):
            keys += [("t", _("take over"), True)]
        keys += [("^Q" if writing else "q", _("quit"), True)]
        return telling.keys(keys, app.size.width)

    @property
    def _done(self) -> bool:
        return self.stage.number == LAST

    # Where somebody is.

    def action_pane(self, pane: str) -> None:
        """Show a pane, and put the focus where its keys work."""
        if pane != self.pane:
            self._before = [*self._before[-8:], self.pane]
        self._go(pane)

    def come(self, pane: str) -> None:
        """Show a pane when somebody comes here."""
        if self._laid_out:
            self.action_pane(pane)
        else:
            self.pane = pane

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
        elif self.pane == "why":
            text = "\n".join(self.query_one(WhyPane).texts)
        elif self.pane == "changes":
            text = "\n".join(self.query_one("#diff", Lines).texts)
        elif self.pane == "logs":
            text = "\n".join(self.query_one("#log", Lines).texts[-200:])
        else:
            return
        self.app.copy_to_clipboard(text)
        self.wizard.tell(_("copied to your terminal's clipboard (OSC 52)"))


def _seen(widget: Widget, screen: Screen[None]) -> bool:
    """Whether nothing around it is hidden."""
    return all(each.display for each in widget.ancestors if isinstance(each, Widget) and each is not screen)
