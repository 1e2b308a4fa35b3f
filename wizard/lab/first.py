"""The first process of a lab: it builds the lab around itself, then reaps, until its lifeline ends.

Run by `wizard.lab.namespace` in a new PID namespace. Its standard input is the lifeline: one line that says
what to build, then nothing. The kernel closes a pipe whose writer is killed in whatever way, so the end is
seen in any case; and with a first process the kernel kills all others of its namespace, and with the last
of them go the mounts and the network (pid_namespaces(7)).

On standard output it says one line: that the lab is ready, or which step the kernel refused.
"""

from __future__ import annotations

import os
import signal
import sys

from wizard.lab.build import StepError, build
from wizard.lab.order import Order, Report


def main() -> None:
    """Build the lab, say so, and stay until the lifeline ends."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # the kernel keeps it from a first process then
    order = Order.load(sys.stdin.buffer.readline().decode())
    try:
        report = Report(scratch=build(order))
    except StepError as error:
        cause = error.__cause__
        report = Report(step=str(error), errno=cause.errno or 0 if isinstance(cause, OSError) else 0)
    sys.stdout.write(f"{report.dump()}\n")
    sys.stdout.flush()
    if report.step is None:
        _stay()


def _stay() -> None:
    os.chdir("/")
    null = os.open("/dev/null", os.O_RDWR)
    os.dup2(null, 1)
    os.dup2(null, 2)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps then: wait(2), NOTES
    while os.read(0, 1):
        pass
