"""Services by the machine's own means: systemd if it is PID 1, else ``postfix`` and ``mailman`` themselves."""

from __future__ import annotations

from pathlib import Path

from wizard import wait
from wizard.errors import ChangeError
from wizard.host import Completed, Host, Process
from wizard.mailman import cfg
from wizard.plan import Action

POSTFIX, MAILMAN = "postfix", "mailman3"
SYSTEMD = Path("/run/systemd/system")
STOP_LIMIT = 60
"""Seconds that a service may take to end all its processes."""
START_LIMIT = 120


def has_systemd(host: Host) -> bool:
    """Tell whether systemd is PID 1 (sd_booted(3))."""
    return host.state(SYSTEMD) is not None


def postfix_masters(host: Host) -> tuple[Process, ...]:
    """Return Postfix's master(8) processes: one when it runs, none when it does not."""
    return tuple(
        process
        for process in host.processes()
        if process.name == "master" and process.argv and process.argv[0].startswith("/usr/lib/postfix")
    )


def postfix_processes(host: Host) -> tuple[Process, ...]:
    """Return the masters and their children; the kernel may name any of them as a listening socket's owner."""
    masters = postfix_masters(host)
    parents = {process.pid for process in masters}
    return (*masters, *(process for process in host.processes() if process.parent in parents))


def mailman_processes(host: Host) -> tuple[Process, ...]:
    """Return Mailman's master and runners, as processes of the user ``list``."""
    ends = ("/bin/master", "/bin/runner")
    return tuple(
        process
        for process in host.processes()
        if process.user == cfg.USER and any(word.endswith(ends) for word in process.argv[:2])
    )


def running(host: Host, service: str) -> bool:
    """Tell whether any process of a service is there; whether it works is for the checks to say."""
    return bool(postfix_masters(host) if service == POSTFIX else mailman_processes(host))


def boots(host: Host, service: str) -> bool | None:
    """Tell whether a service starts at boot; None where nothing could start it (no systemd)."""
    if not has_systemd(host):
        return None
    return host.run(["systemctl", "is-enabled", "--quiet", service]).ok


def act(host: Host, service: str, action: Action) -> None:
    """Do it, and return when it is done.

    Raises:
        ChangeError: the service manager refused; the message says why.
        LimitError: a service did not end within `STOP_LIMIT`.
    """
    if has_systemd(host):
        _require(service, action, host.run(["systemctl", action, service], limit=START_LIMIT))
        return
    if action == "restart":
        act(host, service, "stop")
        act(host, service, "start")
        return
    if action not in {"start", "stop", "reload"}:
        raise ChangeError(f"without systemd there is nothing that could {action} {service}")
    if service == POSTFIX:
        _require(service, action, host.run(["postfix", action], limit=START_LIMIT))
    else:
        words = {"start": ("start", "--force"), "stop": ("stop",), "reload": ("reopen",)}[action]
        _require(service, action, host.run([*cfg.COMMAND, *words], user=cfg.USER, limit=START_LIMIT))
    if action == "stop":
        wait.until(lambda: None if running(host, service) else True, limit=STOP_LIMIT)


def _require(service: str, action: Action, ended: Completed) -> None:
    if not ended.ok:
        raise ChangeError(f"{service}: {action} failed ({' '.join(ended.argv)}): {ended.said}")
