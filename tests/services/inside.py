"""Speaking to the servers in a lab from a test outside of it."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from wizard.host import Completed
from wizard.lab import Lab
from wizard.localhost import LocalHost

_CLONE_NEWNET = 0x40000000


@dataclass(frozen=True, slots=True)
class RunningInside(LocalHost):
    """A host whose commands run in a lab; the rest of it is this machine's."""

    lab: Lab = field(kw_only=True)

    def run(
        self,
        argv: Sequence[str],
        *,
        stdin: str | None = None,
        limit: float = 60,
        user: str | None = None,
        env: Mapping[str, str] | None = None,
    ) -> Completed:
        return self.lab.run(argv, stdin=stdin, limit=limit, user=user, env=env)


@contextmanager
def network_of(lab: Lab) -> Iterator[None]:
    """Give this thread the network of a lab (setns(2)); sockets made meanwhile stay in it."""
    with Path("/proc/thread-self/ns/net").open("rb") as own, Path(f"/proc/{lab.pid}/ns/net").open("rb") as inner:
        _enter(inner.fileno())
        try:
            yield
        finally:
            _enter(own.fileno())


def _enter(namespace: int) -> None:
    if ctypes.CDLL(None, use_errno=True).setns(namespace, _CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")
