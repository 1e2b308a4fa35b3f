from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.mail.samples import CONFIRMATION, TOKEN, mbox, probe
from wizard.mail import mailbox as module
from wizard.mail.intact import compare_direct
from wizard.mail.mailbox import Mailbox, MailboxError, copy_of, holding, split
from wizard.mail.message import Kind

# No line that opens with one or more ">" and "From ": local(8) adds nothing that could be told from those.
lines = st.sampled_from(
    [
        b"",
        b"From ",
        b"From alice  Sat Mar  1 12:00:00 2025",
        b"From: x",
        b"text",
        b".",
        b" From x",
        b"\xff\x00",
    ]
)
bodies = st.lists(lines, max_size=8).map(b"\n".join)
mails = bodies.map(lambda body: b"Subject: x\n\n" + body + b"\n")


@given(st.lists(mails, max_size=5))
def test_an_mbox_is_split_where_messages_end_and_nowhere_else(sent: list[bytes]) -> None:
    assert split(mbox(*sent)) == tuple(sent)


@given(st.lists(mails, max_size=3), st.integers(0, 400), st.binary(max_size=40))
def test_a_truncated_or_spoilt_mbox_gives_the_whole_messages_before(sent: list[bytes], cut: int, noise: bytes) -> None:
    whole = mbox(*sent)
    split(whole[:cut] + noise)
    found = split(whole[:cut])
    assert list(found[:-1]) == sent[: max(len(found) - 1, 0)]


@given(st.binary())
def test_no_octets_make_splitting_fail(content: bytes) -> None:
    split(content)


@pytest.mark.parametrize("kind", Kind)
def test_a_probe_comes_out_of_an_mbox_intact(tmp_path: Path, kind: Kind) -> None:
    box = Mailbox(tmp_path / "bob", "mbox")
    raw = probe(kind).raw
    box.path.write_bytes(mbox(CONFIRMATION, raw, CONFIRMATION))
    (found,) = box.find(holding(TOKEN))
    assert compare_direct(raw, found) == ()
    assert len(box.messages()) == 3


@pytest.mark.parametrize("kind", ["mbox", "maildir"])
def test_a_mailbox_that_is_not_there_is_empty(tmp_path: Path, kind: module.Format) -> None:
    assert Mailbox(tmp_path / "gone", kind).messages() == ()
    assert Mailbox(tmp_path / "gone" / "Maildir", kind).messages() == ()


def maildir(path: Path) -> Mailbox:
    for folder in ("tmp", "new", "cur"):
        (path / folder).mkdir(parents=True)
    return Mailbox(path, "maildir")


def test_a_maildir_gives_new_and_cur_in_order_of_arrival(tmp_path: Path) -> None:
    box = maildir(tmp_path / "Maildir")
    for second, name in enumerate(["cur/9.a.host:2,S", "new/3.b.host", "cur/1.c.host:2,", "new/2.d.host"]):
        file = box.path / name
        file.write_bytes(str(second).encode())
        os.utime(file, (second, second))
    (box.path / "tmp/5.e.host").write_bytes(b"half a mess")
    (box.path / "new/.hidden").write_bytes(b"not mail")
    assert box.messages() == (b"0", b"1", b"2", b"3")


def test_a_message_seen_in_new_and_in_cur_is_one(tmp_path: Path) -> None:
    box = maildir(tmp_path / "Maildir")
    for name in ("new/1.a.host", "cur/1.a.host:2,S"):
        (box.path / name).write_bytes(b"one")
    assert box.messages() == (b"one",)


def test_nothing_is_changed_by_reading(tmp_path: Path) -> None:
    box = Mailbox(tmp_path / "bob", "mbox")
    box.path.write_bytes(mbox(CONFIRMATION))
    before = box.path.stat()
    box.messages()
    after = box.path.stat()
    assert (before.st_mtime_ns, before.st_size) == (after.st_mtime_ns, after.st_size)
    assert os.listdir(tmp_path) == ["bob"]  # noqa: PTH208 - names are what is compared


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(mbox(CONFIRMATION))
    (tmp_path / "bob").symlink_to(secret)
    with pytest.raises(MailboxError, match="a link, which is not followed"):
        Mailbox(tmp_path / "bob", "mbox").messages()


