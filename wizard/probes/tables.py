"""Postfix noticing that a map has changed, so that a new list is known before mail is sent to it.

A long-lived Postfix process goes by the map's time stamp, whose unit is a second: two versions of one second
are the same to it. trivial-rewrite(8), which routes, looks every ten seconds (``TABLE_CHECK_INTERVAL`` in its source);
until then it routes by the map that it has open.
"""

from __future__ import annotations

from contextlib import suppress

from wizard import wait
from wizard.facts import maps
from wizard.host import Host

ROUTER = "trivial-rewrite"
INTERVAL = 11.0
"""Seconds after which every router has looked by itself."""


def next_second(host: Host, table: str) -> None:
    """Wait until a map that is written now gets another time stamp than the present one; at most a second."""
    written = maps.compiled_state(host, table).compiled_mtime
    if written is not None:
        # Another second, not a later one: the clock may have been set back since.
        wait.until(lambda: True if int(host.now().timestamp()) != int(written) else None, limit=INTERVAL)


def noticed(host: Host) -> None:
    """Return when no router works with a map from before this call."""
    suspects = _routers(host)
    # A router that has just started with the new map never goes; after the interval it is known to be such.
    with suppress(wait.LimitError):
        wait.until(lambda: None if suspects & _routers(host) else True, limit=INTERVAL)


def _routers(host: Host) -> frozenset[int]:
    return frozenset(process.pid for process in host.processes() if process.name == ROUTER)
