"""What was there before a plan comes back byte for byte, also its absence."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard import checkpoint
from wizard.localhost import LocalHost

HOST = LocalHost()


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
        saved = checkpoint.take(HOST, Path(root) / "checkpoint", [path], {})
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
    saved = checkpoint.take(HOST, tmp_path / "checkpoint", [link], {})
    (tmp_path / "real").write_bytes(b"new")
    checkpoint.restore(HOST, saved)
    assert link.is_symlink()
    assert (tmp_path / "real").read_bytes() == b"old"


def test_it_is_root_s_alone_and_says_what_it_is_of(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"password")
    directory = tmp_path / "checkpoint"
    checkpoint.take(HOST, directory, [tmp_path / "secret", tmp_path / "absent"], {"stage": 2, "run": "r"})
    assert directory.stat().st_mode & 0o777 == 0o700
    assert (directory / checkpoint.FILE).stat().st_mode & 0o777 == 0o600
    record = json.loads((directory / checkpoint.FILE).read_bytes())
    assert (record["schema"], record["stage"], record["run"]) == (1, 2, "r")
    assert [(file["path"], file["content"] is None) for file in record["files"]] == [
        (str(tmp_path / "secret"), False),
        (str(tmp_path / "absent"), True),
    ]


def test_nothing_is_taken_where_one_is_already(tmp_path: Path) -> None:
    (tmp_path / "checkpoint").mkdir()
    with pytest.raises(FileExistsError):
        checkpoint.take(HOST, tmp_path / "checkpoint", [], {})


def test_what_cannot_be_read_is_an_error_before_anything_is_made(tmp_path: Path) -> None:
    (tmp_path / "directory").mkdir()
    with pytest.raises(IsADirectoryError):
        checkpoint.take(HOST, tmp_path / "checkpoint", [tmp_path / "directory"], {})
    assert not (tmp_path / "checkpoint").exists()
