"""What a lab's first process is told to build, what it answers, and the names that both sides use."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from urllib.parse import quote

from wizard.lab.mounts import Kind, Mount

HOST_NAME = "lab"
"""The host name in a lab."""
REMOVED = "removed"
"""A layer's list of the paths that it takes away from the machine, a NUL after each but the last."""
ADDRESS = "198.51.100.25"
"""A lab's own address outside loopback (TEST-NET-2 of RFC 5737), as every mail server has one."""

_LONGEST = 200
"""Of a directory's name, in bytes: less than the 255 of most file systems (pathconf(3))."""


@dataclass(frozen=True, slots=True)
class Order:
    """What to build."""

    mounts: tuple[Mount, ...]
    layers: tuple[str, ...]
    """Directories of the layers (the packages; what was done after that), the newest first; none for a plain copy."""
    network: bool
    """Keep the machine's network instead of an own one without a way out."""
    terminal: str | None
    """The device of the terminal that commands will use; None without one."""

    def dump(self) -> str:
        """Write it as one line."""
        return json.dumps(asdict(self))

    @classmethod
    def load(cls, line: str) -> Order:
        """Read the line that `dump` wrote."""
        fields = json.loads(line)
        mounts = tuple(Mount(mount["path"], Kind(mount["kind"])) for mount in fields.pop("mounts"))
        return cls(mounts=mounts, layers=tuple(fields.pop("layers")), **fields)


@dataclass(frozen=True, slots=True)
class Report:
    """What became of it."""

    scratch: int = -1
    """The first process's descriptor of the directory that has the upper layers, each in ``upper/NAME``."""
    step: str | None = None
    """The step that the kernel refused; None if the lab is ready."""
    errno: int = 0
    """Why it did."""

    def dump(self) -> str:
        """Write it as one line."""
        return json.dumps(asdict(self))

    @classmethod
    def load(cls, line: str) -> Report:
        """Read the line that `dump` wrote."""
        return cls(**json.loads(line))


def part(path: str) -> str:
    """Name the part of a layer, or the upper layer, that belongs to a mount point."""
    name = quote(path, safe="")
    return name if len(name) <= _LONGEST else hashlib.sha256(name.encode()).hexdigest()
