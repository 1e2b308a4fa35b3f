"""The mail's way as a picture: six hops that light up as a probe passes them, and the mailboxes that fill."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from wizard.desk import MessageView, StageView
from wizard.screens.marks import STYLES, mark, part, signed

HOPS = ("entry", "lmtp", "mailman", "outbound", "postfix-out", "mailbox")
NAMES = {"entry": "entry", "lmtp": "LMTP", "mailman": "Mailman", "outbound": "outbound", "postfix-out": "Postfix"}
BARS = "▁▂▃▄▅▆▇█"
BOX, EMPTY = "■", "□"
MOST_BOXES = 24
MOST_BARS = 24


def picture(stage: StageView, width: int) -> Content:
    """Draw the way of the newest message of a stage, in two lines.

    Args:
        stage: as a run has it.
        width: columns.
    """
    message = stage.message
    cell = max(width // len(HOPS), 9)
    names: list[tuple[str, str]] = []
    states: list[tuple[str, str]] = []
    for number, hop in enumerate(HOPS):
        state, text = _at(message, hop)
        name = NAMES.get(hop, "mailboxes")
        last = number == len(HOPS) - 1
        names.append((name, STYLES[mark(state).style]))
        names.append(part("" if last else _arrow(cell - len(name)), "dim"))
        states += [signed(state), part(f" {text}".ljust(cell - 1)[: cell - 1] if not last else f" {text}", "dim")]
    return Content.assemble(*names, "\n", *states)


def _arrow(width: int) -> str:
    """Draw an arrow with a blank at each end, or its head alone where there is no room."""
    return f" {'─' * (width - len(' ▶ '))}▶ " if width > len(" ▶ ") else "▶".center(width)


def hop(stage: StageView) -> str:
    """Name the hop that the newest message was seen at last; empty if it was seen nowhere."""
    message = stage.message
    seen = [name for name in HOPS if message and name in message.hops]
    return NAMES.get(seen[-1], "mailboxes") if seen else ""


def _at(message: MessageView | None, hop: str) -> tuple[str, str]:
    """Tell the state at a hop, and what is written below it."""
    if message is None:
        return "", ""
    reached = f"{len(message.arrived)} of {message.of}" if message.of else ""
    if hop == "mailbox" and message.of and len(message.arrived) == message.of:
        return "passed", reached
    found = message.hops.get(hop)
    if found is None:
        return (
            ("pending", reached) if hop == "mailbox" and message.arrived else ("", reached if hop == "mailbox" else "")
        )
    if hop == "mailbox" and reached:
        return found.state, reached
    return found.state, _seconds(found.seconds)


def _seconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:.1f} s"


def target(stage: StageView) -> Content:
    """Say where the newest message goes."""
    return Content.assemble(part(f"to {stage.message.to}", "dim")) if stage.message else Content("")


def mailboxes(stage: StageView) -> Content:
    """Draw the mailboxes of the newest message that is for some: a box each, filled when it has come."""
    message = next((each for each in reversed(stage.messages) if each.of), None)
    if message is None:
        return Content("")
    full = len(message.arrived)
    boxes = (BOX * full + EMPTY * (message.of - full))[:MOST_BOXES]
    return Content.assemble(
        part(boxes[:full], "good"), part(boxes[full:], "dim"), part(f" {full} of {message.of} mailboxes", "dim")
    )


def plot(times: Sequence[float], width: int) -> Content:
    """Draw the newest delivery times as bars, and say the fastest and the slowest; nothing where there is no room."""
    if not times:
        return Content("")
    words = f" {min(times):.1f} to {max(times):.1f} s"
    shown = times[-min(max(width - len(words), 0), MOST_BARS) :] if width > len(words) else ()
    top = max(times) or 1.0
    bars = "".join(BARS[round(each / top * (len(BARS) - 1))] for each in shown)
    return Content.assemble(part(bars, "busy"), part(words, "dim")) if bars else Content("")
