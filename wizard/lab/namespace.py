"""A private copy of this machine that is running: started, used, stopped."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from wizard.errors import CommandError, RefusedError
from wizard.host import Completed
from wizard.lab import kernel, preflight, terminal
from wizard.lab.order import Order, Report
from wizard.localhost import PATH, LocalHost


class Namespace:
    """The first process of a lab (`wizard.lab.first`), held by its lifeline; a context manager.

    The lab ends with the first process, and that with this one, however either is killed.
    """

    def __init__(self, process: subprocess.Popen[bytes], lifeline: IO[bytes], report: Report) -> None:
        self._process = process
        self._lifeline = lifeline
        self._report = report

    @classmethod
    def launch(cls, order: Order, *, pass_fds: Sequence[int] = ()) -> Self:
        """Have a lab built.

        Args:
            order: what to build.
            pass_fds: descriptors that stay open as long as the lab runs (locks).

        Raises:
            RefusedError: the kernel refuses a step; the message says which and what to do instead.
        """
        process = _spawn(pass_fds)
        lifeline, answer = process.stdin, process.stdout
        assert lifeline is not None
        assert answer is not None
        with answer:
            with suppress(BrokenPipeError):  # it is gone already: no answer comes then
                lifeline.write(f"{order.dump()}\n".encode())
                lifeline.flush()
            line = answer.readline().decode()
        report = Report.load(line) if line else Report(step="start")
        lab = cls(process, lifeline, report)
        if report.step is not None:
            lab.stop()
            raise RefusedError(preflight.explain(report.step, report.errno))
        return lab

    @property
    def pid(self) -> int:
        """The first process, as seen from outside."""
        return self._process.pid

    @property
    def root(self) -> Path:
        """The lab's root directory, for looking into it from outside.

        Absolute symbolic links below it lead out of the lab; where there may be some, `run` a command.
        """
        return Path(f"/proc/{self.pid}/root")

    @property
    def uppers(self) -> Path:
        """The directory of the upper layers, seen from outside."""
        return Path(f"/proc/{self.pid}/fd/{self._report.scratch}/upper")

    @property
    def enter(self) -> tuple[str, ...]:
        """What to put before an argument vector so that it runs in the lab (nsenter(1)).

        Raises:
            CommandError: the lab has ended.
        """
        if self._process.poll() is not None:
            raise CommandError("the lab has ended: its first process is gone")
        kinds = ("--mount", "--uts", "--ipc", "--net", "--pid", "--root", "--wdns=/")
        return ("nsenter", f"--target={self.pid}", *kinds, "--")

    def run(
        self,
        argv: Sequence[str],
        *,
        stdin: str | None = None,
        limit: float = 60,
        user: str | None = None,
        env: Mapping[str, str] | None = None,
    ) -> Completed:
        """Run a command in the lab to its end, as `wizard.host.Host.run` does; its daemons stay.

        Raises:
            CommandError: the lab has ended.
        """
        become = ("runuser", "-u", user, "--") if user else ()
        return LocalHost().run([*self.enter, *become, *argv], stdin=stdin, limit=limit, env=env)

    def background(
        self, argv: Sequence[str], output: IO[bytes], pass_fds: Sequence[int] = ()
    ) -> subprocess.Popen[bytes]:
        """Begin a command in the lab that nobody waits for yet; it ends with the lab at the latest.

        Args:
            argv: program and arguments.
            output: where what it prints goes.
            pass_fds: descriptors that stay open as long as it runs (locks).

        Raises:
            CommandError: the lab has ended.
        """
        return subprocess.Popen(
            [*self.enter, *argv],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=pass_fds,
            env={"PATH": PATH, "LC_ALL": "C.UTF-8"},
        )

    def attach(self, argv: Sequence[str]) -> int:
        """Run a command in the lab on this process's own terminal and streams.

        For a process that does nothing else meanwhile: its signals go to the command.

        Returns:
            Its exit code, or 128 and the signal that ended it.

        Raises:
            RefusedError: the kernel does not let this process in.
        """
        try:
            return terminal.attach(self.pid, argv)
        except OSError as error:
            raise RefusedError(preflight.explain("setns", error.errno or 0)) from error

    def release(self) -> None:
        """Let the lab end by itself, without waiting for it; `stop` waits."""
        with suppress(BrokenPipeError):
            self._lifeline.close()

    def stop(self) -> None:
        """End the lab and all that runs in it; a second time does nothing."""
        self.release()
        self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _spawn(pass_fds: Sequence[int]) -> subprocess.Popen[bytes]:
    try:
        with kernel.children_in_new_pid_namespace():
            return subprocess.Popen(
                [sys.executable, "-P", "-c", "from wizard.lab import first; first.main()"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                cwd="/",
                env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
                start_new_session=True,
                pass_fds=pass_fds,
            )
    except OSError as error:
        raise RefusedError(preflight.explain("pid_namespace", error.errno or 0)) from error
