"""Check: the mail's way as a picture, each check with its state, time and evidence, and the cause of a failure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from rich.cells import set_cell_size
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from wizard.desk import CheckView, Ground, StageView, Standing
from wizard.i18n import _
from wizard.screens import way
from wizard.screens.lines import Line, Lines
from wizard.screens.marks import mark, part, signed

GAP = "   "
BOXED = frozenset({5, 6})
"""The stages whose posts go to many mailboxes."""


class CheckList(OptionList):
    """The checks, to be gone through with the arrow keys."""

    def action_page_up(self) -> None:
        """Go a page up; where it is not laid out yet, as in a burst of keys, Textual looks for lines in vain."""
        with suppress(LookupError):
            super().action_page_up()  # type: ignore[no-untyped-call]  # Textual has no types there

    def action_page_down(self) -> None:
        """Go a page down, in the same way."""
        with suppress(LookupError):
            super().action_page_down()  # type: ignore[no-untyped-call]  # Textual has no types there


class ChecksPane(Vertical):
    """The checks of one stage."""

    def __init__(self, number: int) -> None:
        super().__init__(id="check")
        self._ground = Ground(number)
        self._view = StageView(number)
        self._standing = ""
        self._below: tuple[Standing, ...] = ()
        self._drawn: dict[str, CheckView | None] = {}
        self._chosen = ""
        """The check whose details are shown because somebody went there; else the one that tells most."""

    def compose(self) -> ComposeResult:
        """Make room for the picture, the checks, and the details of one."""
        yield Static(id="way")
        yield CheckList(id="checks", compact=True)
        yield Lines(words=True, id="detail")

    def on_mount(self) -> None:
        """Draw what there is."""
        self.show(self._ground, self._view, "")

    def on_resize(self) -> None:
        """Draw the picture as wide as there is room."""
        self._picture()

    def show(self, ground: Ground, view: StageView, standing: str, below: tuple[Standing, ...] = ()) -> None:
        """Show the checks as they are now; only what has changed is drawn.

        Args:
            ground: which checks there are.
            view: the stage, as the run has it.
            standing: where it stands, in words; for where the run has not checked it.
            below: the stages that it depends on, where nobody walks through them.
        """
        self._standing = standing
        self._below = below
        if view.number and not view.checks:
            self._chosen = ""
        self._view = view
        options = self.query_one("#checks", OptionList)
        if ground != self._ground:
            self._ground = ground
            options.set_options(Option(_row(each.title, None), id=each.id) for each in ground.proofs)
        for check in ground.proofs:
            now = view.check(check.id)
            if check.id not in self._drawn or self._drawn[check.id] != now:
                self._drawn[check.id] = now
                options.replace_option_prompt(check.id, _row(check.title, now))
        self._picture()
        self._details()
        self._keep_in_view(options)

    def _keep_in_view(self, options: OptionList) -> None:
        """Go with the run, as long as nobody has gone to a check."""
        here = next((each.id for each in self._view.checks if each.state == "running"), None)
        here = here or (self.shown.id if self.shown else None)
        known = [check.id for check in self._ground.proofs]
        if here not in known or (self._chosen and options.has_focus):
            return
        index = known.index(here)
        if options.highlighted != index:
            with options.prevent(OptionList.OptionHighlighted):
                options.highlighted = index

    @property
    def shown(self) -> CheckView | None:
        """The check whose details are shown."""
        if self._chosen and (chosen := self._view.check(self._chosen)):
            return chosen
        ended = [each for each in self._view.checks if each.state != "running"]
        worst = next((each for each in ended if each.state in {"fail", "unknown"}), None)
        return worst or (ended[-1] if ended else None)

    def copied(self) -> str:
        """Return what is copied from here: the cause in full, or the evidence."""
        return "\n".join(line.text for line in self._words())

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Show the details of the check that was gone to."""
        event.stop()
        if event.option_list.has_focus:
            self._chosen = event.option_id or ""
            self._details()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Read the details."""
        event.stop()
        self._chosen = event.option_id or ""
        self._details()
        self.query_one("#detail").focus()

    def _picture(self) -> None:
        width = max(self.size.width - 2, 40)
        lines = [way.picture(self._view, width)]
        extra = [each for each in (way.target(self._view), self._boxes()) if each.plain]
        used = sum(each.cell_length + len(GAP) for each in extra)
        extra += [each for each in (way.plot(self._view.times, width - used),) if each.plain]
        lines.append(Content(GAP).join(extra) if extra else Content(""))
        self.query_one("#way", Static).update(Content("\n").join(lines), layout=False)

    def _boxes(self) -> Content:
        return way.mailboxes(self._view) if self._ground.number in BOXED else Content("")

    def _words(self) -> list[Line]:
        return [*details(self.shown, self._ground, self._standing), *stands_on(self._below)]

    def _details(self) -> None:
        self.query_one("#detail", Lines).replace(self._words())


def _row(title: str, check: CheckView | None) -> Content:
    state = check.state if check else ""
    ended = check is not None and state != "running"
    took = f"  {check.seconds:.1f} s" if check and ended else ""
    return Content.assemble(
        signed(state),
        part(f" {set_cell_size(_(mark(state).word), 9)} ", mark(state).style),
        part(_(title)),
        part(took, "dim"),
    )


def details(check: CheckView | None, ground: Ground, standing: str = "") -> list[Line]:
    """Say everything about one check: its causes first, then what was seen."""
    if check is None:
        not_now = _("Not checked in this run; {standing}").format(standing=standing)
        before = not_now if standing else _("Nothing was checked yet")
        return [Line(f"{before}: {_('F8 runs the checks, F9 sets the stage up first.')}", "dim")]
    lines = [Line(f"{_(check.title)} ({check.id})", "head")]
    for cause in check.causes:
        lines += diagnosis(cause, ground.number)
    lines += [Line(text, "bad" if check.state == "fail" and not check.causes else "plain") for text in check.evidence]
    proof = next((each for each in ground.proofs if each.id == check.id), None)
    if proof:
        lines.append(Line(f"{_('proves')}: {proof.proves}", "dim"))
    return lines


def stands_on(below: Sequence[Standing]) -> list[Line]:
    """Say where the stages stand that a stage depends on."""
    text = _("depends on stage {number}, {name}: {word}{why}")
    words = [(each, _(mark(each.state).word), f": {each.why}" if each.why else "") for each in below]
    return [
        Line(
            text.format(number=each.number, name=each.name, word=word, why=why),
            "dim" if each.state == "verified" else "warn",
        )
        for each, word, why in words
    ]


def diagnosis(cause: Mapping[str, Any], here: int) -> list[Line]:
    """Write one cause in full; the plan that mends it is that of the stage that its code begins with."""
    of = str(cause["code"]).removeprefix("MW")[:1]
    where = "" if of == str(here) else _(" at stage {number}").format(number=of)
    lines = [Line(f"{cause['code']}: {cause['title']}", "bad"), Line(f"cause: {cause['cause']}")]
    lines += [Line(f"seen:  {text}", "dim") for text in cause["evidence"]]
    lines += [Line(f"fix:   {cause['fix']}", "good")]
    if cause["fixable"]:
        text = _("F9{where} does this for you, and shows the changes first")
        lines += [Line(text.format(where=where), "good")]
    return lines + [Line(f"see:   {command}", "place") for command in cause["see"]]
