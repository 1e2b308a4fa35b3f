"""What the lines around the panes say: the server, the stage, what the run is doing, and the keys that work now."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from datetime import datetime

from textual.content import Content

from wizard.desk import RunView, Standing, Waiting
from wizard.screens import way
from wizard.screens.marks import mark, part

BAR = 20
"""Columns of a bar of progress."""
SHUT = "shut: a stage before it is not verified"
EXTRA = {"answers": [("^S", "save")], "logs": [("/", "search"), ("s", "which")], "check": [("c", "copy")]}
"""The keys of single panes."""
SEARCHING = [("Enter", "find"), ("Esc", "close")]
"""Those of the logs' while somebody types what to look for."""


def stands(each: Standing) -> str:
    """Tell what is known of a stage from runs before; empty if nothing is."""
    if each.state == "verified":
        return f"verified {_clock(each.at)}"
    return f"{each.state}: {each.why}" if each.why else ""


def standing(each: Standing, width: int) -> Content:
    """Say where a stage stands, and all of why, in as many rows as that takes."""
    state = mark(each.state)
    words = SHUT if each.state == "shut" else stands(each) or state.word
    name = f" {state.sign} stage {each.number}, {each.name}: "
    text = f"{name}{words}"
    if len(text) > width:
        text = textwrap.fill(text[1:], width, initial_indent=" ", subsequent_indent="   ", break_on_hyphens=False)
    return Content.assemble(part(text[: len(name)], state.style), part(text[len(name) :], "dim"))


def plan(text: str | None, error: str | None) -> str:
    """Say what a stage's plan is: of none, that it is being made."""
    if error is not None:
        return f"It cannot be planned: {error}"
    if text is None:
        return "planning …"
    if not text:
        return "Nothing is to be changed: the server is as the answers want it."
    return "What F9 would change; you are asked before anything is."


def run(view: RunView, now: datetime, *, is_on: bool) -> Content | None:
    """Say what a run is doing, or why it ended; None if there is nothing to say."""
    if view.question:
        return Content.assemble(part(" the run waits: F5 shows the plan, F9 applies it, F12 declines", "warn"))
    if is_on and view.waiting:
        at = way.hop(view.stage(view.current)) if view.waiting.limit else ""
        return Content.assemble(part(" ▶ ", "busy"), *_progress(view.waiting, now, at))
    if is_on:
        where = f"stage {view.current} goes on" if view.current else "the run is starting"
        return Content.assemble(part(f" ▶ {where}", "busy"))
    if view.finished and view.error:
        return Content.assemble(part(f" ✘ {view.error.splitlines()[0]}", "bad"))
    return None


def keys(all_keys: Sequence[tuple[str, str, bool]]) -> Content:
    """Write keys, what each does, and whether it works now."""
    pieces: list[tuple[str, str]] = []
    for key, word, works in all_keys:
        pieces += [part(f" {key}", "bold" if works else "dim"), part(f" {word} ", "plain" if works else "dim")]
    return Content.assemble(*pieces)


def marked(view: RunView) -> frozenset[str]:
    """What a log line of the message that is on its way has in it."""
    message = view.stage(view.current).message
    if message is None:
        return frozenset()
    ids = {hop.queue_id for hop in message.hops.values() if hop.queue_id and "/" not in hop.queue_id}
    return frozenset({message.id, *(each for each in ids if each)})


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
