from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard.facts import queues
from wizard.localhost import LocalHost

from .recorded import DEBIAN_12, DEBIAN_13, RECORDINGS

HOST = LocalHost()
QUEUES = RECORDINGS / DEBIAN_12 / "queue"
POST = QUEUES / "in" / "1795333236.6157525+f8f10b03979a97bfa8118f059be50d128ef7eb8d.pck"


@pytest.mark.parametrize(
    ("release", "name", "queued"),
    [
        (DEBIAN_12, POST.name, datetime(2026, 11, 22, 7, 40, 36, 615752, tzinfo=UTC)),
        (
            DEBIAN_13,
            "1795356585.3782969+fad12e1464f82252b4774ca7d3bf1ce21f9b4a5f.pck",
            datetime(2026, 11, 22, 14, 9, 45, 378297, tzinfo=UTC),
        ),
    ],
)
def test_a_waiting_message(release: str, name: str, queued: datetime) -> None:
    directory = RECORDINGS / release / "queue"
    (file,) = queues.read(HOST, directory)["in"]
    assert (file.queue, file.path, file.suffix) == ("in", directory / "in" / name, ".pck")
    assert file.queued == queued


@pytest.mark.parametrize("release", [DEBIAN_12, DEBIAN_13])
def test_a_message_is_found_by_its_id(release: str) -> None:
    directory = RECORDINGS / release / "queue"
    (post,) = (directory / "in").iterdir()
    assert queues.contains(HOST, post, "<queued-1@local.edu>")
    assert not queues.contains(HOST, post, "<queued-2@local.edu>")
    assert queues.holding(HOST, directory, "queued-1@local.edu") == (post,)
    assert queues.holding(HOST, directory, "queued-2@local.edu") == ()


def test_empty_queues_and_other_files(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "1795332006.1+00.psv").write_bytes(b"x")
    (tmp_path / "bad" / "note").write_bytes(b"x")
    (tmp_path / "file").write_bytes(b"x")
    found = queues.read(HOST, tmp_path)
    assert list(found) == ["bad", "out"]
    assert found["out"] == ()
    assert [file.suffix for file in found["bad"]] == [".psv", ""]
    assert queues.read(HOST, tmp_path / "absent") == {}


def test_a_file_that_a_runner_took_away(tmp_path: Path) -> None:
    assert not queues.contains(HOST, tmp_path / "gone.pck", "x")


def test_an_empty_text_is_refused() -> None:
    with pytest.raises(ValueError, match="every file"):
        queues.holding(HOST, QUEUES, "")


@given(st.text() | st.from_regex(r"[0-9.]{0,20}\+[0-9a-f]{0,40}\.(pck|bak|psv)", fullmatch=True))
def test_no_name_crashes_the_parser(name: str) -> None:
    queues.parse("in", Path("/q/in") / name)
