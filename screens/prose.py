"""Pages of words for `Lines`, from a little of Markdown: headings, paragraphs, bulleted lists, **bold** and `code`.

Textual's own Markdown does more, and takes longer to be loaded and laid out than all the rest of a first screen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from wizard.screens.lines import INDENT, Line, Span

BULLET = "• "
HEADINGS = ("# ", "## ")
_INLINE = re.compile(r"\*\*(?P<strong>.+?)\*\*|`(?P<code>[^`]+)`")


def prose(markdown: str) -> list[Line]:
    """Make the lines of a page; one for each heading, paragraph and item, to be wrapped, and blank ones between."""
    lines: list[Line] = []
    above = ""
    for block in _blocks(markdown):
        if lines and above != HEADINGS[0]:
            lines += [Line("")] if above != HEADINGS[1] else []
        lines.append(_line(block))
        above = next((mark for mark in HEADINGS if block.startswith(mark)), "text")
    return lines


def _blocks(markdown: str) -> Iterator[str]:
    """Give what stands on lines of its own, its lines joined."""
    block: list[str] = []
    for text in [*markdown.splitlines(), ""]:
        alone = text.startswith(HEADINGS)
        if block and (alone or not text.strip() or text.startswith("- ")):
            yield " ".join(block)
            block = []
        if alone:
            yield text
        elif text.strip():
            block.append(text.strip())


def _line(block: str) -> Line:
    for mark in HEADINGS:
        if block.startswith(mark):
            return Line(block.removeprefix(mark), "title", indent="")
    if block.startswith("- "):
        text, spans = _inline(block.removeprefix("- "), len(BULLET))
        return Line(f"{BULLET}{text}", spans=(Span(0, len(BULLET), "bullet"), *spans), indent=INDENT)
    text, spans = _inline(block, 0)
    return Line(text, spans=spans, indent="")


def _inline(text: str, at: int) -> tuple[str, tuple[Span, ...]]:
    """Take the marks out of a text, and tell where they were; `at` is where the text begins in its line."""
    done, spans, end = "", [], 0
    for found in _INLINE.finditer(text):
        style = found.lastgroup or ""
        done += text[end : found.start()]
        spans.append(Span(at + len(done), at + len(done) + len(found[style]), style))
        done += found[style]
        end = found.end()
    return done + text[end:], tuple(spans)
