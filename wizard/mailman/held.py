"""Keeping new mail from Mailman for a while, with nothing refused and nothing put off.

Postfix's queue manager, qmgr(8), is stopped (SIGSTOP): Postfix takes mail from everybody, Mailman too, into its queue,
and starts no delivery; those that have begun come to their end by themselves. No file is changed, so nothing has to be
put back after a crash but the process, and a guard does that when this program is gone.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from wizard import services
from wizard.errors import CommandError
from wizard.host import Host

MANAGERS = frozenset({"qmgr", "oqmgr"})
LONGEST = 300
"""Seconds after which the guard lets mail go on whatever happens."""
_HOLD = """
state() { sed 's/.*) //' "/proc/$1/stat" 2> /dev/null; }
kill -STOP "$1" || exit
(
    left=$3
    while [ "$left" -gt 0 ]; do
        case $(state "$1") in T*) ;; *) exit ;; esac
        case $(state "$2") in ''|Z*) break ;; esac
        sleep 1
        left=$((left - 1))
    done
    kill -CONT "$1"
) < /dev/null > /dev/null 2>&1 &
"""
"""Stops one process, and lets it go on when another one has ended; the guard ends when it goes on by itself."""


@contextmanager
def mail(host: Host) -> Iterator[None]:
    """Let Postfix start no delivery for as long as the context lasts; nothing is done where it does not run.

    Raises:
        CommandError: its queue manager could not be stopped.
    """
    pids = _managers(host)
    try:
        for pid in pids:
            host.run(["sh", "-c", _HOLD, "hold", pid, str(os.getpid()), str(LONGEST)]).require()
        yield
    finally:
        for pid in pids:
            _release(host, pid)


def _release(host: Host, pid: str) -> None:
    """Let it go on; one that is gone, because Postfix was stopped meanwhile, needs nothing.

    Raises:
        CommandError: it stays stopped.
    """
    ended = host.run(["kill", "-CONT", "--", pid])
    if not ended.ok and pid in _managers(host):
        raise CommandError(f"Postfix's queue manager could not be let go on ('kill -CONT {pid}'): {ended.said}")


def _managers(host: Host) -> tuple[str, ...]:
    return tuple(str(process.pid) for process in services.postfix_processes(host) if process.name in MANAGERS)
