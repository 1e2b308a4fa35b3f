"""No value gets out of the place that a template gives it."""

from __future__ import annotations

import configparser
import email
import email.policy
import shlex
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jinja2 import DictLoader, TemplateNotFound, UndefinedError
from markdown_it import MarkdownIt

from wizard.errors import ExitCode
from wizard.printable import printable
from wizard.render import FILTERS, UnsafeValueError, environment, render
from wizard.site import Site

SHOWING = {"md", "md_code", "html"}
"""The filters that write what does not print as an escape, because they show text from elsewhere."""


def filled(source: str, **values: Any) -> str:
    return environment(DictLoader({"x": source})).get_template("x").render(values)


def written(name: str, value: str) -> str | None:
    """Give what a filter makes of a value, or None if it refuses."""
    try:
        return filled(f"{{{{ value | {name} }}}}", value=value)
    except UnsafeValueError:
        return None


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("main_cf", "a $b", "a $$b"),
        ("ini", "a; b # c", "a; b # c"),
        ("header", "Re: (no) <a@b.c>", "Re: (no) <a@b.c>"),
        ("shell", "it's $HOME", "'it'\"'\"'s $HOME'"),
        ("unit", '50% of $HOME "\\"', r'"50%% of $$HOME \"\\\""'),
        ("text", "Grüße,\n\nAnn {{ x }}", "Grüße,\n\nAnn {{ x }}"),
        ("text", 3, "3"),
        (
            "md",
            " # a_b *c* `d` <e> [f](g) | ~h~ &amp; $i$ ",
            r"\# a_b \*c\* \`d\` \<e\> \[f\](g) \| \~h\~ \&amp; \$i\$",
        ),
        ("md", "_a_ __b a_", r"\_a\_ \_\_b a\_"),
        ("md", "1. one", r"1\. one"),
        ("md", "1.2 seconds, not a list", "1.2 seconds, not a list"),
        ("md", "see https://example.org/ or www.example.org", r"see https\://example.org/ or www\.example.org"),
        ("md", "a\x1b[31m\nb\u202e", r"a\\x1b\[31m\\nb\\u202e"),
        ("md_code", " *a*\x1b[31m\n<b>", r" *a*\x1b[31m\n<b>"),
        ("html", "a\x1b[31m\nb\u202e", r"a\x1b[31m\nb\u202e"),
    ],
)
def test_a_filter_quotes_for_its_syntax(name: str, value: object, text: str) -> None:
    assert filled(f"{{{{ value | {name} }}}}\n", value=value) == f"{text}\n"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, f"a{char}b") for name in sorted(FILTERS.keys() - SHOWING) for char in "\0\r\x1b\x7f\u202e\u2028"),
        *((name, "a\nb") for name in sorted(FILTERS.keys() - SHOWING - {"text"})),
        *((name, value) for name in sorted(SHOWING) for value in (None, True, ["a"])),
        *((name, value) for name in ("main_cf", "ini", "header") for value in ("", " a", "a ")),
        ("ini", "$var_dir"),
        ("header", "Grüße"),
        ("header", "a" * 901),
        ("shell", "-rf"),
        ("shell", None),
        ("unit", True),
        ("main_cf", ["a"]),
    ],
)
def test_a_filter_refuses_what_its_syntax_cannot_hold(name: str, value: object) -> None:
    with pytest.raises(UnsafeValueError, match="cannot be written") as caught:
        filled(f"{{{{ value | {name} }}}}", value=value)
    assert str(caught.value).isprintable()
    assert caught.value.exit_code == ExitCode.DEFECT


@pytest.mark.parametrize("value", ["a b", "$x", "a;b", "a\n", "`id`", "%h", "{{ x }}", None, True, 1.5, ["a"]])
def test_a_forgotten_filter_is_an_error(value: object) -> None:
    with pytest.raises(UnsafeValueError, match="without a filter"):
        filled("{{ value }}", value=value)


def test_a_template_of_html_escapes_what_its_filter_lets_through() -> None:
    made = environment(DictLoader({"x.html.j2": "<p>{{ value | html }}</p>", "y.html.j2": "<p>{{ value }}</p>"}))
    shown = made.get_template("x.html.j2").render(value="</p><script>\"'&")
    assert shown == "<p>&lt;/p&gt;&lt;script&gt;&#34;&#39;&amp;</p>"
    with pytest.raises(UnsafeValueError, match="without a filter"):
        made.get_template("y.html.j2").render(value="<b>")


def read_as_markdown(source: str) -> list[str]:
    """Give the texts of a page's paragraphs, items and cells; anything but text in them is an error."""
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    inline = [token for token in parser.parse(source) if token.type == "inline"]
    assert {child.type for token in inline for child in token.children or ()} <= {"text"}
    return ["".join(child.content for child in token.children or ()) for token in inline]


@given(st.text() | st.text(alphabet="ab12 -+=#:.)>*_`~[]()!<&;$|\\\t\n/w@", max_size=20))
@example("://")
def test_any_text_is_running_text_in_markdown(value: str) -> None:
    wanted = printable(value).strip()
    assert read_as_markdown(filled("{{ value | md }}\n", value=value)) == ([wanted] if wanted else [])
    assert read_as_markdown(filled("- {{ value | md }}\n", value=value)) == ([wanted] if wanted else [])
    table = filled("| a |\n|---|\n| {{ value | md }} |\n", value=value)
    assert read_as_markdown(table) == ["a", wanted]


@given(st.text())
def test_any_text_is_a_line_of_an_indented_block_in_markdown(value: str) -> None:
    source = filled("a\n\n    x\n    {{ value | md_code }}\n    y\n", value=value)
    assert MarkdownIt("commonmark").parse(source)[-1].content == f"x\n{printable(value)}\ny\n"


def test_two_safe_texts_are_not_safe_together_without_a_filter() -> None:
    with pytest.raises(UnsafeValueError):
        filled("{{ (value | text) ~ ' x' }}", value="a\nb")


def test_the_answers_of_a_site_are_words() -> None:
    site = Site()
    source = "{{ s.mail.networks | join(',') }} {{ s.mailman.lmtp.port }} {{ s.list_address(s.lists[0]) }}"
    assert filled(source, s=site) == "127.0.0.0/8,[::1]/128 8024 reading-group@local.edu"


def test_a_missing_value_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        filled("{{ value }}")
    with pytest.raises(UndefinedError):
        filled("{% if value %}{% endif %}")


def test_a_template_that_is_not_in_the_package_is_an_error() -> None:
    with pytest.raises(TemplateNotFound):
        render("no/such.j2")


@given(st.text() | st.text(alphabet="a '\"$`\\;&|-%{}\n\0#="))
def test_any_text_stays_one_value(value: str) -> None:
    if (found := written("shell", value)) is not None:
        assert shlex.split(f"echo {found} end", comments=True) == ["echo", value, "end"]
    if (found := written("ini", value)) is not None:
        parser = configparser.RawConfigParser()
        parser.read_string(f"[a]\nkey: {found}\nnext: 1\n")
        assert dict(parser["a"]) == {"key": value, "next": "1"}
    if (found := written("header", value)) is not None:
        message = email.message_from_string(f"X-A: {found}\nX-B: b\n\nbody", policy=email.policy.default)
        assert message.keys() == ["X-A", "X-B"]
        assert message["X-A"] == value
    if (found := written("main_cf", value)) is not None:
        assert found.replace("$$", "") == value.replace("$", "")
        assert len(found.splitlines()) == 1
    if (found := written("unit", value)) is not None:
        assert len(shlex.split(found)) == 1
    if (found := written("text", value)) is not None:
        assert found == value
