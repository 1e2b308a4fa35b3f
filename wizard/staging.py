"""A staged copy of Postfix's configuration: changed and validated by Postfix's own programs, never live."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from wizard import scratch
from wizard.errors import ChangeError
from wizard.host import Host

POSTFIX = Path("/etc/postfix")
MAIN, MASTER = "main.cf", "master.cf"
SETTLED = 0.0
"""A time stamp long past: Postfix's programs wait with a main.cf until it is two seconds old (``dict_load_file_xt``
in its source), because somebody may be writing it; nobody writes what is staged."""


@contextmanager
def staged(contents: Mapping[str, bytes] | None = None) -> Iterator[Path]:
    """Copy Postfix's configuration into a directory of our own (0700) for as long as the context lasts.

    Args:
        contents: file name to content, put in place of the copied ones.
    """
    with scratch.directory() as parent:
        copy = parent / "postfix"
        shutil.copytree(POSTFIX, copy, symlinks=False, ignore=_dangling)
        for name, content in (contents or {}).items():
            (copy / name).write_bytes(content)
        with suppress(FileNotFoundError):
            os.utime(copy / MAIN, (SETTLED, SETTLED))
        yield copy


def edited_main(host: Host, settings: Mapping[str, str]) -> bytes:
    """Return main.cf with parameters set by ``postconf -e``, which leaves every other line as it is.

    Raises:
        CommandError: postconf refused a value.
        ValueError: a value holds a line break.
    """
    edits = [f"{name} = {value}" for name, value in settings.items()]
    if any(character in edit for edit in edits for character in "\r\n\0"):
        raise ValueError("a Postfix setting must be one line")
    with staged() as directory:
        _ended(directory / MAIN)
        for edit in edits:  # one at a time: it adds several that are new in an order of chance
            host.run(["postconf", "-c", str(directory), "-e", edit]).require()
        return (directory / MAIN).read_bytes()


def edited_master(host: Host, services: Mapping[str, str]) -> bytes:
    """Return master.cf with services (``smtp/inet``) set to their lines by ``postconf -M``."""
    with staged() as directory:
        _ended(directory / MASTER)
        for name, line in services.items():
            host.run(["postconf", "-c", str(directory), "-M", f"{name}={line}"]).require()
        return (directory / MASTER).read_bytes()


def _dangling(directory: str, names: list[str]) -> list[str]:
    """Name the links that lead nowhere; copytree's own option looks for relative ones in the wrong directory."""
    return [name for name in names if not Path(directory, name).exists()]


def _ended(path: Path) -> None:
    """Give the last line its end: postconf adds what is new right behind it, as a part of that line's value."""
    content = path.read_bytes()
    if content and not content.endswith(b"\n"):
        path.write_bytes(content + b"\n")


def validate(host: Host, contents: Mapping[str, bytes]) -> None:
    """Let Postfix pass judgement on a staged whole.

    Raises:
        ChangeError: it did not pass; the message is Postfix's own.
    """
    with staged(contents) as directory:
        listed = host.run(["postconf", "-c", str(directory), "-n"])
        checked, said = postfix_check(host, directory)
    if not listed.ok:
        raise ChangeError(f"Postfix refuses the new configuration: {listed.said}")
    if not checked:
        raise ChangeError(f"Postfix refuses the new configuration: {'; '.join(said) or 'without a word'}")


def postfix_check(host: Host, directory: Path = POSTFIX) -> tuple[bool, tuple[str, ...]]:
    """Run ``postfix check``; return whether it passed, and the lines it said.

    It speaks only to a terminal (postlog(1)), so it gets one, from script(1).
    """
    command = shlex.join(["postfix", "-c", str(directory), "check"])
    ended = host.run(["script", "--quiet", "--return", "--command", command, "/dev/null"])
    return ended.ok, tuple(line.strip() for line in ended.stdout.splitlines() if line.strip())
