"""The documentation's pages are what the program says, and every one is there."""

from __future__ import annotations

from pathlib import Path

import pytest

import tests
from wizard import pages
from wizard.diagnosis import CATALOGUE
from wizard.faults import FAULTS

UNBROKEN = {
    "MW301": "a runner that lives and does not listen: whatever does that is a cause of stage 2",
    "MW602": "a message that is in a runner's hands at the moment of the restart",
}
"""The codes without a fault, each with what it would take."""
DOCS = Path(tests.__file__).parent.parent / "docs" / "diagnoses"


@pytest.mark.parametrize("name", sorted(pages.pages()))
def test_a_page_is_as_it_would_be_made_now(name: str) -> None:
    """If it is not: ``python -m wizard.pages docs/diagnoses``."""
    assert (DOCS / name).read_text(encoding="utf-8") == pages.pages()[name]


def test_there_are_no_others() -> None:
    assert {path.name for path in DOCS.iterdir()} == {f"{each.code}.md" for each in CATALOGUE} | {"README.md"}


def test_every_code_has_a_fault() -> None:
    known = {each.code for each in CATALOGUE if not each.code.endswith("00")}
    assert {fault.code for fault in FAULTS} == known - UNBROKEN.keys()
