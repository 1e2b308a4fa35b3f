"""The documentation's page of each diagnosis, made of what ``explain`` says: ``python -m wizard.pages DIRECTORY``."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from wizard.diagnosis import CATALOGUE
from wizard.explain import general
from wizard.faults import FAULTS
from wizard.render import render


def pages() -> Mapping[str, str]:
    """Return the pages as Markdown, by file name."""
    codes = [(each, general(each)) for each in CATALOGUE]
    made = {
        f"{each.code}.md": render(
            "explain/page.md.j2",
            **shown,
            faults=[fault for fault in FAULTS if fault.code == each.code],
        )
        for each, shown in codes
    }
    return {**made, "README.md": render("explain/index.md.j2", codes=[shown for _, shown in codes])}


def main(directory: Path) -> None:
    """Write the pages, and remove those of codes that are no more."""
    directory.mkdir(parents=True, exist_ok=True)
    for old in directory.glob("*.md"):
        old.unlink()
    for name, text in pages().items():
        (directory / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
