"""Pages of words for `Lines`, from a little of Markdown.

There are headings, paragraphs, lists and quotes of one level, and code, indented or fenced; within them *emphasis*,
**bold** and `code`.
Textual's own Markdown does more, and takes longer to be loaded and laid out than all the rest of a first screen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rich.cells import cell_len

from wizard.screens.lines import CLOSING, INDENT, Line, Span

BULLET = "• "
QUOTED = "▌ "
HEADINGS = ("# ", "## ", "### ")
FENCE, CODE = "```", "    "
_ITEM = re.compile(r"(?:-|(?P<number>\d{1,3}[.)])) +")
_INLINE = re.compile(r"\*\*(?P<strong>.+?)\*\*|\*(?P<emphasis>[^\s*](?:[^*]*[^\s*])?)\*|`(?P<code>[^`]+)`")


def prose(markdown: str) -> list[Line]:
    """Make the lines of a page; one for each heading, paragraph and item, to be wrapped, and blank ones between."""
    lines: list[Line] = []
    above = ""
    for kind, block in _blocks(markdown):
        if lines and above not in HEADINGS:
            lines.append(Line(""))
        lines += [_coded(text) for text in block] if kind == "code" else [_line(kind, _joined(block))]
        above = kind
    return lines


def _blocks(markdown: str) -> Iterator[tuple[str, list[str]]]:
    """Give what stands on lines of its own, and what it is; a heading is what it begins with."""
    block: list[str] = []
    kind, fenced = "", False
    for text in [*markdown.splitlines(), ""]:
        fence = text.startswith(FENCE)
        fenced ^= fence
        now = "" if fence else "code" if fenced else _kind(text, kind)
        if block and (now != kind or kind in HEADINGS or (now == "item" and _ITEM.match(text))):
            yield kind, _stripped(block) if kind == "code" else block
            block = []
        if now == "code":
            block.append(text if fenced else text.removeprefix(CODE))
        elif now:
            block += [text.strip().removeprefix(">").strip()] if now == "quote" else [text.strip()]
        kind = now
    if block:
        yield kind, _stripped(block)


def _kind(text: str, before: str) -> str:
    if not text.strip():
        return "code" if before == "code" else ""
    if text.startswith(CODE) and before in {"", "code", *HEADINGS}:
        return "code"
    heading = next((mark for mark in HEADINGS if text.startswith(mark)), "")
    begins = "item" if _ITEM.match(text) else "quote" if text.startswith(">") else ""
    return heading or begins or (before if before in {"item", "quote"} else "text")


def _stripped(code: Sequence[str]) -> list[str]:
    return "\n".join(code).rstrip("\n").split("\n")


def _joined(block: Sequence[str]) -> str:
    """Join the lines of a paragraph, by a blank but between two Chinese letters, or one and a sign beside it."""
    text = ""
    for line in filter(None, block):
        text += f" {line}" if text and not _tight(text[-1], line[0]) else line
    return text


def _tight(left: str, right: str) -> bool:
    wide = cell_len(left) > 1, cell_len(right) > 1
    return all(wide) or (wide[1] and left in CLOSING) or (wide[0] and right == "(")


def _line(kind: str, block: str) -> Line:
    if kind in HEADINGS:
        return Line(block.removeprefix(kind), "title", indent="")
    if kind == "item" and (found := _ITEM.match(block)):
        mark = f"{found['number']} " if found["number"] else BULLET
        return _marked(mark, block[found.end() :], " " * len(mark))
    if kind == "quote":
        return _marked(QUOTED, block, QUOTED)
    text, spans = _inline(block, 0)
    return Line(text, spans=spans, indent="")


def _marked(mark: str, block: str, indent: str) -> Line:
    text, spans = _inline(block, len(mark))
    return Line(f"{mark}{text}", spans=(Span(0, len(mark), "bullet"), *spans), indent=indent)


def _coded(text: str) -> Line:
    return Line(f"{CODE}{text}", spans=(Span(len(CODE), len(CODE) + len(text), "code"),), indent=CODE + INDENT)


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
