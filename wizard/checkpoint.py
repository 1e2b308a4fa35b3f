"""Checkpoints: what was there before a plan was applied, recorded and durable before the first write."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from wizard import atomic
from wizard.host import Host

FILE = "checkpoint.json"


@dataclass(frozen=True, slots=True)
class Saved:
    """One path as it was."""

    path: str
    content: str | None
    """Base64; None: absent."""
    mode: int = 0
    owner: str = ""
    group: str = ""


def take(host: Host, directory: Path, paths: Iterable[Path], note: dict[str, object]) -> tuple[Saved, ...]:
    """Record paths as they are now.

    Args:
        host: the machine.
        directory: the checkpoint's own directory, made here (0700).
        paths: the files that are going to change.
        note: what history shows of it (when, stage, run).

    Raises:
        OSError: it could not be made durable; then nothing may be changed.
    """
    saved = tuple(_save(host, path) for path in paths)
    directory.mkdir(mode=0o700)
    record = {"schema": 1, **note, "files": [_data(one) for one in saved]}
    atomic.replace(directory / FILE, json.dumps(record).encode(), mode=0o600, uid=0, gid=0)
    atomic.sync_directory(directory.parent)
    return saved


def restore(host: Host, saved: Iterable[Saved]) -> None:
    """Bring paths back byte for byte, with mode and owner.

    Raises:
        OSError: one could not be written; those before it are back.
    """
    for one in saved:
        if one.content is None:
            host.remove(Path(one.path))
            continue
        content = base64.b64decode(one.content)
        host.write(Path(one.path), content, mode=one.mode, owner=one.owner, group=one.group)


def _save(host: Host, path: Path) -> Saved:
    state = host.state(path)
    if state is None:
        return Saved(str(path), None)
    content = base64.b64encode(host.read(path)).decode("ascii")
    return Saved(str(path), content, state.mode, state.owner, state.group)


def _data(saved: Saved) -> dict[str, object]:
    return {
        "path": saved.path,
        "content": saved.content,
        "mode": saved.mode,
        "owner": saved.owner,
        "group": saved.group,
    }
