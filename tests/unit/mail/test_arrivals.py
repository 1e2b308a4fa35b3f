from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.unit.mail.samples import CONFIRMATION, TOKEN, mbox, probe
from wizard.mail.arrivals import arrivals
from wizard.mail.mailbox import Mailbox, MailboxError, holding

RAW = probe().raw
FOUND = RAW.replace(b"\r\n", b"\n")
Deliver = Callable[[float, Mailbox], None]


@pytest.fixture
def boxes(tmp_path: Path) -> tuple[Mailbox, ...]:
    spool, home = tmp_path / "mail", tmp_path / "carol"
    for directory in (spool, home / "Maildir/new", home / "Maildir/cur"):
        directory.mkdir(parents=True)
    return (
        Mailbox(spool / "alice", "mbox"),
        Mailbox(spool / "bob", "mbox"),
        Mailbox(home / "Maildir", "maildir"),
    )


@pytest.fixture
def deliver() -> Iterator[Deliver]:
    """Deliver the probe to a mailbox after some seconds."""
    timers = []

    def later(seconds: float, box: Mailbox) -> None:
        timers.append(threading.Timer(seconds, put, (box,)))
        timers[-1].start()

    yield later
    for timer in timers:
        timer.join()


def put(box: Mailbox) -> None:
    if box.format == "mbox":
        with box.path.open("ab") as file:
            file.write(mbox(RAW))
    else:
        count = len(list((box.path / "new").iterdir()))
        written = box.path / f"{count}.x.host"
        written.write_bytes(FOUND)
        written.rename(box.path / "new" / written.name)  # as a delivery does, so that nobody sees half of it


def test_each_mailbox_is_waited_for(boxes: tuple[Mailbox, ...], deliver: Deliver) -> None:
    put(boxes[0])
    deliver(0.2, boxes[2])
    deliver(0.5, boxes[1])
    seen = arrivals(boxes, holding(TOKEN), limit=10)
    assert seen.complete
    assert [arrival.copies for arrival in seen.each] == [(FOUND,)] * 3
    first, last, middle = (arrival.seconds for arrival in seen.each)
    assert first is not None
    assert middle is not None
    assert last is not None
    assert first <= middle <= last


def test_at_the_limit_it_says_who_is_missing_and_keeps_what_came(boxes: tuple[Mailbox, ...]) -> None:
    put(boxes[0])
    put(boxes[0])
    boxes[1].path.write_bytes(mbox(CONFIRMATION))
    seen = arrivals(boxes, holding(TOKEN), limit=0.3)
    assert not seen.complete
    assert seen.missing == boxes[1:]
    assert [len(arrival.copies) for arrival in seen.each] == [2, 0, 0]
    assert [arrival.seconds is None for arrival in seen.each] == [False, True, True]


def test_more_than_one_copy_can_be_asked_for(boxes: tuple[Mailbox, ...], deliver: Deliver) -> None:
    put(boxes[2])
    deliver(0.2, boxes[2])
    seen = arrivals(boxes[2:], holding(TOKEN), limit=10, want=2)
    assert seen.each[0].copies == (FOUND, FOUND)


def test_a_locked_mailbox_has_not_got_its_mail(boxes: tuple[Mailbox, ...]) -> None:
    put(boxes[0])
    lock = boxes[0].path.with_name("alice.lock")
    lock.touch()
    assert arrivals(boxes[:1], holding(TOKEN), limit=0.3).missing == boxes[:1]
    threading.Timer(0.2, lock.unlink).start()
    assert arrivals(boxes[:1], holding(TOKEN), limit=10).complete


def test_a_mailbox_made_during_the_wait_is_seen(tmp_path: Path, deliver: Deliver) -> None:
    box = Mailbox(tmp_path / "home/dave", "mbox")
    threading.Timer(0.1, box.path.parent.mkdir).start()
    deliver(0.3, box)
    assert arrivals((box,), holding(TOKEN), limit=10).complete


def test_a_mailbox_that_cannot_be_read_ends_the_wait(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(MailboxError, match="link"):
        arrivals((Mailbox(tmp_path / "link", "mbox"),), holding(TOKEN), limit=10)


def test_nobody_to_wait_for_is_complete_at_once() -> None:
    assert arrivals((), holding(TOKEN), limit=10).complete
