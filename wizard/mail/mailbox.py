"""Reading a mailbox while the mail system writes to it.

The readers of the standard library's `mailbox` do not fit here: they follow links, read without a lock,
open for writing, know no limit, and leave the quoting of "From " lines in.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import stat
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from email.utils import getaddresses
from pathlib import Path
from typing import Literal, NamedTuple

from wizard import wait
from wizard.errors import WizardError

Format = Literal["mbox", "maildir"]
"""mbox: one file, as mbox(5). maildir: a directory with ``new`` and ``cur``, as maildir(5)."""

Wanted = Callable[[bytes], bool]
"""Tells whether a raw message is one that is looked for."""

CAP = 64 * 2**20
"""Octets of a mailbox beyond which it is not read: no probe's mailbox comes near."""

LOCK_LIMIT = 10.0
"""Seconds that another program may hold a mailbox's lock before reading it is given up."""

_SEPARATOR = re.compile(rb"(?:\A|(?<=\n\n))From [^\n]*(?:\n|\Z)")
_QUOTED = re.compile(rb"^>From ", re.MULTILINE)
_FLOCK = "hhqqi0q"
"""struct flock of fcntl(2): type, whence, start, length, pid, and the padding at its end."""

_PLACE = os.O_RDONLY | os.O_DIRECTORY
_FILE = os.O_RDONLY


class MailboxError(WizardError):
    """A mailbox cannot be read; the message names it and says why."""


class _MovedError(Exception):
    """A message went from one folder of a Maildir to another while it was read."""


class _Stored(NamedTuple):
    """A message of a Maildir; sorts by arrival."""

    time: int
    name: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Where a user's mail is put."""

    path: Path
    """The file or the directory. It need not exist: Postfix makes it with the first mail."""
    format: Format

    @property
    def watched(self) -> tuple[Path, ...]:
        """The directories that change when mail arrives, for `wizard.wait.until`."""
        return (self.path.parent,) if self.format == "mbox" else (self.path / "new",)

    def messages(self) -> tuple[bytes, ...]:
        """Read all messages in order of arrival, lines ending as they are stored (LF).

        From an mbox, without their "From " line, the ``>`` that local(8) puts before a "From " in the text
        taken away again; a ``>From `` that the sender wrote cannot be told from it. A message that is being
        written is left out. Nothing is changed, and no link below the mailbox's directory is followed.

        Raises:
            MailboxError: unreadable, not a mailbox of its format, larger than `CAP`, or locked for longer
                than `LOCK_LIMIT`.
        """
        try:
            return wait.until(self.messages_now, limit=LOCK_LIMIT, paths=self.watched)
        except wait.LimitError:
            raise MailboxError(f"{self.path}: another program has held its lock for {LOCK_LIMIT:g} s") from None

    def messages_now(self) -> tuple[bytes, ...] | None:
        """Read as `messages` does, but without waiting: None while a writer holds the mbox's lock.

        Raises:
            MailboxError: as `messages`.
        """
        read = _read_mbox if self.format == "mbox" else _read_maildir
        try:
            return read(self.path)
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise MailboxError(f"{self.path}: {error.strerror}") from error

    def find(self, wanted: Wanted) -> tuple[bytes, ...]:
        """Read the messages that are looked for: one, none, or every copy.

        Raises:
            MailboxError: as `messages`.
        """
        return tuple(raw for raw in self.messages() if wanted(raw))


def holding(token: str) -> Wanted:
    """Recognise a message that carries a probe's token anywhere."""
    needle = token.encode()
    return lambda raw: needle in raw


def copy_of(message_id: str, recipient: str) -> Wanted:
    """Recognise the copy of a message that was sent to a recipient, a list say.

    What a list holds back goes to its owners as a whole, inside a notice; that is no copy.
    """
    anywhere, name = holding(message_id), recipient.rpartition("@")
    owners = f"{name[0]}-owner@{name[2]}".lower()

    def wanted(raw: bytes) -> bool:
        return anywhere(raw) and owners not in {
            address.lower()
            for _, address in getaddresses(map(str, BytesHeaderParser().parsebytes(raw).get_all("To", [])))
        }

    return wanted


