"""Looking for a message until nothing about it changes any more."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta

from wizard import wait
from wizard.trace.gather import Gatherer
from wizard.trace.judge import judge
from wizard.trace.model import Trace

CLOCK = timedelta(seconds=2)
"""How far a log's times, which are cut to the second, may be behind the clock."""
SHARE = 4
"""The pause after a look, in times that it took: following must not keep the machine busy."""


def follow(gatherer: Gatherer, limit: float) -> Iterator[Trace]:
    """Give the trace at once, and again when it has changed, until it is final or the limit has passed.

    Args:
        gatherer: what looks.
        limit: seconds.

    Raises:
        RefusedError: as `Gatherer.look`.
    """
    last: Trace | None = None
    rest_until = 0.0
    deadline = time.monotonic() + limit
    for _ in wait.wakings((), deadline):
        begun = time.monotonic()
        if begun < rest_until and begun < deadline:
            continue
        found = judge(gatherer.look())
        rest_until = time.monotonic() + SHARE * (time.monotonic() - begun)
        if last is None or found.hops != last.hops:
            last = found
            yield found
        if found.final:
            return
