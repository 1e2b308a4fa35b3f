"""Rotation of the log that Postfix writes itself, where the machine has no other mail log."""

from __future__ import annotations

from pathlib import Path

from wizard.host import Host
from wizard.plan import File, Why
from wizard.render import render

DIRECTORY = Path("/etc/logrotate.d")
NAME = "mailman-wizard"


def plan(host: Host, stage: int, log: str) -> tuple[File, ...]:
    """Plan logrotate(8)'s file for a log; nothing where another one names the log already.

    Args:
        host: the machine.
        stage: the stage's number.
        log: path of the log.
    """
    others = [name for name in host.names(DIRECTORY) if name != NAME]
    if host.state(DIRECTORY) is None or any(log.encode() in host.read(DIRECTORY / name) for name in others):
        return ()
    path = DIRECTORY / NAME
    before = host.read(path) if host.state(path) else None
    after = render("postfix/logrotate.j2", log=log).encode()
    why = (Why(NAME, f"{log} would grow for ever otherwise"),)
    return () if before == after else (File(stage, path, before, after, 0o644, "root", "root", why),)
