"""Services by the machine's own means: systemd if it is PID 1, else ``postfix`` and ``mailman`` themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from wizard import wait
from wizard.errors import ChangeError
from wizard.facts import units
from wizard.host import Completed, Host, Listener, Process
from wizard.mailman import cfg
from wizard.plan import Action

POSTFIX, MAILMAN = "postfix", "mailman3"
SYSTEMD = Path("/run/systemd/system")
SYSV_LINKS = Path("/etc/rc2.d")
"""What an init without systemd starts in Debian's usual runlevel (update-rc.d(8))."""
STOP_LIMIT = 60
"""Seconds that a service may take to end all its processes."""
START_LIMIT = 120
SAID_LINES = 5
"""Lines of the journal that a failure is told with, the newest."""
_TRACEBACK = re.compile(r"\s|Traceback |The above exception |During handling of ")
"""How the lines of Python's traceback begin, but for those with the errors themselves."""


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


def holder(processes: Iterable[Process], listener: Listener) -> str:
    """Name the program that listens, and its process."""
    found = next((process for process in processes if process.pid == listener.pid), None)
    return f"{found.name} (process {found.pid})" if found else "an unknown program"


def running(host: Host, service: str) -> bool:
    """Tell whether any process of a service is there; whether it works is for the checks to say."""
    return bool(postfix_masters(host) if service == POSTFIX else mailman_processes(host))


def boots(host: Host, service: str) -> bool:
    """Tell whether a service starts at boot: by systemd, or by the links that an init without it follows."""
    unit = units.read(host, f"{service}.service")
    if unit is not None:
        return unit.boots
    return any(link.startswith("S") and link[3:] == service for link in host.names(SYSV_LINKS))


def act(host: Host, service: str, action: Action) -> None:
    """Do it, and return when it is done.

    Raises:
        ChangeError: the service manager refused; the message says why.
        LimitError: a service did not end within `STOP_LIMIT`.
    """
    if has_systemd(host):
        _systemctl(host, service, action)
        return
    if action == "restart":
        act(host, service, "stop")
        act(host, service, "start")
        return
    if action in {"enable", "disable"}:
        _links(host, service, action)
        return
    if service == MAILMAN and action == "stop":
        _wake(host)
    if service == POSTFIX:
        _require(service, action, host.run(["postfix", action], limit=START_LIMIT))
    else:
        words = {"start": ("start", "--force"), "stop": ("stop",), "reload": ("reopen",)}[action]
        _require(service, action, host.run([*cfg.COMMAND, *words], user=cfg.USER, limit=START_LIMIT))
    if action == "stop":
        wait.until(lambda: None if running(host, service) else True, limit=STOP_LIMIT)


def _links(host: Host, service: str, action: Action) -> None:
    """Set the links of a service without systemd; ``enable`` alone makes none where there are none at all."""
    for word in ("defaults", action):
        _require(service, action, host.run(["update-rc.d", service, word]))


def _wake(host: Host) -> None:
    """Let stopped runners go on, so that they hear that they are to end."""
    stopped = [str(process.pid) for process in mailman_processes(host) if process.state in {"stopped", "tracing-stop"}]
    if stopped:
        host.run(["kill", "-CONT", "--", *stopped])


def _systemctl(host: Host, service: str, action: Action) -> None:
    """Let systemd do it; it says neither why a service fails nor, up to Debian 12, that ``postfix@-`` did behind it."""
    if service == MAILMAN and action in {"stop", "restart"}:
        _wake(host)
    since = f"--since=@{host.now().timestamp():.6f}"
    ended = host.run(["systemctl", action, service], limit=START_LIMIT)
    if ended.ok and action == "stop":
        # Up to Debian 12, Postfix's instance is stopped by a job of its own (PartOf): systemctl does not wait for it.
        wait.until(lambda: None if running(host, service) else True, limit=STOP_LIMIT)
    if ended.ok and (action not in {"start", "restart"} or running(host, service)):
        return
    units_of = (f"--unit={service}.service", f"--unit={service}@*.service")
    said = host.run(["journalctl", "--quiet", "--no-pager", "--output=cat", since, *units_of]).stdout
    lines = [line for line in said.splitlines() if line and not _TRACEBACK.match(line)][-SAID_LINES:]
    failure = f"exit code {ended.code}" if not ended.ok else "systemd reports no failure, but no process of it runs"
    raise ChangeError("\n".join((f"{service}: {action} failed (systemctl {action} {service}): {failure}", *lines)))


def _require(service: str, action: Action, ended: Completed) -> None:
    if not ended.ok:
        raise ChangeError(f"{service}: {action} failed ({' '.join(ended.argv)}): {ended.said}")
