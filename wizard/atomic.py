"""The one way a file is written: whole or not at all, also through a crash.

A temporary file in the same directory, fsync, rename, fsync of the directory: rename(2) replaces the
name atomically, and the two fsyncs order content before name on disk (fsync(2), NOTES).
"""

from __future__ import annotations

import os
import re
import secrets
from contextlib import suppress
from pathlib import Path

_TEMPORARY = re.compile(r"\.(?P<name>.+)\.[0-9a-f]{12}\.tmp")
"""How the temporary file of a name is called."""


def replace(path: Path, content: bytes, *, mode: int, uid: int, gid: int) -> None:
    """Put `content` at `path`; a symbolic link is followed and stays a link.

    Args:
        path: where; its directory must exist.
        content: the whole new content.
        mode: permission bits, for instance ``0o640``.
        uid: owner.
        gid: group.

    Raises:
        OSError: nothing was changed, the temporary file is gone.
    """
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(6)}.tmp")
    # O_EXCL and O_NOFOLLOW: a file or link that somebody planted is an error, never a way in.
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(content)
            file.flush()
            os.fchown(file.fileno(), uid, gid)
            _copy_attributes(target, file.fileno())
            # After the attributes: an access list among them would set the group's bits (acl(5)).
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        temporary.rename(target)
    except BaseException:
        with suppress(FileNotFoundError):
            temporary.unlink()
        raise
    sync_directory(target.parent)


def remove(path: Path) -> None:
    """Remove a file, durably; one that is absent already is no error."""
    with suppress(FileNotFoundError):
        path.unlink()
        sync_directory(path.parent)


def tidy(path: Path) -> None:
    """Remove the temporary files of a path that a kill has left; nobody may be writing it."""
    target = Path(os.path.realpath(path))
    tidy_directory(target.parent, target.name)


def tidy_directory(directory: Path, name: str = "") -> None:
    """Remove what a kill has left in a directory, of one name or, in a directory of our own, of all."""
    if not directory.is_dir():
        return
    for each in directory.iterdir():
        found = _TEMPORARY.fullmatch(each.name)
        if found and name in {"", found["name"]}:
            remove(each)


def sync_directory(path: Path) -> None:
    """Make the names in a directory durable."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _copy_attributes(source: Path, fd: int) -> None:
    """Carry extended attributes (ACLs, labels) over from the file that is replaced."""
    try:
        names = os.listxattr(source)
    except OSError:
        return  # the file is new, or its file system keeps no attributes
    for name in names:
        with suppress(PermissionError):  # labels that only the kernel may set
            os.setxattr(fd, name, os.getxattr(source, name))
