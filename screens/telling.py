"""What the lines around the panes say: the server, the stage, what the run is doing, and the keys that work now."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from datetime import datetime

from rich.cells import cell_len
from textual.content import Content
from textual.geometry import Size

from wizard.desk import RunView, StageView, Standing, Waiting
from wizard.i18n import _
from wizard.screens import way
from wizard.screens.marks import mark, part

BAR = 20
"""Columns of a bar of progress."""
MORE = " … ('mailman-wizard status' tells all)"
"""Where a reason is longer than half the screen."""
EXTRA = {"answers": [("^S", "save")], "logs": [("/", "search"), ("s", "which")], "check": [("c", "copy")]}
"""The keys of single panes."""
SEARCHING = [("Enter", "find"), ("Esc", "close")]
"""Those of the logs' while somebody types what to look for."""


def stands(each: Standing) -> str:
    """Tell what is known of a stage from runs before; empty if nothing is."""
    if each.state == "verified":
        return f"{_('verified')} {_clock(each.at)}"
    return f"{_(mark(each.state).word)}: {each.why}" if each.why else ""


def standing(each: Standing, size: Size) -> Content:
    """Say where a stage stands, and all of why, in as many rows as that takes, if they leave the panes half the screen.

    What is left out then is told by the last row.
    """
    width = size.width
    state = mark(each.state)
    shut = _("shut: a stage before it is not verified")
    words = shut if each.state == "shut" else stands(each) or _(state.word)
    name = f" {state.sign} {_('stage {number}, {name}').format(number=each.number, name=each.name)}: "
    text = f"{name}{words}"
    if len(text) > width:
        text = textwrap.fill(
            text[1:],
            width,
            initial_indent=" ",
            subsequent_indent="   ",
            break_on_hyphens=False,
            max_lines=max(size.height // 2, 1),
            placeholder=MORE,
        )
    return Content.assemble(part(text[: len(name)], state.style), part(text[len(name) :], "dim"))


def plan(text: str | None, error: str | None, *, run_is_on: bool) -> str:
    """Say what a stage's plan is; of none, that it is being made, or is when the run has ended."""
    if error is not None:
        return _("It cannot be planned: {error}").format(error=error)
    if text is None:
        on = _("A run is on: what it leaves to be changed is planned when it has ended.")
        return on if run_is_on else _("planning …")
    if not text:
        return _("Nothing is to be changed: the server is as the answers want it.")
    return _("What F9 would change; you are asked before anything is.")


def run(view: RunView, now: datetime, here: int, width: int, *, is_on: bool, in_control: bool) -> Content | None:
    """Say what a run is doing, or why it ended; None if there is nothing to say.

    Args:
        view: the run.
        now: the clock.
        here: the stage that is shown.
        width: columns of the line.
        is_on: whether it goes on.
        in_control: whether this terminal has the controls.
    """
    if view.question:
        here_keys = _("the run waits: F5 shows the plan, F9 applies it, F12 declines")
        words = here_keys if in_control else _("the run waits: its plan is to be approved elsewhere")
        return Content.assemble(part(f" {words}", "warn"))
    if is_on and view.waiting:
        at = way.hop(view.stage(view.current)) if view.waiting.limit else ""
        return Content.assemble(part(" ▶ ", "busy"), *_progress(view.waiting, now, at, min(BAR, width // 6)))
    if is_on:
        goes_on = _("stage {number} goes on").format(number=view.current)
        where = goes_on if view.current else _("the run is starting")
        return Content.assemble(part(f" ▶ {where}", "busy"))
    if view.finished and view.error:
        return Content.assemble(part(f" ✘ {view.error.splitlines()[0]}", "bad"))
    if view.finished and view.exit and view.current != here and view.first <= here <= view.last:
        return Content.assemble(part(f" ✘ {_stopped(view.stage(view.current))}", "bad"))
    return None


def _stopped(stage: StageView) -> str:
    """Say which stage kept a run from coming to the one that is shown, and why."""
    codes = [str(cause["code"]) for each in stage.failed for cause in each.causes]
    why = ", ".join(dict.fromkeys(codes)) or "; ".join(_(each.title) for each in stage.failed)
    text = _("stage {number} stopped the run{why}: key {number} shows it")
    return text.format(number=stage.number, why=f" ({why})" if why else "")


def keys(all_keys: Sequence[tuple[str, str, bool]], width: int) -> Content:
    """Write keys, what each does, and whether it works now; the last one is always seen.

    Where there is no room, they stand closer, and then those that do not work are left out, and the last but one.
    """
    left = list(all_keys)
    while len(left) > 1 and (sum(cell_len(f"{key} {word} ") for key, word, _works in left) > width + 1):
        idle = [number for number, (_key, _word, works) in enumerate(left[:-1]) if not works]
        del left[idle[-1] if idle else -2]
    wide = sum(cell_len(f" {key} {word} ") for key, word, _works in left) <= width + 1  # the last blank may be cut off
    pieces: list[tuple[str, str]] = []
    for key, word, works in left:
        before = " " if wide else ""
        pieces += [
            part(f"{before}{key}", "bold" if works else "dim"),
            part(f" {word} ", "plain" if works else "dim"),
        ]
    content = Content.assemble(*pieces)
    return content if wide else content.rstrip()


def marked(view: RunView) -> frozenset[str]:
    """What a log line of the message that is on its way has in it."""
    message = view.stage(view.current).message
    if message is None:
        return frozenset()
    ids = {hop.queue_id for hop in message.hops.values() if hop.queue_id and "/" not in hop.queue_id}
    return frozenset({message.id, *(each for each in ids if each)})


def _progress(waiting: Waiting, now: datetime, at: str, most: int) -> list[tuple[str, str]]:
    """Say how far it is; in front of what is waited for, which may be longer than the line."""
    if waiting.done is not None:
        full = round(waiting.done * most)
        return [part(f"{'█' * full}{'·' * (most - full)} {waiting.done:4.0%} ", "busy"), part(waiting.text)]
    gone = max((now - datetime.fromisoformat(waiting.at)).total_seconds(), 0.0)
    if waiting.limit is None:
        return [part(f"{gone:.0f} s  ", "dim"), part(waiting.text)]
    left = part(f"{_('{seconds} s left').format(seconds=f'{max(waiting.limit - gone, 0.0):.0f}')}  ", "warn")
    return [left, *([part(f"{_('at {hop}').format(hop=at)}  ", "busy")] if at else []), part(waiting.text)]


def _clock(at: str) -> str:
    try:
        return f"{datetime.fromisoformat(at).astimezone():%Y-%m-%d %H:%M}"
    except ValueError:
        return at
