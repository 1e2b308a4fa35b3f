"""An sshd in a lab, and terminals that reach the program through it, as an admin's do."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from tests.services.server import LIMIT, PROGRAM, STATE, Server
from tests.terminal.terminal import SIZE, Terminal
from wizard import wait

PORT = 2222
PLACE = "/run/ssh-of-tests"
_START = f"""
install -d -m 0755 /run/sshd
install -d -m 0700 {PLACE}
cd {PLACE}
ssh-keygen -q -t ed25519 -N '' -f host
ssh-keygen -q -t ed25519 -N '' -f admin
echo "[127.0.0.1]:{PORT} $(cut -d' ' -f1,2 host.pub)" > known
usermod -p '*' root
cat > config <<'END'
Port {PORT}
ListenAddress 127.0.0.1
HostKey {PLACE}/host
AuthorizedKeysFile {PLACE}/admin.pub
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
UseDNS no
PrintMotd no
PrintLastLog no
PidFile none
MaxStartups 100
END
/usr/sbin/sshd -f {PLACE}/config -E {PLACE}/log
"""
_SSH = (
    *(
        "ssh",
        "-F",
        "none",
        "-tt",
        "-q",
        "-p",
        str(PORT),
        "-i",
        f"{PLACE}/admin",
        "-o",
        f"UserKnownHostsFile={PLACE}/known",
    ),
    *("-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes", "root@127.0.0.1"),
)
UTF8 = {"LANG": "C.UTF-8"}


@dataclass
class Link:
    """The way to a lab's terminals; those that were opened are closed with it."""

    server: Server
    opened: list[Terminal] = field(default_factory=list)

    @classmethod
    def start(cls, server: Server) -> Link:
        """Start an sshd in a lab; it ends with the lab."""
        server.sh(_START, limit=LIMIT)
        return cls(server)

    def open(
        self,
        *arguments: str,
        term: str = "xterm-256color",
        env: Mapping[str, str] = UTF8,
        size: tuple[int, int] = SIZE,
        before: str = "",
    ) -> Terminal:
        """Log in and start the program.

        Args:
            arguments: the program's.
            term: the terminal's name.
            env: of the program, besides what a login has.
            size: rows and columns.
            before: what the shell does first.
        """
        given = [f"{key}={value}" for key, value in env.items()]
        command = f"{before} exec env {shlex.join([*given, PROGRAM, *arguments])}"
        return self._opened((*_SSH, command), term, size)

    def direct(self, *arguments: str) -> Terminal:
        """Start the program on a terminal without a link: what is not read stops it sooner."""
        return self.run((PROGRAM, *arguments))

    def run(self, argv: Sequence[str]) -> Terminal:
        """Start any program in the same way."""
        given = [f"{key}={value}" for key, value in UTF8.items()]
        return self._opened(("env", *given, *argv), "xterm-256color", SIZE)

    def _opened(self, argv: tuple[str, ...], term: str, size: tuple[int, int]) -> Terminal:
        own = {"PATH": os.environ["PATH"], "HOME": "/root", "TERM": term}
        terminal = Terminal((*self.server.lab.enter, *argv), own, size)
        self.opened.append(terminal)
        return terminal

    def close(self) -> None:
        """Close all terminals."""
        while self.opened:
            self.opened.pop().close()

    def forget(self) -> None:
        """Stop what runs, and remove all that the wizard knows."""
        for run in self.runs:
            self.server.sh(f"kill {run} || true")
        self.no_run()
        self.server.sh(f"rm -rf /{STATE} /etc/mailman-wizard")

    # What is there besides terminals.

    @property
    def screens(self) -> list[int]:
        """The processes of the lab that are the program on a terminal, not its runs."""
        return self._processes(lambda argv: PROGRAM in argv[:3])

    @property
    def runs(self) -> list[int]:
        """The processes that are runs."""
        return self._processes(lambda argv: "wizard.run" in argv)

    def _processes(self, wanted: Callable[[list[str]], bool]) -> list[int]:
        found = {}
        for path in self.server.path("proc").glob("[0-9]*"):
            with suppress(OSError):  # it has just ended
                if wanted((path / "cmdline").read_text(encoding="utf-8", errors="replace").split("\0")):
                    found[int(path.name)] = int((path / "stat").read_text().rpartition(")")[2].split()[1])
        # A child that has not become the command yet looks as its parent does.
        return sorted(pid for pid, parent in found.items() if parent not in found)

    def no_screen(self, limit: float = 15) -> None:
        """Wait until no screen is left."""
        wait.until(lambda: None if self.screens else True, limit=limit)

    def no_run(self, limit: float = LIMIT) -> None:
        """Wait until no run is left."""
        wait.until(lambda: None if self.runs else True, limit=limit)

    def place(self) -> dict[str, Any]:
        """Return where the wizard has noted that somebody is; nothing before it has."""
        path = self.server.path(f"{STATE}/place.json")
        found: dict[str, Any] = json.loads(path.read_bytes()) if path.exists() else {}
        return found
