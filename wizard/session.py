"""Which stages are verified, and on which configuration: what the gate and ``status`` go by."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from wizard import atomic, packages
from wizard.drift import Settings
from wizard.host import Host
from wizard.mailman import cfg
from wizard.site import Site
from wizard.staging import MAIN, MASTER, POSTFIX

Parts = Mapping[str, str]
"""Name of a part of the configuration to a hash of it as it is now."""
FILES = (POSTFIX / MAIN, POSTFIX / MASTER, cfg.PATH)
PACKAGES = ("postfix", "mailman3")
ANSWERS = ("mail", "mailman", "lists", "check")
ABSENT = "absent"
DAMAGES = (ValueError, KeyError, TypeError, AttributeError, RecursionError)
"""What reading a file raises that is not what was written."""


@dataclass(frozen=True, slots=True)
class Verified:
    """One stage whose every check was PASS, or whose last checks were not."""

    stage: int
    at: str
    run: str
    passed: bool
    parts: Mapping[str, str]
    settings: Settings = field(default_factory=dict)
    """The single settings then, to tell which was changed; none of a stage that did not pass."""


@dataclass(frozen=True, slots=True)
class Session:
    """What is remembered between runs."""

    stages: Mapping[int, Verified] = field(default_factory=dict)

    def record(self, verified: Verified) -> Session:
        """Return the session with one stage's newest result."""
        return Session({**self.stages, verified.stage: verified})

    @property
    def newest(self) -> Verified | None:
        """The stage that was verified last, with the settings of then; runs are in the order of their names."""
        passed = [each for each in self.stages.values() if each.passed and each.settings]
        return max(passed, key=lambda each: (each.run, each.stage), default=None)

    def stale(self, stage: int, now: Parts) -> tuple[str, ...]:
        """Name the parts of the configuration that changed since a stage was verified."""
        known = self.stages.get(stage)
        if known is None:
            return ()
        return tuple(name for name in known.parts if now.get(name, ABSENT) != known.parts[name])


def parts(host: Host, site: Site) -> dict[str, str]:
    """Hash every part of the configuration that a stage's proof stands on."""
    found = {str(path): _digest(host.read(path)) for path in FILES if host.state(path)}
    found |= {name: version or ABSENT for name, version in packages.installed(host, PACKAGES).items()}
    answers = site.model_dump()  # with the database's URL, which a repr leaves out
    return found | {f"site.{name}": _digest(repr(answers[name]).encode()) for name in ANSWERS}


def chosen(found: Parts, names: Iterable[str]) -> dict[str, str]:
    """Keep the parts that a stage depends on."""
    return {name: found.get(name, ABSENT) for name in names}


def of_server(found: Parts) -> dict[str, str]:
    """Keep the parts that are the server's own, without the answers."""
    return {name: digest for name, digest in found.items() if not name.startswith("site.")}


def load(path: Path) -> Session:
    """Read the session; a missing or damaged one is an empty one, so that nothing counts as verified."""
    try:
        return _read(path)
    except (FileNotFoundError, *DAMAGES):
        return Session()


def set_aside(path: Path) -> str:
    """Rename the session to ``.corrupt`` if it cannot be read, and say so; returns nothing if all is well."""
    try:
        _read(path)
    except FileNotFoundError:
        return ""
    except DAMAGES:
        aside = path.with_suffix(".corrupt")
        with suppress(FileNotFoundError):  # somebody else has done it meanwhile
            path.replace(aside)
        return f"{path.name} is damaged: set aside as {aside.name}, no stage is verified"
    return ""


def _read(path: Path) -> Session:
    raw = json.loads(path.read_bytes())
    return Session({int(number): _verified(entry) for number, entry in raw["stages"].items()})


def save(session: Session, path: Path) -> None:
    """Write the session, durably; one that is damaged is set aside before."""
    set_aside(path)
    stages = {str(number): asdict(entry) for number, entry in session.stages.items()}
    content = json.dumps({"schema": 1, "stages": stages}, indent=1).encode()
    atomic.replace(path, content, mode=0o600, uid=0, gid=0)


def _verified(entry: Mapping[str, Any]) -> Verified:
    parts = {str(name): str(digest) for name, digest in entry["parts"].items()}
    passed = entry["passed"] is True
    settings = {str(name): str(digest) for name, digest in entry.get("settings", {}).items()}
    return Verified(int(entry["stage"]), str(entry["at"]), str(entry["run"]), passed, parts, settings)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
