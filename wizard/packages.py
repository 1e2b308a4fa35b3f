"""Debian packages: which are installed, the installing of others, and their removal.

Nothing is answered to debconf beforehand: Postfix's own default (Internet Site, in Debian 12 and 13) writes a plain
main.cf where there is none and leaves one that is there alone; Mailman's makes its SQLite database. What the admin has
preseeded counts. Sources: dpkg-query(1), apt-cache(8), and the packages' config scripts.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from wizard import wait
from wizard.apt import Apt, Ended, Progress
from wizard.errors import CommandError, RefusedError
from wizard.host import Host
from wizard.localhost import PATH, LocalHost

__all__ = [
    "Progress",
    "all_installed",
    "install",
    "installed",
    "others",
    "parse_candidates",
    "parse_installed",
    "remove",
]

LOCK_LIMIT = 300.0
"""Seconds to wait for another program that holds the package database's lock."""

_LOCKED = re.compile(r"Could not get lock (\S+?)\.? .*?(?:held by process (\d+) \((.+?)\)|$)")
_AGAIN = 5.0
"""Seconds after which a lock is tried again if its holder's end cannot be seen."""

_UPDATE = ("update", "--option=APT::Update::Error-Mode=any")
_INSTALL = ("install", "--yes", "--no-install-recommends")
_REMOVE = ("remove", "--yes")
_SIMULATED = re.compile(r"^(Remv|Inst) (\S+)", re.MULTILINE)

_CAUSES = (
    (r"dpkg was interrupted", "an earlier installation was cut short: run `dpkg --configure -a`, then again"),
    (r"No space left on device|enough free space", "the disk is full: free some space, then again"),
    (
        r"Unable to locate package|no installation candidate|Couldn't find any package",
        "the package sources of this machine do not have them: look at /etc/apt/sources.list*",
    ),
    (r"unmet dependencies|held broken packages", "the packages do not fit together: run `apt-get check`"),
    (
        r"resolving '|Could not (?:resolve|connect)|Unable to connect|Connection |unreachable|Failed to fetch",
        "no network for packages: look at the network, the proxy and /etc/apt/sources.list*",
    ),
)
"""What apt says when it fails, and what it means."""


def in_percent(tell: Callable[[int, str], None]) -> Progress:
    """Return a `Progress` that tells whole percents, each once: apt speaks many times a second."""
    last = -1

    def progress(part: float, text: str) -> None:
        nonlocal last
        percent = int(part * 100)
        if percent != last:
            last = percent
            tell(percent, text)

    return progress


def installed(host: Host, names: Sequence[str]) -> dict[str, str | None]:
    """Tell the installed version of each package; None for one that is not, or not wholly, installed."""
    layout = "--showformat=${Package}\\t${db:Status-Status}\\t${Version}\\n"
    return parse_installed(host.run(["dpkg-query", "--show", layout, *names]).stdout, names)


def parse_installed(text: str, names: Iterable[str]) -> dict[str, str | None]:
    """Read what dpkg-query printed: name, status and version, tabs between them (dpkg-query(1))."""
    found: dict[str, str | None] = dict.fromkeys(names)
    for line in text.splitlines():
        name, status, version = line.split("\t")
        if status == "installed" and name in found:
            found[name] = version
    return found


def all_installed(host: Host) -> frozenset[str]:
    """Tell all packages that are wholly installed."""
    said = host.run(["dpkg-query", "--show", "--showformat=${Package}\\t${db:Status-Status}\\n"]).stdout
    return frozenset(line.partition("\t")[0] for line in said.splitlines() if line.endswith("\tinstalled"))


def others(host: Host, names: Sequence[str]) -> tuple[str, ...]:
    """Tell what else apt would remove or install if it had to remove these.

    Raises:
        CommandError: apt cannot tell.
    """
    said = host.run(["apt-get", "--simulate", *_REMOVE, *names]).require().stdout
    return parse_others(said, names)


def parse_others(text: str, names: Sequence[str]) -> tuple[str, ...]:
    """Read what ``apt-get --simulate remove`` printed: all that is not the removal of one of these."""
    found = ((act, name.partition(":")[0]) for act, name in _SIMULATED.findall(text))
    return tuple(sorted({name for act, name in found if act == "Inst" or name not in names}))


def parse_candidates(text: str) -> frozenset[str]:
    """List the packages that can be installed, from what ``apt-cache policy`` printed."""
    blocks = re.findall(r"^(\S+):\n  Installed: .*\n  Candidate: (.*)$", text, re.MULTILINE)
    return frozenset(name for name, candidate in blocks if candidate != "(none)")


