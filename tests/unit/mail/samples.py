"""What several tests of mail start from."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from wizard.mail.message import Kind, ProbeMessage, compose

DATE = datetime(2025, 3, 1, 12, 0, tzinfo=UTC)
TOKEN = "mw-0123456789"
COOKIE = "0f2e4d6c8b0a19375f2e4d6c8b0a19375f2e4d6c"
LIST = "reading-group@local.edu"

RECORDINGS = Path(__file__).parent / "recordings"
CONFIRMATION = (RECORDINGS / "confirm-join.eml").read_bytes()


def probe(kind: Kind = Kind.TEXT) -> ProbeMessage:
    return compose(kind, token=TOKEN, number=1, sender="alice@local.edu", recipient="bob@local.edu", date=DATE)


def stored(raw: bytes) -> bytes:
    """Return a message as local(8) stores it in an mbox, without its "From " line."""
    lines = raw.replace(b"\r\n", b"\n").split(b"\n")
    return b"\n".join(b">" + line if line.startswith(b"From ") else line for line in lines) + b"\n"


def mbox(*raws: bytes) -> bytes:
    """Return messages as local(8) writes them to an mbox, one after the other."""
    return b"".join(b"From alice@local.edu  Sat Mar  1 12:00:00 2025\n" + stored(raw) for raw in raws)
