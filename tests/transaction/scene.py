"""A server of which one stage or two are done, to be changed again while something goes wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.services.server import Server
from tests.transaction import steps
from tests.transaction.disk import Disk
from tests.transaction.driver import CHANGES, SAID
from tests.transaction.steps import Step
from wizard import scratch
from wizard.checkpoint import JOURNAL
from wizard.lab import Lab

MANAGED = ("etc/postfix/main.cf", "etc/logrotate.d/mailman-wizard", "etc/mailman3/mailman.cfg")
OWN = "var/lib/mailman-wizard"
_APPLIED = "root/applied"
"""Where a copy of `OWN` after an apply is kept: the hundreds of trials that begin there do not make it anew."""
_ALIVE = """
import smtplib, socket, sys
with smtplib.SMTP("127.0.0.1", 25, timeout=30) as smtp:
    smtp.sendmail("root@mail.local.edu", ["root@mail.local.edu"], "Subject: crash\\n\\nstill here\\n")
if "configure" in sys.argv:
    with socket.create_connection(("127.0.0.1", 8024), timeout=30) as lmtp:
        assert lmtp.recv(3) == b"220", "Mailman's LMTP runner does not greet"
"""
State = tuple[tuple[bytes, int, int, int] | None, ...]


@dataclass
class Scene:
    """A server that is ready to be changed again."""

    server: Server
    disk: Disk
    old: State = ()
    new: dict[str, State] = field(default_factory=dict)
    """By the command that makes it."""
    steps: dict[str, tuple[Step, ...]] = field(default_factory=dict)
    """The calls of a command, once they have been seen."""

    def state(self) -> State:
        return tuple(_state(self.server, name) for name in MANAGED)

    def have(self, state: State) -> None:
        for name, was in zip(MANAGED, state, strict=True):
            if was is None:
                self.server.path(name).unlink(missing_ok=True)
            else:
                self.server.path(name).write_bytes(was[0])
                self.server.path(name).chmod(was[1])

    def reset(self) -> None:
        """Have everything as it was before any of it."""
        self.have(self.old)
        self.server.sh(f"rm -rf /{OWN}/* /tmp/{scratch.PREFIX}*")

    def make(self, command: str) -> None:
        """Do it undisturbed."""
        self.reset()
        assert steps.run(self.server, command) == 0, self.server.text(SAID)
        self.new[command] = self.state()

    def applied(self) -> None:
        """Have what an apply leaves."""
        self.reset()
        self.have(self.new["apply"])
        self.server.sh(f"cp -a /{_APPLIED}/. /{OWN}")

    def interrupted(self) -> None:
        """Have an apply that was killed when it had made everything, and had not said so."""
        self.applied()
        (journal,) = self.server.path(OWN).glob(f"checkpoints/*/{JOURNAL}")
        journal.write_bytes(
            b"".join(line for line in journal.read_bytes().splitlines(keepends=True) if b"ending" not in line)
        )

    def leftovers(self) -> list[str]:
        root = self.server.path("")
        places = ("etc/postfix", "etc/logrotate.d", "etc/mailman3", OWN)
        found = [path for name in places for path in (root / name).rglob("*.tmp")]
        return [str(path) for path in (*found, *(root / "tmp").glob(f"{scratch.PREFIX}*"))]

    def judged(self) -> str:
        """Tell what the server is after the next start: ``old`` or ``new``, or what is wrong with it."""
        if steps.run(self.server, "recover") != 0:
            return f"the next start failed: {self.server.text(SAID)}"
        now = self.state()
        if now not in {self.old, *self.new.values()}:
            return "broken: half old, half new"
        if self.leftovers():
            return f"left over: {self.leftovers()}"
        alive = self.server.lab.run(["python3", "-I", "-c", _ALIVE, *self.new])
        if not alive.ok:
            return f"no mail is taken: {alive.said}"
        return "old" if now == self.old else "new"


def _state(server: Server, name: str) -> tuple[bytes, int, int, int] | None:
    path = server.path(name)
    if not path.exists():
        return None
    found = path.stat()
    return path.read_bytes(), found.st_mode, found.st_uid, found.st_gid


@contextmanager
def scened(command: str) -> Iterator[Scene]:
    """Set a server up as far as the command that will change it needs, and see what that makes of it."""
    with Lab.start() as lab:
        server = Server(lab)
        report = server.report("apply", "--yes", "--through", str(CHANGES[command][0]))
        assert report.exit == 0, report.not_passed
        server.path(MANAGED[1]).unlink()
        made = Scene(server, Disk(server))
        made.disk.make()
        made.old = made.state()
        made.make(command)
        assert made.new[command] != made.old
        server.sh(f"cp -a /{OWN} /{_APPLIED}")
        yield made