def split(content: bytes) -> tuple[bytes, ...]:
    """Split an mbox into its messages, as mbox(5): at each "From " line after a blank line.

    What stands before the first such line belongs to no message and is left out.
    """
    marks = list(_SEPARATOR.finditer(content))
    ends = [mark.start() for mark in marks[1:]] + [len(content)]
    return tuple(_unquoted(content[mark.end() : end]) for mark, end in zip(marks, ends, strict=False))


def _unquoted(stored: bytes) -> bytes:
    if stored.endswith(b"\n\n"):
        stored = stored[:-1]
    return _QUOTED.sub(b"From ", stored)


def _read_mbox(path: Path) -> tuple[bytes, ...] | None:
    """Read what was in the mbox at a moment when nobody was writing to it; None if somebody is.

    Delivery only appends, so what lies before the size of that moment is whole messages.
    """
    with _opened(path, _FILE) as file:
        before = os.fstat(file)
        if path.with_name(f"{path.name}.lock").exists() or _is_locked(file):
            return None
        after = os.fstat(file)
        # The same before and after, so a writer that came or went meanwhile has written nothing.
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            return None
        content = _content(file, after.st_size)
    return split(content) if len(content) == after.st_size else None


def _is_locked(file: int) -> bool:
    """Tell whether somebody holds a lock of `postconf mailbox_delivery_lock`, fcntl or flock, to write.

    The fcntl lock is asked about and not taken: a delivery that meets a lock waits for a whole second
    (`deliver_lock_delay`). flock(2) can only be tried; Debian's Postfix does not use it.
    """
    asked = struct.pack(_FLOCK, fcntl.F_RDLCK, os.SEEK_SET, 0, 0, 0)
    (found, *_) = struct.unpack(_FLOCK, fcntl.fcntl(file, fcntl.F_GETLK, asked))
    if found != fcntl.F_UNLCK:
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    fcntl.flock(file, fcntl.LOCK_UN)
    return False


def _read_maildir(path: Path) -> tuple[bytes, ...] | None:
    """Read ``new`` and ``cur``; None if a message moved away meanwhile."""
    found: dict[str, _Stored] = {}
    with _opened(path, _PLACE) as top:
        # new before cur: a message that moves between the two looks is then seen twice, not missed.
        for folder in ("new", "cur"):
            try:
                found |= _read_folder(top, folder, CAP - sum(len(one.raw) for one in found.values()))
            except _MovedError:
                return None
    return tuple(one.raw for one in sorted(found.values()))


def _read_folder(top: int, folder: str, room: int) -> dict[str, _Stored]:
    """Read a folder's messages by their unique names, without the flags that a reader adds."""
    found = {}
    with suppress(FileNotFoundError), _opened(folder, _PLACE, within=top) as place:
        with os.scandir(place) as entries:
            names = [entry.name for entry in entries if not entry.name.startswith(".")]
        for name in names:
            one = _read_stored(place, name, room)
            room -= len(one.raw)
            found[name.partition(":")[0]] = one
    return found


def _read_stored(place: int, name: str, room: int) -> _Stored:
    try:
        with _opened(name, _FILE, within=place) as file:
            state = os.fstat(file)
            return _Stored(state.st_mtime_ns, name, _content(file, state.st_size, room))
    except FileNotFoundError:
        raise _MovedError from None


def _content(file: int, size: int, room: int = CAP) -> bytes:
    """Read `size` octets, or fewer if the file has become shorter."""
    if size > room:
        raise OSError(errno.EFBIG, f"larger than {CAP // 2**20} MiB")
    with os.fdopen(os.dup(file), "rb") as stream:
        return stream.read(size)


@contextmanager
def _opened(path: Path | str, flags: int, within: int | None = None) -> Iterator[int]:
    """Open a directory or a regular file, and nothing else; a link is refused."""
    try:
        descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=within)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise OSError(errno.ELOOP, f"a link, which is not followed: {path}") from error
        raise
    try:
        if flags == _FILE and not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, f"not a regular file: {path}")
        yield descriptor
    finally:
        os.close(descriptor)
