"""What a stage would change, as data: nothing here touches a machine."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeAlias

from wizard import diff


@dataclass(frozen=True, slots=True)
class Why:
    """One thing a change does, and the reason for it."""

    what: str
    reason: str

    def __str__(self) -> str:
        """Say it in one line."""
        return f"{self.what}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Packages:
    """Install packages of the distribution, or remove them; their configuration and data stay then."""

    stage: int
    names: tuple[str, ...]
    why: tuple[Why, ...]
    remove: bool = False
    kind: Literal["package"] = "package"

    @property
    def target(self) -> str:
        """What it is about."""
        return " ".join(self.names)

    def diff(self) -> str:
        """Show it."""
        return "\n".join(f"- {name}" if self.remove else f"+ {name} (not installed)" for name in self.names)

    def reverse(self) -> None:
        """Packages are listed by `history` and removed only when asked for."""
        return


@dataclass(frozen=True, slots=True)
class File:
    """Give a file new content, a new mode or a new owner."""

    stage: int
    path: Path
    before: bytes | None
    """None: absent."""
    after: bytes | None
    """None: to be absent."""
    mode: int
    owner: str
    group: str
    why: tuple[Why, ...]
    was: tuple[int, str, str] | None = None
    """Mode, owner and group until now, where they differ from the new ones."""
    preview: bool = False
    """The file comes with a package that is not installed: only the lines that will be set are known."""
    kind: Literal["file"] = "file"

    @property
    def target(self) -> str:
        """What it is about."""
        return str(self.path)

    def diff(self) -> str:
        """Show it."""
        text = diff.unified(self.target, self.before, self.after)
        if self.was is None:
            return text
        mode, owner, group = self.was
        return f"{text}\n- {mode:04o} {owner}:{group}\n+ {self.mode:04o} {self.owner}:{self.group}".lstrip("\n")

    def reverse(self) -> File:
        """Return the change that brings back what was there."""
        mode, owner, group = self.was or (self.mode, self.owner, self.group)
        return replace(
            self,
            before=self.after,
            after=self.before,
            mode=mode,
            owner=owner,
            group=group,
            was=(self.mode, self.owner, self.group) if self.was else None,
        )


@dataclass(frozen=True, slots=True)
class Directory:
    """Make a directory that a service needs."""

    stage: int
    path: Path
    mode: int
    owner: str
    group: str
    why: tuple[Why, ...]
    remove: bool = False
    kind: Literal["directory"] = "directory"

    @property
    def target(self) -> str:
        """What it is about."""
        return str(self.path)

    def diff(self) -> str:
        """Show it."""
        return f"{'-' if self.remove else '+'} {self.path} {self.mode:04o} {self.owner}:{self.group}"

    def reverse(self) -> Directory:
        """Return the change that removes it again (only while it is empty)."""
        return replace(self, remove=not self.remove)


@dataclass(frozen=True, slots=True)
class Access:
    """Give a file or a directory that is there another mode or owner; what it holds stays."""

    stage: int
    path: Path
    mode: int
    owner: str
    group: str
    was: tuple[int, str, str]
    """Mode, owner and group until now."""
    why: tuple[Why, ...]
    kind: Literal["access"] = "access"

    @property
    def target(self) -> str:
        """What it is about."""
        return str(self.path)

    def diff(self) -> str:
        """Show it."""
        mode, owner, group = self.was
        return f"- {self.path} {mode:04o} {owner}:{group}\n+ {self.path} {self.mode:04o} {self.owner}:{self.group}"

    def reverse(self) -> Access:
        """Return the change that gives it back."""
        mode, owner, group = self.was
        return replace(self, mode=mode, owner=owner, group=group, was=(self.mode, self.owner, self.group))


@dataclass(frozen=True, slots=True)
class Rebuild:
    """Make compiled maps from their sources, by the program that owns them."""

    stage: int
    target: str
    argv: tuple[str, ...]
    user: str | None
    why: tuple[Why, ...]
    makes: tuple[Path, ...] = ()
    """The files it writes, as far as they are nobody else's to write."""
    kind: Literal["map"] = "map"

    def diff(self) -> str:
        """Show it."""
        return f"! {' '.join(self.argv)}"

    def reverse(self) -> Rebuild:
        """Maps follow their sources: after those are back, the same command makes the old maps."""
        return self


Action: TypeAlias = Literal["start", "stop", "reload", "restart", "enable", "disable"]
REVERSED: dict[Action, Action] = {
    "start": "stop",
    "stop": "start",
    "reload": "reload",
    "restart": "restart",
    "enable": "disable",
    "disable": "enable",
}


@dataclass(frozen=True, slots=True)
class Service:
    """Do something to a service."""

    stage: int
    target: str
    """postfix or mailman3."""
    action: Action
    why: tuple[Why, ...]
    kind: Literal["service"] = "service"

    def diff(self) -> str:
        """Show it."""
        return f"! {self.action} {self.target}"

    def reverse(self) -> Service:
        """Return the change that brings the service to where it was."""
        return replace(self, action=REVERSED[self.action])


@dataclass(frozen=True, slots=True)
class MailmanObject:
    """Make or set up a domain or a list in Mailman, by its REST interface."""

    stage: int
    what: Literal["domain", "address", "list", "owner", "setting", "request"]
    name: str
    """Domain, somebody's address, or list address."""
    key: str = ""
    """The setting's name, the owner's address, or the address of who has asked to join."""
    before: str | None = None
    after: str | None = None
    """None: to be gone."""
    why: tuple[Why, ...] = ()
    kind: Literal["mailman"] = "mailman"

    @property
    def target(self) -> str:
        """What it is about."""
        return f"{self.what} {self.name} {self.key}".strip()

    def diff(self) -> str:
        """Show it."""
        old = [f"- {self.target} = {self.before}"] if self.before is not None else []
        new = [f"+ {self.target} = {self.after}"] if self.after is not None else []
        return "\n".join(old + new)

    def reverse(self) -> MailmanObject:
        """Return the change that brings back what was there."""
        return replace(self, before=self.after, after=self.before)


Change: TypeAlias = Packages | File | Directory | Access | Rebuild | Service | MailmanObject


@dataclass(frozen=True, slots=True)
class Plan:
    """The changes of one stage, in the order in which they are to be made."""

    stage: int
    changes: tuple[Change, ...] = ()

    def __bool__(self) -> bool:
        """Whether there is anything to change."""
        return bool(self.changes)

    @property
    def packages(self) -> tuple[str, ...]:
        """The packages to be installed before anything else can be planned for certain."""
        found = (change for change in self.changes if isinstance(change, Packages) and not change.remove)
        return tuple(name for change in found for name in change.names)

    def text(self) -> str:
        """Show the whole plan, each change with its reasons."""
        return "\n".join(_shown(change) for change in self.changes)

    def data(self) -> list[dict[str, object]]:
        """Return it as the command line's JSON has it."""
        return [
            {
                "stage": change.stage,
                "kind": change.kind,
                "target": change.target,
                "diff": change.diff(),
                "why": [str(why) for why in change.why],
            }
            for change in self.changes
        ]


def _shown(change: Change) -> str:
    lines: Iterable[str] = (f"# {why}" for why in change.why)
    return "\n".join([f"== {change.kind} {change.target}", *lines, change.diff(), ""])