@pytest.mark.parametrize("linked", ["", "new", "new/1.a.host"])
def test_no_link_in_a_maildir_is_followed(tmp_path: Path, linked: str) -> None:
    real = maildir(tmp_path / "real")
    (real.path / "new/1.a.host").write_bytes(b"secret")
    box = Mailbox(tmp_path / "Maildir", "maildir")
    place = box.path / linked
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(real.path / linked)
    with pytest.raises(MailboxError, match=r"link|directory"):
        box.messages()


def test_what_is_no_file_is_refused_and_never_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(MailboxError, match="not a regular file"):
        Mailbox(tmp_path / "pipe", "mbox").messages()
    with pytest.raises(MailboxError, match="not a regular file"):
        Mailbox(tmp_path, "mbox").messages()
    with pytest.raises(MailboxError, match="Not a directory"):
        Mailbox(tmp_path / "pipe", "maildir").messages()


@pytest.mark.parametrize("kind", ["mbox", "maildir"])
def test_a_huge_mailbox_is_refused(tmp_path: Path, kind: module.Format) -> None:
    box = maildir(tmp_path / "box") if kind == "maildir" else Mailbox(tmp_path / "box", "mbox")
    file = box.path / "new/1.a.host" if kind == "maildir" else box.path
    with file.open("wb") as stream:
        stream.truncate(module.CAP + 1)
    with pytest.raises(MailboxError, match="larger than 64 MiB"):
        box.messages()


def test_a_cap_counts_all_messages_of_a_maildir(tmp_path: Path) -> None:
    box = maildir(tmp_path / "box")
    for name in ("new/1.a.host", "new/2.a.host", "cur/3.a.host"):
        with (box.path / name).open("wb") as stream:
            stream.truncate(module.CAP // 3 + 1)
    with pytest.raises(MailboxError, match="larger than 64 MiB"):
        box.messages()


def lock_in_a_child(path: Path, take: str) -> int:
    """Hold a lock on a file in another process, until its standard input ends; return its write end."""
    ready, said = os.pipe()
    hold, release = os.pipe()
    if os.fork() == 0:
        os.close(release)
        descriptor = os.open(path, os.O_RDWR)
        getattr(fcntl, take)(descriptor, fcntl.LOCK_EX)
        os.write(descriptor, b"From half@written  Sat Mar  1 12:00:00 2025\nSubject: ha")
        os.write(said, b"!")
        os.read(hold, 1)
        os._exit(0)
    os.close(hold)
    os.close(said)
    os.read(ready, 1)
    os.close(ready)
    return release


@pytest.mark.parametrize("take", ["lockf", "flock"])
def test_a_message_being_written_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, take: str) -> None:
    monkeypatch.setattr(module, "LOCK_LIMIT", 0.3)
    box = Mailbox(tmp_path / "bob", "mbox")
    box.path.touch()
    release = lock_in_a_child(box.path, take)
    try:
        assert box.messages_now() is None
        with pytest.raises(MailboxError, match=r"held its lock for 0\.3 s"):
            box.messages()
    finally:
        os.close(release)
        os.wait()
    assert box.messages() == (b"Subject: ha",)


def test_a_dotlock_is_respected(tmp_path: Path) -> None:
    box = Mailbox(tmp_path / "bob", "mbox")
    box.path.write_bytes(mbox(CONFIRMATION))
    lock = tmp_path / "bob.lock"
    lock.touch()
    assert box.messages_now() is None
    lock.unlink()
    assert box.messages_now() == (CONFIRMATION,)


@pytest.mark.parametrize("to", [b"list@local.edu", b"anne@local.edu", b"list-owner@example.org", b"", b"=?x?="])
def test_a_copy_of_a_message(to: bytes) -> None:
    raw = b"To: " + to + b"\nMessage-ID: <mwz_1.2@local.edu>\n\nhello\n"
    assert copy_of("<mwz_1.2@local.edu>", "list@local.edu")(raw)
    assert not copy_of("<mwz_1.3@local.edu>", "list@local.edu")(raw)


def test_what_a_list_sends_to_its_owners_is_no_copy() -> None:
    """It has the held message in it, and its owner, subscribed too, would seem to have got it."""
    raw = b"To: List <List-Owner@local.edu>\n\n--=\n\nTo: list@local.edu\nMessage-ID: <mwz_1.2@local.edu>\n\nhello\n"
    assert not copy_of("<mwz_1.2@local.edu>", "list@local.edu")(raw)
