"""Debian packages, installed by driving apt-get on a terminal of its own.

No question may hang it: debconf is told not to ask, dpkg to keep the admin's files, and what asks all the
same is answered by rule, in the transcript for all to see. Sources: apt-get(8), apt.conf(5), dpkg(1),
debconf(7), and apt's README.progress-reporting for the status lines.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import pexpect
import psutil

from wizard import wait
from wizard.errors import CommandError, RefusedError
from wizard.host import PATH, Host, LocalHost

Progress = Callable[[float, str], None]
"""Told how far the installation has come (0 to 1), and what is being done."""

SILENCE = 60.0
"""Seconds without a word after which an unfinished line is taken for a question that no rule knows."""
LOCK_LIMIT = 300.0
"""Seconds to wait for another program that holds the package database's lock."""

_RULES = (
    (r"\[default=\w\] \?\Z", ""),  # dpkg: a changed configuration file
    (r"\[(?:Y/n|y/N|yes/no)\]\Z", ""),  # apt, debconf's readline, most scripts
    (r"(?i)press \[?(?:enter|return)\]?[^\r\n]*\Z", ""),
    (r"--More--[^\r\n]*\Z|\(END\)\s*\Z", "q"),  # a pager
)
"""What an unfinished line that is a question looks like, and the answer; an empty one takes the default."""
_MOST_ANSWERS = 20
_GLANCE = 0.2
"""Seconds without a word after which an unfinished line is looked at."""
_PATTERNS: list[re.Pattern[str] | type[pexpect.EOF | pexpect.TIMEOUT]] = [
    re.compile(r"(dlstatus|pmstatus|pmerror):[^:]*:([\d.]+):([^\r\n]*)[\r\n]+"),
    re.compile(r"[\r\n]+"),
    pexpect.TIMEOUT,
    pexpect.EOF,
]
_STATUS, _NEWLINE, _TIMEOUT, _EOF = range(4)
_HUNG = (
    "apt-get did not come to its end, the last it said was {!r}; it was stopped: run `dpkg --configure -a`, then again"
)
_ENVIRONMENT = {
    "PATH": PATH,
    "LC_ALL": "C.UTF-8",
    "TERM": "dumb",
    "DEBIAN_FRONTEND": "noninteractive",
    "APT_LISTCHANGES_FRONTEND": "none",
    "UCF_FORCE_CONFFOLD": "1",
}
_POSTFIX = "postfix postfix/main_mailer_type select Internet Site\n"
"""What the package asks; of its answers, the one whose main.cf has no further surprises."""
_DOWNLOAD = 0.3
"""The part of the progress that is the download's."""
_LOCKED = re.compile(r"Could not get lock (\S+?)\.? .*?(?:held by process (\d+) \((.+?)\)|$)")
_AGAIN = 5.0
"""Seconds after which a lock is tried again if its holder's end cannot be seen."""

_OPTIONS = (
    "--quiet",
    "--option=APT::Status-Fd=3",
    "--option=Dpkg::Use-Pty=0",
    "--option=Dpkg::Options::=--force-confdef",
    "--option=Dpkg::Options::=--force-confold",
)
_STATUS_ON_TERMINAL = ("sh", "-c", 'exec "$0" "$@" 3>&2')
"""Has status lines come between the others; were they on 1 or 2, the packages' scripts would lack those."""
_UPDATE = ("update", "--option=APT::Update::Error-Mode=any")
_INSTALL = ("install", "--yes", "--no-install-recommends")

_CAUSES = (
    (r"dpkg was interrupted", "an earlier installation was cut short: run `dpkg --configure -a`, then again"),
    (r"No space left on device|enough free space", "the disk is full: free some space, then again"),
    (
        r"Unable to locate package|no installation candidate|Couldn't find any package",
        "the package sources of this machine do not have them: look at /etc/apt/sources.list*",
    ),
    (r"unmet dependencies|held broken packages", "the packages do not fit together: run `apt-get check`"),
    (
        r"resolving '|Could not (?:resolve|connect)|Unable to connect|Connection|unreachable|Failed to fetch",
        "no network for packages: look at the network, the proxy and /etc/apt/sources.list*",
    ),
)
"""What apt says when it fails, and what it means."""


@dataclass(slots=True)
class _Ended:
    """A run of apt-get that has ended."""

    code: int = 0
    lines: list[str] = field(default_factory=list)
    answers: int = 0
    began: bool = False
    """Whether dpkg had begun to change the machine."""

    @property
    def last(self) -> str:
        return next(filter(None, reversed(self.lines)), "nothing")

    def said(self, pattern: str) -> bool:
        return any(re.search(pattern, line) for line in self.lines)


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
    if os.geteuid() != 0:
        raise RefusedError("installing packages needs root: run it again with sudo, or as root")
    if shutil.which("apt-get", path=PATH) is None:
        raise RefusedError("no package manager: this is not Debian or a kin of it (no apt-get)")
    transcript.parent.mkdir(parents=True, exist_ok=True)
    with transcript.open("a", encoding="utf-8") as log:
        apt = _Apt(log, progress or _unseen, time.monotonic() + limit, tuple(within))
        apt.install(names)


def answer(question: str, silence: float) -> str | None:
    """Tell what to answer to an unfinished line; None if it is no question yet.

    Args:
        question: the line so far.
        silence: seconds for which nothing has come after it.
    """
    for pattern, reply in _RULES:
        if re.search(pattern, question):
            return reply
    return "" if question and silence >= SILENCE else None


