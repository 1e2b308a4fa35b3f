"""A small course, and ways to spoil it."""

from __future__ import annotations

from pathlib import Path

OUTLINE = """\
schema = 1
name = "small"
languages = ["en", "zh"]
title = { en = "Small", zh = "小" }

[[lessons]]
folder = "one"
stage = 3

[[lessons.steps]]
run = "true"
does = { en = "nothing", zh = "什么都不做" }

[[drills]]
fault = "emergency"
level = 1
symptom = { en = "s", zh = "s" }
showed = { en = "s", zh = "s" }
cause = { en = "c", zh = "c" }

[[drills.mend]]
run = "true"
does = { en = "d", zh = "d" }

[[drills]]
fault = "transport-map-forgotten"
level = 2
symptom = { en = "s", zh = "s" }
showed = { en = "s", zh = "s" }
cause = { en = "c2", zh = "c2" }

[[drills.mend]]
run = "true"
does = { en = "d", zh = "d" }
"""
TEXT = "# Title\n\nText.\n\n---\n\nTask.\n\n---\n\nQuestion?\n\n---\n\nLook.\n\n---\n\nAnswer.\n"


def made(folder: Path, outline: str = OUTLINE, text: str = TEXT) -> Path:
    """Write it."""
    (folder / "one").mkdir(parents=True)
    (folder / "course.toml").write_text(outline, encoding="utf-8")
    for language in ("en", "zh"):
        (folder / "one" / f"{language}.md").write_text(text, encoding="utf-8")
    return folder
