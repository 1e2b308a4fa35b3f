"""What was there before a plan comes back byte for byte, also its absence; and how far the plan came is known."""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard import checkpoint
from wizard.checkpoint import FILE, JOURNAL, Checkpoint, Checkpoints, Ending, ServiceWas
from wizard.errors import RefusedError
from wizard.localhost import LocalHost
from wizard.plan import Access, Directory, File, MailmanObject, Rebuild, Service, Why

HOST = LocalHost()
AT = datetime(2026, 11, 22, 14, 0, 43, tzinfo=UTC)
CHANGES = (
    File(1, Path("/etc/x"), b"old", b"new", 0o640, "root", "list", (Why("x", "y"),), was=(0o644, "root", "root")),
    Directory(1, Path("/run/x"), 0o755, "list", "list", ()),
    Access(1, Path("/var/x"), 0o700, "list", "list", (0o755, "root", "root"), ()),
    Rebuild(1, "maps", ("newaliases",), None, (), (Path("/etc/aliases.db"),)),
    Service(1, "postfix", "reload", ()),
    MailmanObject(1, "owner", "l@local.edu", "alice@local.edu", after="present"),
)


@given(
    content=st.binary(max_size=200) | st.none(), after=st.binary(max_size=200) | st.none(), mode=st.integers(0, 0o777)
)
def test_whatever_was_there_comes_back(content: bytes | None, after: bytes | None, mode: int) -> None:
    with tempfile.TemporaryDirectory() as root:
        path = Path(root) / "file"
        if content is not None:
            path.write_bytes(content)
            path.chmod(mode)
            os.chown(path, 12, 34567)
        saved = checkpoint.saved(HOST, path, checkpoint.digest(after))
        path.unlink(missing_ok=True)
        if after is not None:
            path.write_bytes(after)
        checkpoint.restore(HOST, saved)
        if content is None:
            assert not path.exists()
        else:
            found = path.stat()
            assert path.read_bytes() == content
            assert (found.st_mode & 0o7777, found.st_uid, found.st_gid) == (mode, 12, 34567)


def test_a_link_comes_back_with_what_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"old")
    link = tmp_path / "link"
    link.symlink_to("real")
    saved = checkpoint.saved(HOST, link, None)
    (tmp_path / "real").write_bytes(b"new")
    checkpoint.restore(HOST, saved)
    assert link.is_symlink()
    assert (tmp_path / "real").read_bytes() == b"old"


def made(checkpoints: Checkpoints, stage: int = 1, at: datetime = AT) -> Checkpoint:
    return Checkpoint(checkpoints.name(stage, at), at.isoformat(), stage, "a-run")


def test_it_is_read_as_it_was_written_and_root_s_alone(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"password\xff")
    (tmp_path / "all").mkdir()
    checkpoints = Checkpoints(tmp_path / "all")
    files = (
        checkpoint.saved(HOST, tmp_path / "secret", checkpoint.digest(b"new")),
        checkpoint.saved(HOST, tmp_path / "absent", ""),
    )
    name = checkpoints.name(3, AT)
    taken = Checkpoint(
        name, AT.isoformat(), 3, "r", files, CHANGES, {"postfix": ServiceWas(running=True, boots=False)}, "undo", ("x",)
    )
    journal = checkpoints.take(taken)
    assert name == "00001-3-20261122T140043Z"
    assert (tmp_path / "all" / name).stat().st_mode & 0o777 == 0o700
    journal.begins(0)
    journal.begins(4)
    journal.idle(4)
    assert [path.stat().st_mode & 0o777 for path in (tmp_path / "all" / name).iterdir()] == [0o600, 0o600]

    found = checkpoints.find("1")
    assert (found.files, found.services, found.kind, found.undoes) == (files, taken.services, "undo", ("x",))
    assert found.changes[1:] == CHANGES[1:]
    assert [change.target for change in found.done] == ["/etc/x"]
    assert found.files[0].bytes == b"password\xff"
    assert found.ending is None
    journal.ends("left", ["what"])
    assert (checkpoints.find("").ending, checkpoints.find("").left) == ("left", ("what",))


@given(cut=st.integers(0, 40), junk=st.binary(max_size=10))
def test_a_line_that_was_cut_off_is_as_if_it_had_not_been_written(cut: int, junk: bytes) -> None:
    with tempfile.TemporaryDirectory() as root:
        checkpoints = Checkpoints(Path(root))
        journal = checkpoints.take(made(checkpoints))
        journal.begins(0)
        path = Path(root) / checkpoints.find("1").name / JOURNAL
        whole = path.read_bytes()
        journal.ends("made")
        last = path.read_bytes()[len(whole) : -1]
        path.write_bytes(whole + last[:cut] + junk.replace(b"\n", b""))
        assert (checkpoints.find("1").begun, checkpoints.find("1").ending) == (frozenset({0}), None)
        journal.ends("put back")
        assert checkpoints.find("1").ending == "put back"


def test_their_order_is_not_the_clock_s(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    for day in (22, 21, 20):
        checkpoints.take(made(checkpoints, at=AT.replace(day=day)))
    assert [each.at for each in checkpoints.all()] == [AT.replace(day=day).isoformat() for day in (22, 21, 20)]


def test_one_that_is_not_there_is_refused_with_what_there_is(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    with pytest.raises(RefusedError, match="no checkpoint: there is none yet"):
        checkpoints.find("")
    checkpoints.take(made(checkpoints))
    checkpoints.take(made(checkpoints))
    with pytest.raises(RefusedError, match="no checkpoint '7': there are 1 to 2"):
        checkpoints.find("7")


def test_one_that_was_never_whole_goes(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    checkpoints.take(made(checkpoints))
    torn = tmp_path / "00002-1-20261122T140043Z"
    torn.mkdir()
    (torn / f".{FILE}.0123456789ab.tmp").write_bytes(b'{"sch')
    assert [each.number for each in checkpoints.all()] == [1]
    checkpoints.tidy()
    assert [path.name for path in tmp_path.iterdir()] == ["00001-1-20261122T140043Z"]


def test_what_stands_was_neither_put_back_nor_undone(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)

    def end(ending: Ending, *undoes: Checkpoint) -> Checkpoint:
        names = tuple(each.name for each in undoes)
        taken = replace(made(checkpoints), kind="undo" if undoes else "apply", undoes=names)
        checkpoints.take(taken).ends(ending)
        return taken

    first, _ = end("made"), end("put back")
    assert [each.number for each in checkpoints.standing()] == [1]
    back = end("made", first)
    assert not checkpoints.standing()
    end("made", back)
    end("left")
    assert [each.number for each in checkpoints.standing()] == [1, 5]


def test_nothing_is_taken_where_one_is_already(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    taken = made(checkpoints)
    checkpoints.take(taken)
    with pytest.raises(FileExistsError):
        checkpoints.take(taken)


def test_what_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        checkpoint.saved(HOST, tmp_path, None)
