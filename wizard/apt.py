"""apt-get on a terminal of its own, where no question may hang it.

debconf is told not to ask, dpkg to keep the admin's files, and what asks all the same is answered by rule, in the
transcript for all to see. Sources: apt-get(8), apt.conf(5), dpkg(1), debconf(7), and apt's README.progress-reporting
for the status lines.
"""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO

import pexpect

from wizard.errors import CommandError, RefusedError, WizardError
from wizard.localhost import PATH

Progress = Callable[[float, str], None]
"""Told how far a slow step has come (0 to 1), and what is being done."""

SILENCE = 60.0
"""Seconds without a word after which an unfinished line is taken for a question that no rule knows."""

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
_ENVIRONMENT = {
    "PATH": PATH,
    "LC_ALL": "C.UTF-8",
    "TERM": "dumb",
    "DEBIAN_FRONTEND": "noninteractive",
    "APT_LISTCHANGES_FRONTEND": "none",
    "UCF_FORCE_CONFFOLD": "1",
}
_DOWNLOAD = 0.3
"""The part of the progress that is the download's."""
_OPTIONS = (
    "--quiet",
    "--option=APT::Status-Fd=3",
    "--option=Dpkg::Use-Pty=0",
    "--option=Dpkg::Options::=--force-confdef",
    "--option=Dpkg::Options::=--force-confold",
)
_STATUS_ON_TERMINAL = ("sh", "-c", 'exec "$0" "$@" 3>&2')
"""Has status lines come between the others; were they on 1 or 2, the packages' scripts would lack those."""


@dataclass(slots=True)
class Ended:
    """A run of apt-get that has ended."""

    code: int = 0
    lines: list[str] = field(default_factory=list)
    answers: int = 0
    began: bool = False
    """Whether dpkg had begun to change the machine."""

    @property
    def last(self) -> str:
        """The last line it printed; for messages."""
        return next(filter(None, reversed(self.lines)), "nothing")

    def said(self, pattern: str) -> bool:
        """Tell whether a line matches a regular expression."""
        return any(re.search(pattern, line) for line in self.lines)


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


@dataclass(slots=True)
class Apt:
    """apt-get on a terminal, until a deadline."""

    log: IO[str]
    """The transcript."""
    progress: Progress
    deadline: float
    """By time.monotonic()."""
    within: tuple[str, ...]
    """Put before the command, to have it run elsewhere."""
    done: float = 0.0
    """How far it has come."""

    def run(self, arguments: Sequence[str]) -> Ended:
        """Run apt-get to its end.

        Raises:
            RefusedError: it did not come to its end and was stopped, before it had begun to change the machine.
            CommandError: likewise, after it had begun.
        """
        argv = ["apt-get", *_OPTIONS, *arguments]
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

    def _attend(self, child: pexpect.spawn[str]) -> Ended:
        """Read line by line, and answer questions, until the program ends."""
        ended = Ended()
        unfinished = answered = ""
        heard = time.monotonic()
        while (index := child.expect_list(_PATTERNS, timeout=_GLANCE)) != _EOF:
            if time.monotonic() >= self.deadline or ended.answers > _MOST_ANSWERS:
                raise _hung(answered or (unfinished + child.buffer).strip() or ended.last, began=ended.began)
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

    def _status(self, line: re.Match[str], ended: Ended) -> None:
        kind, percent, what = line.groups()
        if kind == "pmerror":
            ended.lines.append(f"E: {what}")
            return
        ended.began = ended.began or kind == "pmstatus"
        share = float(percent) / 100
        self.show(_DOWNLOAD * share if kind == "dlstatus" else _DOWNLOAD + (1 - _DOWNLOAD) * share, what)

    def show(self, done: float, what: str) -> None:
        """Show progress, which never goes back."""
        self.done = max(self.done, min(done, 1.0))
        self.progress(self.done, what)


def _hung(last: str, *, began: bool) -> WizardError:
    what = f"apt-get did not come to its end, the last it said was {last!r}; it was stopped"
    return CommandError(f"{what}: run `dpkg --configure -a`, then again") if began else RefusedError(what)
