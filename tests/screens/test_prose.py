"""Pages of words: what Markdown says, in lines."""

from __future__ import annotations

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from wizard.desk import Ground, Proof
from wizard.outline import STAGES
from wizard.screens.panes.why import foot
from wizard.screens.prose import BULLET, prose
from wizard.templates import page

FOOT = foot(Ground(2, ("main.cf", "mailman.cfg"), (Proof("a.b", "A title", "this"), Proof("c.d", "Another", "that"))))
PAGES = {**{stage.name: page(f"why/{stage.name}.md") for stage in STAGES}, "foot": FOOT}


def spoken(inline: Token) -> str:
    """What a paragraph says, its line ends as blanks."""
    return "".join(" " if each.type == "softbreak" else each.content for each in inline.children or ())


def styled(inline: Token, style: str) -> list[str]:
    """What is bold in it, or code."""
    children = inline.children or []
    if style == "code":
        return [each.content for each in children if each.type == "code_inline"]
    return [children[at + 1].content for at, each in enumerate(children) if each.type == "strong_open"]


@pytest.mark.parametrize("name", PAGES)
def test_it_says_what_markdown_does(name: str) -> None:
    inlines = [each for each in MarkdownIt("commonmark").parse(PAGES[name]) if each.type == "inline"]
    lines = [line for line in prose(PAGES[name]) if line.text]
    assert [line.text.removeprefix(BULLET) for line in lines] == [spoken(each) for each in inlines]
    for style in ("strong", "code"):
        assert [[line.text[span.start : span.end] for span in line.spans if span.style == style] for line in lines] == [
            styled(each, style) for each in inlines
        ]


def test_headings_paragraphs_and_items_stand_apart_but_for_what_a_heading_is_of() -> None:
    lines = prose("# One\n\ntwo\nthree\n\n## Four\n\n- five\n- six\n  seven\n\neight\n")
    assert [line.text for line in lines] == ["One", "two three", "", "Four", "• five", "", "• six seven", "", "eight"]
    assert [line.style for line in lines if line.text] == ["title", "plain", "title", "plain", "plain", "plain"]
    assert [line.indent for line in lines if line.text] == ["", "", "", "  ", "  ", ""]
