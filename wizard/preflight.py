"""What must be true before anything is touched."""

from __future__ import annotations

import os
from pathlib import Path

from wizard import services
from wizard.errors import RefusedError
from wizard.host import Host
from wizard.site import Site

APT = Path("/usr/bin/apt-get")


def require_root() -> None:
    """Refuse anybody but root.

    Raises:
        RefusedError: the effective user is not root.
    """
    if os.geteuid() != 0:
        raise RefusedError("this needs root: it reads and changes the mail server; run it with sudo, or as root")


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


def require_port(host: Host, site: Site) -> None:
    """Refuse if another program has Postfix's port, or one of Mailman's.

    Raises:
        RefusedError: says which program has which port, and what to do.
    """
    ours = {process.pid for process in services.postfix_processes(host)}
    mailman = {process.pid for process in services.mailman_processes(host)}
    wanted = {
        site.smtp_port: ours,
        site.mailman.lmtp.port: mailman,
        site.mailman.rest.port: mailman,
    }
    names = {process.pid: process.name for process in host.processes()}
    for listener in host.listeners():
        owners = wanted.get(listener.port)
        if owners is not None and listener.pid not in owners:
            holder = f"{names.get(listener.pid or 0, 'an unknown program')} (process {listener.pid})"
            raise RefusedError(
                f"port {listener.port} of {listener.address} is taken by {holder}; "
                "stop that program or give it another port, then start again"
            )
