"""What Postfix's programs change and judge is a copy of all that the live configuration is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.doubles import MemoryHost
from wizard import staging


@pytest.fixture
def postfix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    live = tmp_path / "postfix"
    live.mkdir()
    monkeypatch.setattr(staging, "POSTFIX", live)
    return live


def adding(words: tuple[str, ...]) -> str:
    """Add to main.cf as postconf does: right behind what is there."""
    with (Path(words[2]) / "main.cf").open("a") as file:
        file.write("".join(f"{edit}\n" for edit in words[4:]))
    return ""


@pytest.mark.parametrize(("before", "after"), [("a = b", "a = b\n"), ("a = b\n", "a = b\n"), ("", "")])
def test_what_is_added_stands_on_a_line_of_its_own(postfix: Path, before: str, after: str) -> None:
    (postfix / "main.cf").write_text(before)
    host = MemoryHost(commands={"postconf": adding})
    assert staging.edited_main(host, {"x": "y"}).decode() == f"{after}x = y\n"
    assert (postfix / "main.cf").read_text() == before


def test_links_lead_where_they_do_live(postfix: Path) -> None:
    (postfix / "site").mkdir()
    (postfix / "site" / "main.cf").write_text("a = b\n")
    (postfix / "main.cf").symlink_to("site/main.cf")
    (postfix / "gone").symlink_to("nowhere")
    with staging.staged() as copy:
        assert (copy / "main.cf").read_text() == "a = b\n"
        assert not (copy / "gone").exists()
        (copy / "main.cf").write_text("changed\n")
    assert (postfix / "main.cf").read_text() == "a = b\n"
