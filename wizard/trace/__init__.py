"""A message's way: from log lines, queues and mailboxes to the hops it took."""

from wizard.trace.follow import CLOCK, follow
from wizard.trace.gather import Gatherer
from wizard.trace.judge import judge
from wizard.trace.model import HOPS, Hop, State, Trace, identity
from wizard.trace.send import not_taken, sent
from wizard.trace.show import Line, conclusion, lines, of_hop

__all__ = [
    "CLOCK",
    "HOPS",
    "Gatherer",
    "Hop",
    "Line",
    "State",
    "Trace",
    "conclusion",
    "follow",
    "identity",
    "judge",
    "lines",
    "not_taken",
    "of_hop",
    "sent",
]
