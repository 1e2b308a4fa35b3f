"""The screens look as they are kept: small and large, dark, light and without colour; README's are among them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.screens.pictures import PICTURES, Look, Scene, drawn


@pytest.mark.parametrize(("path", "scene", "look"), PICTURES, ids=[path.stem for path, _, _ in PICTURES])
def test_it_looks_as_it_is_kept(path: Path, scene: Scene, look: Look, tmp_path: Path) -> None:
    now = asyncio.run(drawn(scene, look))
    (tmp_path / path.name).write_text(now, encoding="utf-8")
    same = now == path.read_text(encoding="utf-8")
    assert same, f"{tmp_path / path.name} differs; look at it, and keep it with: python -m tests.screens.pictures"


def test_without_colour_there_is_none_and_else_there_is() -> None:
    """A colour is what has not the same share of red, green and blue; those of the picture's frame are left out."""
    frame = {"ff5f57", "febc2e", "28c840", "292929", "c5c8c6"}
    for path, _, look in PICTURES:
        text = path.read_text(encoding="utf-8")
        colours = {word[1:7] for word in text.replace(";", " ").replace('"', " ").split() if _is_colour(word)} - frame
        assert any(len({each[:2], each[2:4], each[4:]}) > 1 for each in colours) is not look.no_color, path


def _is_colour(word: str) -> bool:
    return word.startswith("#") and len(word) == len("#rrggbb")
