"""A command in a lab, on the terminal and streams of the process that starts it.

The command leads a process group of its own, so that no group that it signals reaches out of the lab; this
process hands it the terminal and the signals as a shell does for a job. Sources: credentials(7),
setpgid(2), and https://www.gnu.org/software/libc/manual/html_node/Implementing-a-Shell.html.
"""

from __future__ import annotations

import os
import signal
import termios
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import NoReturn

from wizard.host import NOT_FOUND
from wizard.lab import kernel

_FORWARDED = {
    signal.SIGALRM,
    signal.SIGCONT,
    signal.SIGHUP,
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGTERM,
    signal.SIGTSTP,
    signal.SIGUSR1,
    signal.SIGUSR2,
    signal.SIGWINCH,
}
_HELD = _FORWARDED | {signal.SIGCHLD, signal.SIGTTIN, signal.SIGTTOU}
_ENTERED = kernel.CLONE_NEWNS | kernel.CLONE_NEWUTS | kernel.CLONE_NEWIPC | kernel.CLONE_NEWNET
_SIGNALLED = 128
_NOT_EXECUTABLE = 126


def attach(lab: int, argv: Sequence[str]) -> int:
    """Run a command in the lab of a first process; see `wizard.lab.namespace.Namespace.attach`."""
    with _held_signals() as mask, closing(_Terminal()) as screen:
        command = _start(lab, argv, screen, mask)
        with suppress(ProcessLookupError, PermissionError):
            os.setpgid(command, command)  # as the command does: whichever comes first
        if screen.whole:
            screen.give(command)
        return _attend(command, screen)


class _Terminal:
    """The controlling terminal, if there is one: whose it is, and its modes."""

    def __init__(self) -> None:
        try:
            self._fd = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
        except OSError:
            self._fd = -1
        self.whole = self.ours and all(os.isatty(fd) for fd in range(3))
        """Whether the command may have it from the start: nobody in a pipeline shares it."""
        self._modes = termios.tcgetattr(self._fd) if self.ours else None

    @property
    def ours(self) -> bool:
        """Whether this process's group may read from it now."""
        return self._holder() == os.getpgrp()

    def give(self, group: int) -> None:
        """Let a process group read from it, unless that or the terminal is gone."""
        with suppress(OSError):
            os.tcsetpgrp(self._fd, group)

    def take_back(self, group: int) -> bool:
        """Take it from the command's group; tell whether that had it."""
        if self._holder() != group:
            return False
        self.give(os.getpgrp())
        return True

    def restore(self) -> None:
        """Put its modes back as they were, for a command that had no time to."""
        if self._modes is not None and self.ours:
            termios.tcsetattr(self._fd, termios.TCSADRAIN, self._modes)

    def close(self) -> None:
        """Let it go."""
        if self._fd >= 0:
            os.close(self._fd)

    def _holder(self) -> int:
        try:
            return os.tcgetpgrp(self._fd)
        except OSError:
            return -1


@contextmanager
def _held_signals() -> Iterator[Iterable[int]]:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _HELD)
    try:
        yield before
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _start(lab: int, argv: Sequence[str], screen: _Terminal, mask: Iterable[int]) -> int:
    pidfd = os.pidfd_open(lab)
    try:
        with kernel.children_in_pid_namespace_of(pidfd):
            command = os.fork()
            if command == 0:
                _become(argv, pidfd, screen, mask)
    finally:
        os.close(pidfd)
    return command


def _become(argv: Sequence[str], pidfd: int, screen: _Terminal, mask: Iterable[int]) -> NoReturn:
    code = _NOT_EXECUTABLE
    try:
        directory = Path.cwd()
        os.setpgid(0, 0)
        if screen.whole:
            screen.give(os.getpgrp())
        kernel.setns(pidfd, _ENTERED)  # with the mounts come their root directory
        os.chdir(directory if directory.is_dir() else "/")
        for number in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores these two
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        os.execvp(argv[0], list(argv))  # noqa: S606 - the command that the admin gave
    except OSError as error:
        if isinstance(error, FileNotFoundError):
            code = NOT_FOUND
        os.write(2, f"mailman-wizard lab: {argv[0]}: {error.strerror}\n".encode(errors="replace"))
    finally:
        os._exit(code)


def _attend(command: int, screen: _Terminal) -> int:
    """Forward signals and stops until the command ends."""
    while True:
        number = signal.sigwait(_HELD)
        if number in _FORWARDED:
            _signal(command, number)
        if number != signal.SIGCHLD:
            continue
        pid, status = os.waitpid(command, os.WNOHANG | os.WUNTRACED)
        if pid == 0:  # another child, or the command goes on
            continue
        if not os.WIFSTOPPED(status):
            return _end(command, status, screen)
        _stopped(command, os.WSTOPSIG(status), screen)


def _end(command: int, status: int, screen: _Terminal) -> int:
    screen.take_back(command)
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        screen.restore()
        return _SIGNALLED - code
    return code


def _stopped(command: int, why: int, screen: _Terminal) -> None:
    if why in {signal.SIGTTIN, signal.SIGTTOU} and screen.ours:
        screen.give(command)
    else:
        had = screen.take_back(command)
        _stop_own_group()
        if had and screen.ours:
            screen.give(command)
    _signal(command, signal.SIGCONT)


def _stop_own_group() -> None:
    """Stop as Ctrl-Z does; the kernel lets that pass where no shell is there to continue it (setpgid(2))."""
    os.killpg(os.getpgrp(), signal.SIGTSTP)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTSTP})
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTSTP})


def _signal(group: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, number)
