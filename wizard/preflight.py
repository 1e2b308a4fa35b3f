"""What must be true before anything is touched."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from wizard import services
from wizard.errors import AnswerError, Problem, RefusedError
from wizard.host import Host, Process
from wizard.site import Site

APT = Path("/usr/bin/apt-get")


def require_system(host: Host) -> None:
    """Refuse a machine whose packages cannot be managed.

    Raises:
        RefusedError: there is no apt-get.
    """
    if host.state(APT) is None:
        raise RefusedError(
            f"{APT} is not there: this program sets up Debian and its relatives; "
            "use one of them, or install postfix and mailman3 by hand"
        )


def require_ports(host: Host, site: Site) -> None:
    """Refuse if another program has Postfix's port, or one that the answers give to Mailman.

    Raises:
        RefusedError: Postfix's; says which program has it, and what to do.
        AnswerError: Mailman's; names the key, because another port will do.
    """
    holder = _holder(host, site.smtp_port, services.postfix_processes(host))
    if holder:
        raise RefusedError(
            f"port {site.smtp_port} is taken by {holder}; Postfix needs it: "
            "stop that program or give it another port, then start again"
        )
    mailman = services.mailman_processes(host)
    answers = {"mailman.lmtp": site.mailman.lmtp, "mailman.rest": site.mailman.rest}
    problems = tuple(
        Problem(key, repr(str(answer)), f"a port that no other program has; this one is taken by {holder}")
        for key, answer in answers.items()
        if (holder := _holder(host, answer.port, mailman))
    )
    if problems:
        raise AnswerError(problems)


def _holder(host: Host, port: int, ours: Iterable[Process]) -> str | None:
    """Name the program that listens on a port and is none of ours."""
    known = {process.pid for process in ours}
    for listener in host.listeners():
        if listener.port == port and listener.pid not in known:
            return f"{services.holder(host.processes(), listener)} at {listener.address}"
    return None
