"""The machine that the wizard runs on."""

from __future__ import annotations

import grp
import os
import pwd
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from wizard import atomic
from wizard.host import NOT_FOUND, TIMED_OUT, Completed, FileState, Listener, Process

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class LocalHost:
    """A `Host` that is real."""

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
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(output, flags, 0o600), "ab") as file:
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

    def interact(self, argv: Sequence[str]) -> int:
        """Run a program on the terminal of this process, which waits for its end; returns its exit code.

        Not part of `Host`: only a person at the terminal asks for it.
        """
        # The keyboard's signals are for the program; a shell gives them to its own jobs.
        ours = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGQUIT)}
        try:
            return subprocess.run(list(argv), check=False, preexec_fn=_defaults).returncode
        except OSError as error:
            sys.stderr.write(f"{argv[0]}: {error.strerror}\n")
            return NOT_FOUND
        finally:
            for number, before in ours.items():
                signal.signal(number, before)

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
            names=found.st_nlink,
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
        import psutil  # noqa: PLC0415 (no first screen and no --help waits for it)

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
        import psutil  # noqa: PLC0415 (see `processes`)

        return tuple(
            Listener(address=connection.laddr.ip, port=connection.laddr.port, pid=connection.pid)
            for connection in psutil.net_connections("tcp")
            if connection.status == psutil.CONN_LISTEN and connection.laddr
        )

    def now(self) -> datetime:
        """Tell the time, in UTC."""
        return datetime.now(UTC)


def _defaults() -> None:
    for number in (signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)


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
