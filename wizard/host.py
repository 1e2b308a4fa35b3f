"""The machine: everything that touches the system goes through here.

One way to run a command, one to read a file, one to list processes and sockets. Tests hand in a host
that puts faults in between.
"""

from __future__ import annotations

import grp
import os
import pwd
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Protocol

import psutil

from wizard import atomic
from wizard.errors import CommandError

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class Completed:
    """A command that has ended."""

    argv: tuple[str, ...]
    code: int
    """Exit code; negative: the signal that ended it; `TIMED_OUT` when the limit did."""
    stdout: str
    stderr: str
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether it exited 0."""
        return self.code == 0

    @property
    def said(self) -> str:
        """The last line it printed, standard error first; for messages. Of a Python traceback, the error itself."""
        for text in (self.stderr, self.stdout):
            lines = text.strip().splitlines()
            if lines:
                return _telling(lines).strip()
        return "nothing"

    def require(self) -> Completed:
        """Return itself.

        Raises:
            CommandError: it did not exit 0.
        """
        if self.ok:
            return self
        how = "took longer than its limit" if self.code == TIMED_OUT else f"ended with {self.code}"
        raise CommandError(f"{self.argv[0]} {how}: {self.said}")


def _telling(lines: Sequence[str]) -> str:
    """Choose the last line, but where that is of a traceback, the one below its frames: others explain it."""
    if TRACEBACK not in lines:
        return lines[-1]
    begin = len(lines) - lines[::-1].index(TRACEBACK)
    return next((line for line in lines[begin:] if line and not line[0].isspace()), lines[-1])


TRACEBACK = "Traceback (most recent call last):"
"""How Python begins one."""
TIMED_OUT = 124
"""The exit code given to a command that was ended at its time limit, as timeout(1) gives it."""
NOT_FOUND = 127
"""The exit code given to a command that does not exist, as a shell gives it."""


@dataclass(frozen=True, slots=True)
class Process:
    """One running process."""

    pid: int
    parent: int
    name: str
    argv: tuple[str, ...]
    user: str
    state: str
    """As psutil names it: running, sleeping, stopped, zombie …"""
    cpu_seconds: float
    started: float
    """Seconds since the epoch."""
    wakings: int = 0
    """Voluntary context switches so far: a process that works, or looks for work, has more and more."""


@dataclass(frozen=True, slots=True)
class Listener:
    """One listening TCP socket."""

    address: str
    port: int
    pid: int | None
    """Its owner; None where the kernel does not say."""


@dataclass(frozen=True, slots=True)
class FileState:
    """What a path is, its links followed."""

    kind: str
    """file, directory or other."""
    mode: int
    owner: str
    """Its name, or its number if it has none; `Host.write` takes both."""
    group: str
    uid: int
    gid: int
    size: int
    mtime: float


class Host(Protocol):
    """What the engine may do to a machine."""

    def run(
        self,
        argv: Sequence[str],
        *,
        stdin: str | None = None,
        limit: float = 60,
        user: str | None = None,
        env: Mapping[str, str] | None = None,
    ) -> Completed:
        """Run a command to its end, without a shell and without a terminal.

        Args:
            argv: program and arguments.
            stdin: text for its standard input; None is an empty input.
            limit: seconds after which its process group is killed.
            user: run as this user with their groups; None is the present one.
            env: variables beyond PATH, HOME and LC_ALL.

        Returns:
            The ended command; also for one that failed, timed out or does not exist.
        """
        ...

    def read(self, path: Path) -> bytes:
        """Read a whole file.

        Raises:
            OSError: as open(2) and read(2).
        """
        ...

    def state(self, path: Path) -> FileState | None:
        """Tell what is at a path, or None if nothing is."""
        ...

    def names(self, directory: Path) -> tuple[str, ...]:
        """List the names in a directory in order; none if it is not there."""
        ...

    def write(self, path: Path, content: bytes, *, mode: int, owner: str, group: str) -> None:
        """Replace a file as a whole (see `wizard.atomic`).

        Raises:
            OSError: nothing was changed.
            KeyError: no such user or group.
        """
        ...

    def remove(self, path: Path) -> None:
        """Remove a file, if it is there.

        Raises:
            OSError: as unlink(2).
        """
        ...

    def processes(self) -> tuple[Process, ...]:
        """List the processes of this machine."""
        ...

    def listeners(self) -> tuple[Listener, ...]:
        """List the listening TCP sockets of this machine."""
        ...

    def now(self) -> datetime:
        """Tell the time, in UTC."""
        ...


@dataclass(frozen=True, slots=True)
class LocalHost:
    """The machine that the wizard runs on."""

    environment: Mapping[str, str] = field(default_factory=dict)

    def run(
        self,
        argv: Sequence[str],
        *,
        stdin: str | None = None,
        limit: float = 60,
        user: str | None = None,
        env: Mapping[str, str] | None = None,
    ) -> Completed:
        """Run a command; see `Host.run`.

        Output goes to files, not to pipes: a daemon started by the command keeps its descriptors, and the
        reader of a pipe would wait for it for ever.
        """
        start = time.monotonic()
        account = pwd.getpwnam(user) if user else pwd.getpwuid(os.geteuid())
        variables = {"PATH": PATH, "HOME": account.pw_dir, "LC_ALL": "C.UTF-8"}
        with (
            tempfile.TemporaryFile() as source,
            tempfile.TemporaryFile() as out,
            tempfile.TemporaryFile() as err,
        ):
            source.write((stdin or "").encode("utf-8", "surrogateescape"))
            source.seek(0)
            try:
                process = subprocess.Popen(
                    list(argv),
                    stdin=source,
                    stdout=out,
                    stderr=err,
                    cwd="/",
                    env={**variables, **self.environment, **(env or {})},
                    start_new_session=True,
                    user=account.pw_uid if user else None,
                    group=account.pw_gid if user else None,
                    extra_groups=os.getgrouplist(account.pw_name, account.pw_gid) if user else None,
                )
            except (FileNotFoundError, NotADirectoryError, PermissionError) as error:
                return Completed(tuple(argv), NOT_FOUND, "", str(error), 0.0)
            code = _wait(process, limit)
            return Completed(tuple(argv), code, _text(out), _text(err), time.monotonic() - start)

    def spawn(self, argv: Sequence[str], *, output: Path, keep: int) -> int:
        """Start a program that outlives this one, in a session of its own, and return its process id.

        Args:
            argv: program and arguments.
            output: file to which standard output and error go.
            keep: a file descriptor that it inherits; whoever holds a lock through it knows that it lives.

        Raises:
            OSError: it could not be started.
        """
        with output.open("ab") as file:
            process = subprocess.Popen(
                list(argv),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                cwd="/",
                start_new_session=True,
                pass_fds=(keep,),
            )
        # It is not waited for: it is meant to outlive us, and its end is seen by the lock.
        process.returncode = 0
        return process.pid

    def read(self, path: Path) -> bytes:
        """Read a whole file."""
        return path.read_bytes()

    def state(self, path: Path) -> FileState | None:
        """Tell what is at a path, or None if nothing is."""
        try:
            found = path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        kind = "file" if path.is_file() else "directory" if path.is_dir() else "other"
        return FileState(
            kind=kind,
            mode=found.st_mode & 0o7777,
            owner=_name_of_user(found.st_uid),
            group=_name_of_group(found.st_gid),
            uid=found.st_uid,
            gid=found.st_gid,
            size=found.st_size,
            mtime=found.st_mtime,
        )

    def names(self, directory: Path) -> tuple[str, ...]:
        """List the names in a directory in order; none if it is not there."""
        try:
            return tuple(sorted(entry.name for entry in directory.iterdir()))
        except (FileNotFoundError, NotADirectoryError):
            return ()

    def write(self, path: Path, content: bytes, *, mode: int, owner: str, group: str) -> None:
        """Replace a file as a whole."""
        atomic.replace(path, content, mode=mode, uid=_user_id(owner), gid=_group_id(group))

    def remove(self, path: Path) -> None:
        """Remove a file, if it is there."""
        atomic.remove(path)

    def processes(self) -> tuple[Process, ...]:
        """List the processes of this machine."""
        found = []
        for process in psutil.process_iter():
            # A process may end while it is looked at.
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied), process.oneshot():
                times = process.cpu_times()
                found.append(
                    Process(
                        pid=process.pid,
                        parent=process.ppid(),
                        name=process.name(),
                        argv=tuple(process.cmdline()),
                        user=process.username(),
                        state=str(process.status()),
                        cpu_seconds=times.user + times.system,
                        started=process.create_time(),
                        wakings=process.num_ctx_switches().voluntary,
                    )
                )
        return tuple(found)

    def listeners(self) -> tuple[Listener, ...]:
        """List the listening TCP sockets of this machine."""
        return tuple(
            Listener(address=connection.laddr.ip, port=connection.laddr.port, pid=connection.pid)
            for connection in psutil.net_connections("tcp")
            if connection.status == psutil.CONN_LISTEN and connection.laddr
        )

    def now(self) -> datetime:
        """Tell the time, in UTC."""
        return datetime.now(UTC)


def _wait(process: subprocess.Popen[bytes], limit: float) -> int:
    try:
        return process.wait(timeout=limit)
    except subprocess.TimeoutExpired:
        return TIMED_OUT
    finally:
        if process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode("utf-8", "backslashreplace")


def _user_id(owner: str) -> int:
    """Give a user's id; one without a name is known by its number, as `_name_of_user` gives it."""
    return int(owner) if owner.isdecimal() else pwd.getpwnam(owner).pw_uid


def _group_id(group: str) -> int:
    return int(group) if group.isdecimal() else grp.getgrnam(group).gr_gid


def _name_of_user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _name_of_group(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)
