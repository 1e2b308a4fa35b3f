"""Pages of words: what Markdown says, in lines."""

from __future__ import annotations

import re

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token
from textual.app import App, ComposeResult

from wizard.desk import Ground, Proof
from wizard.outline import STAGES
from wizard.screens.lines import Line, Lines
from wizard.screens.panes.why import foot
from wizard.screens.prose import BULLET, CODE, prose
from wizard.templates import page
from wizard.training.load import BUILT_IN, load

WIDE = "[\u3000-\u9fff\uff01-\uff60]"
FOOT = foot(Ground(2, ("main.cf", "mailman.cfg"), (Proof("a.b", "A title", "this"), Proof("c.d", "Another", "that"))))
COURSE = load(BUILT_IN)
LESSONS = {
    f"{folder}-{language}-{name}": text
    for (folder, language), told in COURSE.texts.items()
    for name, text in (
        ("text", told.text),
        ("task", told.task),
        *((f"hint-{at}", each) for at, each in enumerate(told.hints)),
    )
}
PAGES = {**LESSONS, **{stage.name: page(f"why/{stage.name}.md") for stage in STAGES}, "foot": FOOT}


def spoken(inline: Token) -> str:
    """What a paragraph says, or a line of code; its line ends as blanks, but between Chinese letters."""
    text = "".join("\n" if each.type == "softbreak" else each.content for each in inline.children or ())
    return re.sub(rf"(?<={WIDE})\n(?={WIDE}|\()|(?<=[,;:?!.)])\n(?={WIDE})", "", text).replace("\n", " ")


def coded(tokens: list[Token]) -> list[str]:
    """The lines of code, but blank ones."""
    text = "".join(each.content for each in tokens if each.type in {"code_block", "fence"})
    return [f"{CODE}{line}" for line in text.split("\n") if line]


def styled(inline: Token, style: str) -> list[str]:
    """What is bold in it, emphasized, or code."""
    children = inline.children or []
    if style == "code":
        return [each.content for each in children if each.type == "code_inline"]
    kind = {"strong": "strong_open", "emphasis": "em_open"}[style]
    return [children[at + 1].content for at, each in enumerate(children) if each.type == kind]


@pytest.mark.parametrize("name", PAGES)
def test_it_says_what_markdown_does(name: str) -> None:
    tokens = MarkdownIt("commonmark").parse(PAGES[name])
    inlines = [each for each in tokens if each.type == "inline"]
    shown = [line for line in prose(PAGES[name]) if line.text]
    assert [line.text for line in shown if line.text.startswith(CODE)] == coded(tokens)
    lines = [line for line in shown if not line.text.startswith(CODE)]
    assert [line.text.removeprefix(BULLET) for line in lines] == [spoken(each) for each in inlines]
    for style in ("strong", "emphasis", "code"):
        assert [[line.text[span.start : span.end] for span in line.spans if span.style == style] for line in lines] == [
            styled(each, style) for each in inlines
        ]


def test_headings_paragraphs_and_items_stand_apart_but_for_what_a_heading_is_of() -> None:
    lines = prose("# One\n\ntwo\nthree\n\n## Four\n\n- five\n- six\n  seven\n\neight\n")
    assert [line.text for line in lines] == ["One", "two three", "", "Four", "• five", "", "• six seven", "", "eight"]
    assert [line.style for line in lines if line.text] == ["title", "plain", "title", "plain", "plain", "plain"]
    assert [line.indent for line in lines if line.text] == ["", "", "", "  ", "  ", ""]


def test_what_lessons_are_made_of() -> None:
    page = '> It said\n> "no".\n\n1. one\n2. two\n   three\n\n### So:\n\n    a  b\n\n    c\n\n```sh\n# d\n\n```\ne\n'
    assert [(line.text, line.indent) for line in prose(page)] == [
        ('▌ It said "no".', "▌ "),
        ("", "  "),
        ("1. one", "   "),
        ("", "  "),
        ("2. two three", "   "),
        ("", "  "),
        ("So:", ""),
        ("    a  b", "      "),
        ("    ", "      "),
        ("    c", "      "),
        ("", "  "),
        ("    # d", "      "),
        ("", "  "),
        ("e", ""),
    ]
    (joined,) = prose("在两处\n读这张表:\n本机用户\nmain.cf\n")
    assert joined.text == "在两处读这张表:本机用户 main.cf"
    assert [line.text for line in prose("```\n  never closed\n")] == ["      never closed"]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("表里没有这张表;local_recipient_maps 里只有它", ["表里没有这张表;", "local_recipient_maps", "里只有它"]),
        ("一二三四五六七八九十,甲乙", ["一二三四五六七八九", "十,甲乙"]),
        ("one two three four five", ["one two three four", "five"]),
        ("a-word-that-is-longer-than-a-row", ["a-word-that-is-longe", "r-than-a-row"]),
    ],
)
async def test_a_row_ends_between_words_or_chinese_letters(text: str, rows: list[str]) -> None:
    class Showing(App[None]):
        def compose(self) -> ComposeResult:
            yield Lines(words=True)

    app = Showing()
    async with app.run_test(size=(21, 10)) as pilot:
        lines = app.query_one(Lines)
        lines.add([Line(text, indent="")])
        await pilot.pause()
        assert [lines.render_line(y).text.rstrip() for y in range(len(rows) + 1)] == [*rows, ""]
