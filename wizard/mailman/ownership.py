"""Who may read and write Mailman's files: what Mailman writes is its own, what holds secrets is closed to others.

One table for the check, which finds what breaks a rule, and for the plan, which puts right just that.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from wizard.host import FileState, Host
from wizard.mailman import cfg
from wizard.mailman.cfg import Config

MINE = frozenset({cfg.USER})
TRUSTED = frozenset({cfg.OWNER, cfg.USER})
"""Nobody logs in as one of these, and nobody else is of their groups."""
PACKAGED = Path("/var/lib/ucf/cache/:etc:mailman3:mailman.cfg")
"""What ucf(1), with which Debian's package writes mailman.cfg, remembers of it."""
LOG_GROUPS = TRUSTED | {"adm"}
"""adm reads logs (Debian's policy on users and groups)."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What one file or directory must be like; who has it otherwise gets `right`."""

    path: Path
    owners: frozenset[str]
    groups: frozenset[str]
    """Whose members may do what others may not."""
    forbidden: int
    """Mode bits that must not be set."""
    needed: int
    """Mode bits that must be set."""
    right: tuple[str, str]
    """Owner and group to give it to if it is not theirs."""
    why: str

    def broken(self, state: FileState) -> tuple[str, ...]:
        """Say what is wrong with it."""
        said = []
        if state.owner not in self.owners:
            said.append(f"{self.path} belongs to {state.owner}, not to {' or '.join(sorted(self.owners))}")
        if not self._fits(state.mode, state.group):
            may = stat.filemode(state.mode)[4:7]
            said.append(
                f"{self.path} is open ({may}) to the group {state.group}, not {' or '.join(sorted(self.groups))}"
            )
        if state.mode & self.forbidden or state.mode & self.needed != self.needed:
            said.append(f"{self.path} has mode {state.mode:04o}")
        return tuple(said)

    def mended(self, state: FileState) -> tuple[int, str, str]:
        """Give mode, owner and group as they must be; what is right about them stays."""
        mode = state.mode & ~self.forbidden | self.needed
        owner, group = self.right
        return (
            mode,
            state.owner if state.owner in self.owners else owner,
            state.group if self._fits(mode, state.group) else group,
        )

    def _fits(self, mode: int, group: str) -> bool:
        """Whether a group is one that may have it, or may do no more than everybody."""
        return not mode >> 3 & ~mode & stat.S_IRWXO or group in self.groups


def rules(host: Host, config: Config) -> tuple[Rule, ...]:
    """List what there is on this machine, and what it must be like."""
    return (
        Rule(
            cfg.PATH.parent,
            TRUSTED,
            TRUSTED,
            stat.S_IWGRP | stat.S_IWOTH,
            stat.S_IRWXU,
            (cfg.OWNER, cfg.OWNER),
            "whoever may write there can put another mailman.cfg in place",
        ),
        Rule(
            cfg.PATH,
            TRUSTED,
            TRUSTED,
            stat.S_IWGRP | stat.S_IRWXO,
            stat.S_IRUSR,
            (cfg.OWNER, cfg.GROUP),
            "it holds the REST password: root writes it, Mailman reads it",
        ),
        *_packaged(host, config),
        *_directories(host, config),
        *_files(host, config),
    )


def _packaged(host: Host, config: Config) -> Iterator[Rule]:
    """Close what the package has kept of its mailman.cfg, which everybody may read, while its passwords are in use."""
    if host.state(PACKAGED) is None:
        return
    kept = host.read(PACKAGED).decode("utf-8", "surrogateescape")
    if any(secret in kept for secret in config.secrets()):
        root, closed = (cfg.OWNER, cfg.OWNER), stat.S_IRWXG | stat.S_IRWXO
        why = "it is the package's copy of mailman.cfg, with the REST password that is in use"
        yield Rule(PACKAGED, frozenset({cfg.OWNER}), frozenset({cfg.OWNER}), closed, stat.S_IRUSR, root, why)


def _directories(host: Host, config: Config) -> Iterator[Rule]:
    why = "Mailman runs as list, and must read and write there"
    queues = tuple(config.queue_dir / name for name in host.names(config.queue_dir))
    for path in (config.var_dir, config.queue_dir, *queues, config.log_dir):
        groups = LOG_GROUPS if path == config.log_dir else TRUSTED
        yield Rule(path, MINE, groups, stat.S_IWOTH, stat.S_IRWXU, (cfg.USER, cfg.USER), why)
    yield Rule(config.data_dir, MINE, TRUSTED, stat.S_IRWXO, stat.S_IRWXU, (cfg.USER, cfg.USER), why)


def _files(host: Host, config: Config) -> Iterator[Rule]:
    why = "Mailman runs as list, and must read and write it"
    needed, mine = stat.S_IRUSR | stat.S_IWUSR, (cfg.USER, cfg.USER)
    for name in host.names(config.data_dir):
        yield Rule(config.data_dir / name, MINE, TRUSTED, stat.S_IRWXO, needed, mine, why)
    for name in host.names(config.log_dir):
        if name.endswith(".log"):
            yield Rule(config.log_dir / name, MINE, LOG_GROUPS, stat.S_IWOTH, needed, mine, why)
