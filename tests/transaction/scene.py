"""A server of which stage 1 is done, to be changed again while something goes wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.services.server import Server
from tests.transaction import steps
from wizard import scratch
from wizard.checkpoint import JOURNAL
from wizard.lab import Lab

MANAGED = ("etc/postfix/main.cf", "etc/logrotate.d/mailman-wizard")
OWN = "var/lib/mailman-wizard"
_MAIL = """
import smtplib
with smtplib.SMTP("127.0.0.1", 25, timeout=30) as smtp:
    smtp.sendmail("root@mail.local.edu", ["root@mail.local.edu"], "Subject: crash\\n\\nstill here\\n")
"""
State = tuple[tuple[bytes, int, int, int] | None, ...]


@dataclass
class Scene:
    """A server of which stage 1 is done, ready to be changed again."""

    server: Server
    old: State = ()
    new: State = ()

    def state(self) -> State:
        return tuple(_state(self.server.path(name)) for name in MANAGED)

    def reset(self) -> None:
        """Have everything as it was before any of it."""
        for name, state in zip(MANAGED, self.old, strict=True):
            if state is None:
                self.server.path(name).unlink(missing_ok=True)
            else:
                self.server.path(name).write_bytes(state[0])
                self.server.path(name).chmod(state[1])
        self.server.sh(f"rm -rf /{OWN} /tmp/{scratch.PREFIX}*")

    def applied(self) -> None:
        self.reset()
        assert steps.run(self.server, "apply") == 0, self.server.text("root/driver")

    def interrupted(self) -> None:
        """Have an apply that was killed when it had made everything, and had not said so."""
        self.applied()
        (journal,) = self.server.path(OWN).glob(f"checkpoints/*/{JOURNAL}")
        journal.write_bytes(
            b"".join(line for line in journal.read_bytes().splitlines(keepends=True) if b"ending" not in line)
        )

    def leftovers(self) -> list[str]:
        root = self.server.path("")
        found = [path for name in ("etc/postfix", "etc/logrotate.d", OWN) for path in (root / name).rglob("*.tmp")]
        return [str(path) for path in (*found, *(root / "tmp").glob(f"{scratch.PREFIX}*"))]

    def judged(self) -> str:
        """Tell what the server is after the next start: ``old`` or ``new``, or what is wrong with it."""
        if steps.run(self.server, "recover") != 0:
            return f"the next start failed: {self.server.text('root/driver')}"
        now = self.state()
        if now not in {self.old, self.new}:
            return "broken: half old, half new"
        if self.leftovers():
            return f"left over: {self.leftovers()}"
        mail = self.server.lab.run(["python3", "-c", _MAIL])
        if not mail.ok:
            return f"no mail is taken: {mail.said}"
        return "old" if now == self.old else "new"


def _state(path: Path) -> tuple[bytes, int, int, int] | None:
    if not path.exists():
        return None
    found = path.stat()
    return path.read_bytes(), found.st_mode, found.st_uid, found.st_gid


@contextmanager
def scened() -> Iterator[Scene]:
    """Set stage 1 up in a lab, and see what a change of it makes."""
    with Lab.start() as lab:
        server = Server(lab)
        report = server.report("apply", "--yes", "--through", "1")
        assert report.exit == 0, report.not_passed
        server.path(MANAGED[1]).unlink()
        made = Scene(server)
        made.old = made.state()
        made.applied()
        made.new = made.state()
        assert all(each not in {None, before} for each, before in zip(made.new, made.old, strict=True))
        yield made