def install(
    names: Sequence[str],
    *,
    transcript: Path,
    progress: Progress | None = None,
    limit: float = 1800.0,
    within: Sequence[str] = (),
) -> None:
    """Install packages, without those that they only recommend.

    Args:
        names: the packages.
        transcript: file to which all that the terminal shows is appended.
        progress: told how far it has come.
        limit: seconds for all of it.
        within: put before each command, to have it run elsewhere (`Namespace.enter`).

    Raises:
        RefusedError: not root, no apt, no network, not enough disk, the lock is held: nothing was changed.
        CommandError: the installation failed or took too long when it had begun; the message says what to do.
    """
    with _apt(transcript, progress, limit, within) as apt:
        _Installation(apt, names).run()


def remove(names: Sequence[str], *, transcript: Path, progress: Progress, limit: float) -> None:
    """Remove packages; their configuration files and what they have stored stay. Otherwise as `install`."""
    with _apt(transcript, progress, limit) as apt:
        _Installation(apt, names).take_away()


@contextmanager
def _apt(transcript: Path, progress: Progress | None, limit: float, within: Sequence[str] = ()) -> Iterator[Apt]:
    if os.geteuid() != 0:
        raise RefusedError("packages need root: run it again with sudo, or as root")
    if shutil.which("apt-get", path=PATH) is None:
        raise RefusedError("no package manager: this is not Debian or a kin of it (no apt-get)")
    transcript.parent.mkdir(parents=True, exist_ok=True)
    with transcript.open("a", encoding="utf-8") as log:
        yield Apt(log, progress or _unseen, time.monotonic() + limit, tuple(within))


def _unseen(_done: float, _what: str) -> None:
    """Show progress to nobody."""


@dataclass(slots=True)
class _Installation:
    """One installation, or removal: the lists, the answers, the packages; waiting for locks."""

    apt: Apt
    names: Sequence[str]

    def run(self) -> None:
        fresh = self._known()
        if not fresh:
            self._require(self._get(_UPDATE))
        ended = self._get((*_INSTALL, *self.names))
        if ended.code != 0 and fresh and not ended.began and ended.said(r"Failed to fetch|404  Not Found"):
            self._require(self._get(_UPDATE))  # the lists were there, but too old
            ended = self._get((*_INSTALL, *self.names))
        self._require(ended)
        self.apt.show(1.0, f"installed {', '.join(self.names)}")

    def take_away(self) -> None:
        self._require(self._get((*_REMOVE, *self.names)), "removed")
        self.apt.show(1.0, f"removed {', '.join(self.names)}")

    def _known(self) -> bool:
        """Tell whether apt's lists have a candidate for each package."""
        plain = [name for name in self.names if "/" not in name]
        said = LocalHost().run([*self.apt.within, "apt-cache", "policy", *plain])
        return parse_candidates(said.stdout).issuperset(plain)

    def _get(self, arguments: Sequence[str]) -> Ended:
        """Run apt-get; again and again while another program holds its lock."""
        limit = min(time.monotonic() + LOCK_LIMIT, self.apt.deadline)
        while True:
            ended = self.apt.run(arguments)
            locked = next(filter(None, map(_LOCKED.search, ended.lines)), None)
            if ended.code == 0 or locked is None or time.monotonic() > limit:
                return ended
            self.apt.show(0.0, f"waiting for {locked[3] or 'another program'} (process {locked[2] or 'unknown'})")
            self._await_end_of(locked[2], limit)

    def _await_end_of(self, holder: str | None, limit: float) -> None:
        seen = holder is not None and not self.apt.within  # within a lab, its number is another outside

        def gone() -> bool | None:
            return True if seen and not psutil.pid_exists(int(holder or 0)) else None

        with suppress(wait.LimitError):
            wait.until(gone, limit=max(0.0, min(_AGAIN, limit - time.monotonic())))

    def _require(self, ended: Ended, what: str = "installed") -> None:
        """Pass if apt-get did what it was asked to.

        Raises:
            RefusedError: it did not, and changed nothing.
            CommandError: it did not, and had begun.
        """
        if ended.code == 0:
            return
        errors = [line for line in ended.lines if re.match(r"E: |dpkg: error|Err:", line)] or [ended.last]
        held = next(filter(None, map(_LOCKED.search, ended.lines)), None)
        causes = (cause for pattern, cause in _CAUSES if ended.said(pattern))
        cause = next(causes, "look at the transcript")
        if held is not None:
            who = f"{held[3]} (process {held[2]})" if held[2] else "another program"
            cause = f"{who} holds the lock {held[1]}: let it finish, then again"
        kind = CommandError if ended.began else RefusedError
        raise kind(f"the packages could not be {what}: {cause} ({self.apt.log.name}): {' · '.join(errors[-3:])}")
