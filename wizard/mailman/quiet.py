"""Waiting until Mailman's runners have nothing in their hands, before they are stopped.

A runner that gets SIGTERM while it works on a message throws that message into the shunt queue, where it stays
until somebody unshunts it (``RunnerInterrupt`` in mailman/core/runner.py).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from wizard import services, wait
from wizard.errors import UnseenError
from wizard.events import Emit
from wizard.facts import queues, runners
from wizard.facts.queues import QueueFile
from wizard.host import Host
from wizard.mailman import cfg, held

LIMIT = 60.0
"""Seconds; Postfix slows down who hands it mail while it delivers none (``in_flow_delay``)."""
SETTLED = 1.0
"""Seconds for which nothing must have lain there: what was on its way from Postfix has come by then."""
STILL = 5.0
"""Seconds after which a message that lies there untouched is one that nobody works on: its runner is dead, or naps."""
KEPT = frozenset({"shunt", "bad", "retry"})
"""The queues in which messages lie and nobody works on them now."""
WORKED_ON = ".bak"
"""How a queue file ends while a runner has it in its hands (``Switchboard.dequeue``)."""


@contextmanager
def quiet(host: Host, emit: Emit, limit: float = LIMIT) -> Iterator[None]:
    """Let the runners work off what they have; as long as the context lasts, no new mail comes from Postfix.

    Nothing is waited for where no runner is there.

    Args:
        host: the machine.
        emit: told if there is something to be waited for.
        limit: seconds.

    Raises:
        UnseenError: at the limit a runner still had something in its hands; nothing was done to it.
        CommandError: new mail could not be kept out.
        OSError: the queues cannot be read.
    """
    config = cfg.read(host)
    if config is None or not services.running(host, services.MAILMAN):
        yield
        return
    with held.mail(host):
        watch = _Watch(host, config.queue_dir)
        if watch.found:
            emit("note", text=f"{len(watch.found)} message(s) are in Mailman's queues; new mail waits in Postfix's")
        try:
            wait.until(watch, limit=limit)
        except wait.LimitError:
            raise UnseenError(
                f"Mailman was not stopped: after {limit:g} seconds without new mail its runners still worked on "
                f"{len(watch.found)} message(s), and what a runner works on is shunted when it is stopped"
            ) from None
        yield


class _Watch:
    """Looks at the queues again and again; quiet is what has been so for a while."""

    def __init__(self, host: Host, queue_dir: Path) -> None:
        self._host = host
        self._queue_dir = queue_dir
        self._since = time.monotonic()
        self.found = self._waiting()
        """The messages that were there at the last look."""

    def __call__(self) -> bool | None:
        found = self._waiting()
        if found != self.found or any(self._in_hand(file) for file in found):
            self.found, self._since = found, time.monotonic()
            return None
        return True if time.monotonic() - self._since >= (STILL if found else SETTLED) else None

    def _waiting(self) -> frozenset[QueueFile]:
        files = queues.read(self._host, self._queue_dir)
        return frozenset(file for queue, found in files.items() if queue not in KEPT for file in found)

    def _in_hand(self, file: QueueFile) -> bool:
        """Whether a runner that can work has the message; a dead or a stopped one does nothing with it."""
        if file.suffix != WORKED_ON:
            return False
        return any(runner.works for runner in runners.find(self._host.processes()).named(file.queue))
