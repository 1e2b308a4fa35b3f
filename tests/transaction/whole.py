"""A server as a whole, to be compared with itself: /etc byte for byte, the services, and Mailman's database."""

from __future__ import annotations

import hashlib
import os
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.services.server import Server

EXCEPTED = frozenset({"passwd-", "shadow-", "group-", "gshadow-", "subuid-", "subgid-", ".pwd.lock"})
"""What is not compared, in /etc: useradd(8) and userdel(8) keep there what the files were before their last change."""
_ROWS = """
import contextlib, sqlite3
uri = "file:/var/lib/mailman3/data/mailman.db?mode=ro"
with contextlib.closing(sqlite3.connect(uri, uri=True, timeout=60)) as database:
    tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    for table in tables:
        for row in database.execute(f'SELECT * FROM "{table}"'):
            empty = table == "preferences" and not any(row[1:])
            if table not in ("alembic_version", "uid") and not empty:
                print(table, repr(row))
"""
"""Not the schema's version, which Mailman writes when it first starts; nor the ids ever given to users and members,
and the empty preferences of those that are gone, of which Mailman itself never takes any away."""
_SERVICES = """
from wizard import services
from wizard.localhost import LocalHost
for name in (services.POSTFIX, services.MAILMAN):
    print(name, services.running(LocalHost(), name), services.boots(LocalHost(), name))
"""


@dataclass(frozen=True, slots=True)
class Whole:
    """All that an undo has to bring back."""

    files: frozenset[str]
    """One line a path: its kind, mode, owner, group, attributes, and a hash of its content or where a link leads."""
    services: str
    rows: frozenset[str]
    """Of Mailman's database."""

    def unlike(self, other: Whole) -> list[str]:
        """List what is not the same, here and there."""
        return [
            *sorted(f"was {line}" for line in (self.files | self.rows) - (other.files | other.rows)),
            *sorted(f"is  {line}" for line in (other.files | other.rows) - (self.files | self.rows)),
            *([f"{self.services} is {other.services}"] if self.services != other.services else []),
        ]


def whole(server: Server) -> Whole:
    root = server.path("etc")
    return Whole(
        files=frozenset(_line(path, path.relative_to(root)) for path in root.rglob("*") if path.name not in EXCEPTED),
        services=server.lab.run([sys.executable, "-c", _SERVICES]).require().stdout,
        rows=frozenset(server.lab.run([sys.executable, "-c", _ROWS]).require().stdout.splitlines()),
    )


def _line(path: Path, name: Path) -> str:
    found = path.lstat()
    kind = stat.S_IFMT(found.st_mode)
    if kind == stat.S_IFLNK:
        content = str(path.readlink())
    elif kind == stat.S_IFREG:
        content = hashlib.sha256(path.read_bytes()).hexdigest()
    else:
        content = ""
    attributes = [] if kind == stat.S_IFLNK else [(each, os.getxattr(path, each)) for each in os.listxattr(path)]
    return f"{name} {kind:o} {stat.S_IMODE(found.st_mode):o} {found.st_uid}:{found.st_gid} {content} {attributes}"