def _unseen(_done: float, _what: str) -> None:
    """Show progress to nobody."""


@dataclass(slots=True)
class _Apt:
    """apt-get on a terminal, until a deadline."""

    log: IO[str]
    progress: Progress
    deadline: float
    within: tuple[str, ...]
    done: float = 0.0

    def install(self, names: Sequence[str]) -> None:
        fresh = self._known(names)
        if not fresh:
            self._require(self._get(_UPDATE))
        self._seed(names)
        ended = self._get((*_INSTALL, *names))
        if ended.code != 0 and fresh and not ended.began and ended.said(r"Failed to fetch|404  Not Found"):
            self._require(self._get(_UPDATE))  # the lists were there, but too old
            ended = self._get((*_INSTALL, *names))
        self._require(ended)
        self._show(1.0, f"installed {', '.join(names)}")

    def _known(self, names: Sequence[str]) -> bool:
        """Tell whether apt's lists have a candidate for each package."""
        plain = [name for name in names if "/" not in name]
        said = LocalHost().run([*self.within, "apt-cache", "policy", *plain])
        return parse_candidates(said.stdout).issuperset(plain)

    def _seed(self, names: Sequence[str]) -> None:
        """Answer beforehand what decides about main.cf, unless the admin has answered it."""
        host = LocalHost()
        if "postfix" in names and "* postfix/" not in host.run([*self.within, "debconf-show", "postfix"]).stdout:
            host.run([*self.within, "debconf-set-selections"], stdin=_POSTFIX).require()

    def _get(self, arguments: Sequence[str]) -> _Ended:
        """Run apt-get; again and again while another program holds its lock."""
        limit = min(time.monotonic() + LOCK_LIMIT, self.deadline)
        while True:
            ended = self._once(["apt-get", *_OPTIONS, *arguments])
            locked = next(filter(None, map(_LOCKED.search, ended.lines)), None)
            if ended.code == 0 or locked is None or time.monotonic() > limit:
                return ended
            self._show(0.0, f"waiting for {locked[3] or 'another program'} (process {locked[2] or 'unknown'})")
            self._await_end_of(locked[2], limit)

    def _await_end_of(self, holder: str | None, limit: float) -> None:
        seen = holder is not None and not self.within  # within a lab, its number is another outside

        def gone() -> bool | None:
            return True if seen and not psutil.pid_exists(int(holder or 0)) else None

        with suppress(wait.LimitError):
            wait.until(gone, limit=max(0.0, min(_AGAIN, limit - time.monotonic())))

    def _once(self, argv: Sequence[str]) -> _Ended:
        command = [*self.within, *_STATUS_ON_TERMINAL, *argv]
        self.log.write(f"# {' '.join(argv)}\n")
        child = pexpect.spawn(
            command[0],
            command[1:],
            env={**os.environ, **_ENVIRONMENT},
            encoding="utf-8",
            codec_errors="replace",
        )
        child.delaybeforesend = None
        child.logfile_read = self.log
        try:
            ended = self._attend(child)
        except BaseException:
            assert child.pid is not None
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            raise
        finally:
            child.close(force=True)
        ended.code = child.exitstatus if child.exitstatus is not None else -(child.signalstatus or 0)
        return ended

    def _attend(self, child: pexpect.spawn[str]) -> _Ended:
        """Read line by line, and answer questions, until the program ends."""
        ended = _Ended()
        unfinished = answered = ""
        heard = time.monotonic()
        while (index := child.expect_list(_PATTERNS, timeout=_GLANCE)) != _EOF:
            if time.monotonic() >= self.deadline or ended.answers > _MOST_ANSWERS:
                raise CommandError(_HUNG.format(answered or (unfinished + child.buffer).strip() or ended.last))
            if index == _TIMEOUT:
                question = (unfinished + child.buffer).strip()
                if question != answered and self._reply(child, question, time.monotonic() - heard):
                    answered = question
                    ended.answers += 1
                continue
            heard = time.monotonic()
            unfinished += child.before or ""  # a status line may come in the midst of another
            if isinstance(child.match, re.Match) and index == _STATUS:
                self._status(child.match, ended)
            else:
                ended.lines.append(unfinished.strip())
                unfinished = answered = ""
        child.wait()
        return ended

    def _reply(self, child: pexpect.spawn[str], question: str, silence: float) -> bool:
        """Answer an unfinished line if it is a question; tell whether it was."""
        reply = answer(question, silence)
        if reply is None:
            return False
        self.log.write(f"\n# answered by rule: {reply or 'the default (Enter)'}\n")
        child.sendline(reply)
        return True

    def _status(self, line: re.Match[str], ended: _Ended) -> None:
        kind, percent, what = line.groups()
        if kind == "pmerror":
            ended.lines.append(f"E: {what}")
            return
        ended.began = ended.began or kind == "pmstatus"
        share = float(percent) / 100
        self._show(_DOWNLOAD * share if kind == "dlstatus" else _DOWNLOAD + (1 - _DOWNLOAD) * share, what)

    def _show(self, done: float, what: str) -> None:
        """Show progress, which never goes back."""
        self.done = max(self.done, min(done, 1.0))
        self.progress(self.done, what)

    def _require(self, ended: _Ended) -> None:
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
        raise kind(f"the packages could not be installed: {cause} ({self.log.name}): {' · '.join(errors[-3:])}")
