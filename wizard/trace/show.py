"""A trace as lines of text, each with its style."""

from __future__ import annotations

from collections.abc import Iterator

from wizard.printable import SHOWN, shortened
from wizard.trace.model import Hop, State, Straggler, Trace

STYLES = {
    State.PASSED: "green",
    State.PENDING: "yellow",
    State.STUCK: "bold yellow",
    State.LOST: "bold red",
    State.NOT_REACHED: "dim",
}
MOST_NAMED = 20
"""Recipients named in text; the JSON has all of them."""

Line = tuple[str, str]
"""Text and style."""


def lines(trace: Trace) -> Iterator[Line]:
    """Show all six hops, and where the message stopped."""
    yield f"trace of {trace.data()['message_id']}", "bold"
    for hop in trace.hops:
        yield from of_hop(hop)
    yield from conclusion(trace)


def of_hop(hop: Hop) -> Iterator[Line]:
    """Show one hop with its evidence, and the recipients whom it did not reach."""
    words = [f"{hop.state:11} {hop.name:11}"]
    words += [f"{hop.at:%Y-%m-%d %H:%M:%S}Z"] if hop.at else []
    words += [f"{hop.seconds:.2f} s"] if hop.seconds is not None else []
    words += [f"{hop.recipients.reached} of {hop.recipients.expected}"] if hop.recipients else []
    words += [hop.queue_id] if hop.queue_id else []
    yield "  ".join(words), STYLES[hop.state]
    for text in hop.evidence[:1]:
        yield f"    {shortened(text, SHOWN)}", ""
    for straggler in _named(hop):
        reason = shortened(straggler.reason, SHOWN)
        yield f"    {straggler.state}: {straggler.address}: {reason}", STYLES[straggler.state]
    if hop.recipients and len(hop.recipients.stragglers) > MOST_NAMED:
        yield f"    … and {len(hop.recipients.stragglers) - MOST_NAMED} more (--json names all)", ""
    for text in hop.evidence[1:]:
        yield f"      {shortened(text, SHOWN)}", "dim"


def _named(hop: Hop) -> tuple[Straggler, ...]:
    """Those who have a line of their own; a single one is told of in the sentence before."""
    stragglers = hop.recipients.stragglers if hop.recipients else ()
    return stragglers[:MOST_NAMED] if len(stragglers) > 1 else ()


def conclusion(trace: Trace) -> Iterator[Line]:
    """Say where it stopped, and what could not be looked at."""
    for text in trace.unseen:
        yield f"could not be looked at: {text}", "yellow"
    stopped = trace.stopped_at
    if stopped is None:
        yield "it reached everything", "bold green"
    elif stopped.state is State.NOT_REACHED:
        yield f"not found: {stopped.evidence[0] if stopped.evidence else ''}", "bold red"
    else:
        yield f"stopped at {stopped.name} ({stopped.state})", "bold red"
