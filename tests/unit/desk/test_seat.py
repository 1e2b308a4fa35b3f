from __future__ import annotations

from pathlib import Path

import pytest

from wizard.desk import Place, Seat
from wizard.desk.seat import recall, remember


def test_one_has_it_and_the_next_takes_it_over(tmp_path: Path) -> None:
    first, second = Seat(tmp_path), Seat(tmp_path)
    assert (first.held, second.held) == (True, False)
    second.take()
    assert (first.held, second.held) == (False, True)
    first.take()
    assert (first.held, second.held) == (True, False)
    first.leave()
    second.leave()


def test_it_is_free_when_its_holder_is_gone(tmp_path: Path) -> None:
    first = Seat(tmp_path)
    first.leave()
    second = Seat(tmp_path)
    assert second.held
    second.leave()


def test_a_place_comes_back(tmp_path: Path) -> None:
    place = Place(3, "check", {"mail.domain": "exämple"}, "textual-light")
    remember(tmp_path, place)
    assert recall(tmp_path) == (place, "")
    assert (tmp_path / "place.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"stage": 1}', b'{"stage": "x", "pane": 1}', b"\xff\x00"])
def test_one_that_cannot_be_read_is_set_aside(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "place.json").write_bytes(content)
    place, said = recall(tmp_path)
    assert place == Place()
    assert "set aside as place.corrupt" in said
    assert (tmp_path / "place.corrupt").read_bytes() == content
    assert recall(tmp_path) == (Place(), "")
