"""Waiting for mail to arrive in several mailboxes at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from wizard import wait
from wizard.mail.mailbox import Mailbox, Wanted


@dataclass(frozen=True, slots=True)
class Arrival:
    """What one mailbox held when the wait ended."""

    mailbox: Mailbox
    copies: tuple[bytes, ...]
    """The messages looked for, as `Mailbox.messages` gives them; more than asked for if more were there."""
    seconds: float | None
    """From the start of the wait until as many as asked for were seen; None: they were not."""


@dataclass(frozen=True, slots=True)
class Arrivals:
    """How a wait for mail ended: one `Arrival` for each mailbox, in the order they were named."""

    each: tuple[Arrival, ...]

    @property
    def complete(self) -> bool:
        """Whether every mailbox got as many as asked for."""
        return not self.missing

    @property
    def missing(self) -> tuple[Mailbox, ...]:
        """The mailboxes that did not get as many as asked for."""
        return tuple(arrival.mailbox for arrival in self.each if arrival.seconds is None)


def arrivals(
    mailboxes: Sequence[Mailbox],
    wanted: Wanted,
    *,
    limit: float,
    want: int = 1,
    meanwhile: Callable[[], None] = lambda: None,
    arrived: Callable[[int, float], None] = lambda _mailbox, _seconds: None,
) -> Arrivals:
    """Wait until each mailbox holds the messages looked for, or the limit has passed.

    A copy too many may come later than the copies asked for. To prove that none did, see to it that the mail
    system has nothing left to deliver, and count with `Mailbox.find`.

    Args:
        mailboxes: where to look.
        wanted: recognises the messages.
        limit: seconds to wait at most. That it passed is no error: see `Arrivals.missing`.
        want: how many in each mailbox.
        meanwhile: called at each look that has not seen all; what it raises ends the wait.
        arrived: told of each mailbox, by its place in `mailboxes`, with the seconds it took.

    Raises:
        MailboxError: a mailbox cannot be read. One that is locked counts as not having got its mail.
    """
    start = time.monotonic()
    looks = [_Look(mailbox, wanted, want, start) for mailbox in mailboxes]

    def look() -> bool | None:
        # Every one is looked at each time: the time of arrival of one says nothing about another's.
        for number, one in enumerate(looks):
            if one.again() and one.seconds is not None:
                arrived(number, one.seconds)
        if all(one.seconds is not None for one in looks):
            return True
        meanwhile()
        return None

    paths = dict.fromkeys(path for mailbox in mailboxes for path in mailbox.watched)
    with suppress(wait.LimitError):
        wait.until(look, limit=limit, paths=paths)
    return Arrivals(tuple(Arrival(one.mailbox, one.copies, one.seconds) for one in looks))


class _Look:
    """Looks at one mailbox, and reads it only when it has changed."""

    def __init__(self, mailbox: Mailbox, wanted: Wanted, want: int, start: float) -> None:
        self.mailbox = mailbox
        self.copies: tuple[bytes, ...] = ()
        self.seconds: float | None = None
        self._wanted = wanted
        self._want = want
        self._start = start
        self._seen: object = ()

    def again(self) -> bool:
        """Look once more; tell whether it has just come to hold as many as asked for."""
        state = self._state()
        if state == self._seen:
            return False
        messages = self.mailbox.messages_now()
        if messages is None:
            return False
        self._seen = state
        self.copies = tuple(raw for raw in messages if self._wanted(raw))
        if self.seconds is not None or len(self.copies) < self._want:
            return False
        self.seconds = time.monotonic() - self._start
        return True

    def _state(self) -> object:
        """Tell one state of the mailbox from another, without reading it."""
        if self.mailbox.format == "maildir":
            return [_names(self.mailbox.path / folder) for folder in ("new", "cur")]
        try:
            found = self.mailbox.path.lstat()
        except OSError:
            return None
        return found.st_ino, found.st_size, found.st_mtime_ns


def _names(folder: Path) -> list[str]:
    try:
        return sorted(entry.name for entry in folder.iterdir())
    except OSError:
        return []
