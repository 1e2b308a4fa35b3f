"""The pages say what the report holds, and nothing from a log is more than text in them."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from tests.unit.report.recorded import NAMES, expected, report
from wizard.printable import printable
from wizard.report import HTML, MARKDOWN, Report, html, markdown, save
from wizard.report.words import lasting

HOSTILE = (
    "</td></pre><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)" \' &amp; <!-- ',
    "`code` ``` ~~~ *a* __b__ [x](javascript:alert(1)) ![y](https://example.org/z.png) <https://example.org>",
    "# heading",
    "    - item | cell | \\| \\",
    "1. one",
    "--- === ***",
    "\x1b[2J\x1b]0;title\x07 \u202eevil\u2066 \r\b\x9b31m \udcff \u2028",
    "a\n\n<b>next</b>\n# line\n```",
    "{{ 7 * 7 }} {% raw %}",
)
FIXED = {"kind", "standing", "outcome", "began", "ended", "made", "at"}
"""Fields that hold a word or a moment, not text from elsewhere."""


class Tags(HTMLParser):
    """Collects what a browser would see."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


def spoilt(value: Any, text: str) -> Any:
    """Put a text into every place of a report that comes from a log."""
    if is_dataclass(value) and not isinstance(value, type):
        changed = {
            each.name: spoilt(getattr(value, each.name), text) for each in fields(value) if each.name not in FIXED
        }
        return replace(value, **changed)
    if isinstance(value, tuple):
        return tuple(spoilt(each, text) for each in value)
    return text if isinstance(value, str) else value


def hostile(text: str) -> Report:
    made = spoilt(report("failed"), text)
    assert isinstance(made, Report)
    return replace(made, notes=(text,))


def tags(page: str) -> Tags:
    found = Tags()
    found.feed(page)
    found.close()
    return found


@pytest.mark.parametrize("name", NAMES)
def test_the_markdown_is_as_expected(name: str) -> None:
    """If it is not: ``python -m tests.unit.report.recorded``."""
    assert markdown(report(name)) == expected(name).read_text(encoding="utf-8")


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_from_a_log_is_more_than_text_in_html(text: str) -> None:
    page = html(hostile(text))
    honest, found = tags(html(report("failed"))), tags(page)
    assert found.tags <= honest.tags | {"ul", "li", "details", "summary"}
    assert found.attributes <= honest.attributes
    assert printable(text) in found.text
    assert all(line.isprintable() for line in page.split("\n"))


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_from_a_log_is_more_than_text_in_markdown(text: str) -> None:
    page = markdown(hostile(text))
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])

    def seen(page: str) -> tuple[list[str], set[str], str]:
        tokens = parser.parse(page)
        children = [child for token in tokens for child in token.children or ()]
        blocks = [token.type for token in tokens]
        text = "".join(each.content for each in (*tokens, *children) if each.type in {"text", "code_block"})
        return blocks, {child.type for child in children}, text

    honest, plain, _ = seen(markdown(hostile("text")))
    blocks, inline, shown = seen(page)
    assert blocks == honest
    assert inline <= plain
    assert printable(text).strip() in shown
    assert all(line.isprintable() for line in page.split("\n"))


def test_the_html_needs_nothing_else() -> None:
    page = html(report("verified"))
    assert not {"script", "link", "img", "iframe"} & tags(page).tags
    assert "url(" not in page
    assert "http:" not in page
    assert "https:" not in page
    assert "prefers-color-scheme: dark" in page
    assert "@media print" in page


def test_both_pages_have_every_line_of_evidence() -> None:
    made = report("failed")
    text, page = markdown(made), tags(html(made)).text
    for line in (line for stage in made.stages for check in stage.checks for line in check.evidence):
        assert f"    {line}\n" in text
        assert line in page


def test_it_is_saved_for_root_alone_in_place_of_an_older_one(tmp_path: Path) -> None:
    for name in ("failed", "verified"):
        assert save(report(name), tmp_path) == tmp_path / MARKDOWN
    assert sorted(path.name for path in tmp_path.iterdir()) == [HTML, MARKDOWN]
    for name, text in ((MARKDOWN, markdown(report("verified"))), (HTML, html(report("verified")))):
        assert (tmp_path / name).read_text(encoding="utf-8") == text
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600


def test_it_can_be_written_as_json() -> None:
    found = json.loads(json.dumps(report("failed").data()))
    assert (found["schema"], found["verified"], found["verdict"]["standing"]) == (1, False, "failed")
    assert found["stages"][2]["checks"][0].keys() >= {"id", "title", "proves", "outcome", "seconds", "evidence"}


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "0.0 s"), (1.25, "1.2 s"), (59.4, "59.4 s"), (59.97, "1 min 0 s"), (112, "1 min 52 s")]
)
def test_how_long_it_took(seconds: float, said: str) -> None:
    assert lasting(seconds) == said
