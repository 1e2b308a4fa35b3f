"""Waiting until Mailman's runners have nothing in their hands, before they are stopped.

A runner that gets SIGTERM while it works on a message throws that message into the shunt queue, where it stays
until somebody unshunts it (``RunnerInterrupt`` in mailman/core/runner.py).
"""

from __future__ import annotations

from pathlib import Path

from wizard import services, wait
from wizard.events import Emit
from wizard.facts import queues
from wizard.host import Host
from wizard.mailman import cfg

LIMIT = 30.0
"""Seconds; a server that never has nothing to do is stopped all the same."""
KEPT = frozenset({"shunt", "bad", "retry"})
"""The queues in which messages lie and nobody works on them now."""


def wait_quiet(host: Host, emit: Emit, limit: float = LIMIT) -> tuple[Path, ...]:
    """Return when no message waits for a runner, or at the limit; nothing is waited for if no runner is there.

    Args:
        host: the machine.
        emit: told if messages are still there at the limit.
        limit: seconds.

    Returns:
        The queue files that are still there.

    Raises:
        OSError: the queues cannot be read.
    """
    config = cfg.read(host)
    if config is None or not services.running(host, services.MAILMAN):
        return ()
    queue_dir = config.queue_dir
    try:
        wait.until(lambda: None if _waiting(host, queue_dir) else True, limit=limit)
    except wait.LimitError:
        left = _waiting(host, queue_dir)
        emit("note", text=f"{len(left)} message(s) are still in Mailman's queues after {limit:g} seconds; going on")
        return left
    return ()


def _waiting(host: Host, queue_dir: Path) -> tuple[Path, ...]:
    found = queues.read(host, queue_dir)
    return tuple(file.path for queue, files in found.items() if queue not in KEPT for file in files)
