"""Languages: the catalogue has every word of the program, and what is shipped is what the catalogue says."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po

import tests
from wizard import i18n
from wizard.screens import telling
from wizard.screens.marks import MARKS
from wizard.screens.rail import TITLES
from wizard.stages import STAGES

ROOT = Path(tests.__file__).parent.parent
CATALOGUES = sorted(i18n.PLACE.glob("*/LC_MESSAGES/*.po"))


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    yield
    i18n.use("en")


def words() -> set[str]:
    """Find what is said through `_`, also within f-strings; and what is said by a variable."""
    extra = [*telling.EXTRA.values(), telling.SEARCHING]
    found = {*TITLES.values(), *(word for keys in extra for _key, word in keys)}
    found |= {each.word for each in MARKS.values()} | {check.title for stage in STAGES for check in stage.checks}
    for path in [*ROOT.glob("wizard/*.py"), *ROOT.glob("wizard/*/*.py"), *ROOT.glob("screens/**/*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_":
                found |= {str(each.value) for each in node.args if isinstance(each, ast.Constant)}
    return found


def test_there_is_chinese() -> None:
    assert [path.parent.parent.name for path in CATALOGUES] == ["zh"]


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parent.parent.name)
def test_every_word_is_there_and_none_that_nobody_says(path: Path) -> None:
    with path.open("rb") as file:
        catalogue = read_po(file)
    assert {str(each.id) for each in catalogue if each.id} == words()
    assert not [each.id for each in catalogue if not each.string or each.fuzzy]


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parent.parent.name)
def test_what_is_shipped_is_what_the_catalogue_says(path: Path) -> None:
    made = BytesIO()
    with path.open("rb") as file:
        write_mo(made, read_po(file))
    shipped = BytesIO(path.with_suffix(".mo").read_bytes())
    made.seek(0)
    says, shows = ({each.id: each.string for each in read_mo(file)} for file in (made, shipped))
    assert says == shows


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parent.parent.name)
def test_every_value_that_is_put_in_is_in_the_translation(path: Path) -> None:
    from string import Formatter  # noqa: PLC0415

    with path.open("rb") as file:
        for each in read_po(file):
            names = [
                {name for _, name, _, _ in Formatter().parse(str(text)) if name} for text in (each.id, each.string)
            ]
            assert names[0] == names[1], each.id


@pytest.mark.parametrize(
    ("named", "environment", "wanted"),
    [
        ("zh", {"LANG": "en_US.UTF-8"}, "zh"),
        (None, {"LANG": "zh_CN.UTF-8"}, "zh"),
        (None, {"LANG": "zh_CN.UTF-8", "LC_ALL": "C.UTF-8"}, "en"),
        (None, {"LC_ALL": "", "LANG": "de"}, "de"),
        (None, {}, "en"),
        ("../../etc", {}, "en"),
    ],
)
def test_the_language_wanted(named: str | None, environment: dict[str, str], wanted: str) -> None:
    assert i18n.wanted(named, environment) == wanted


def test_a_language_that_is_not_there_is_english() -> None:
    i18n.use("zh")
    assert i18n._("help") == "帮助"
    i18n.use("xx")
    assert i18n._("help") == "help"
