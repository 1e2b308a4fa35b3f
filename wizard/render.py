"""Fill in the templates, so that no value can become more than a value.

What a template prints must be a plain word, as nearly all of a site's answers are, or have gone through the
filter of the syntax it stands in. A filter quotes where that syntax can quote and refuses where it cannot;
a value that is neither is refused, so that a forgotten filter is an error and not a hole. In templates of HTML,
Jinja's own escaping comes on top.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from functools import cache
from typing import Any

from jinja2 import BaseLoader, Environment, PackageLoader, StrictUndefined, Undefined, select_autoescape

from wizard.errors import ExitCode, WizardError
from wizard.printable import printable

LONGEST_HEADER = 900
"""Characters of a value that still fits on a header's line of 998 with its name (RFC 5322, 2.1.1)."""

_WORD = re.compile(r"[A-Za-z0-9._@+=~:/,\[\]-]*", re.ASCII)


class UnsafeValueError(WizardError):
    """A value cannot be written in the syntax that it should stand in; the answers were to refuse it before."""

    exit_code = ExitCode.DEFECT

    def __init__(self, value: object, syntax: str) -> None:
        super().__init__(f"{value!r} cannot be written {syntax}")


class Quoted(str):
    """Text that is safe where it will stand; only the filters make it."""

    __slots__ = ()


def render(name: str, **values: Any) -> str:
    """Fill in a template.

    Args:
        name: its path below ``templates/``, for instance ``mail/post.eml.j2``.
        values: what it prints; all of them, one that is missing is an error.

    Returns:
        The text, with the line end that the template has.

    Raises:
        UnsafeValueError: a value cannot be written where it should stand.
        jinja2.TemplateError: the template is wrong, or asks for a value that was not given.
    """
    return _packaged().get_template(name).render(values)


def environment(loader: BaseLoader) -> Environment:
    """Make the environment in which templates are filled in."""
    made = Environment(
        loader=loader,
        undefined=StrictUndefined,
        autoescape=select_autoescape(enabled_extensions=("html.j2",), default_for_string=False),
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalized,
    )
    made.filters.update(FILTERS)
    return made


@cache
def _packaged() -> Environment:
    return environment(PackageLoader("wizard", "templates"))


def _finalized(value: Any) -> Any:
    """Let through what cannot be more than a value in any syntax; Jinja calls this on all that is printed."""
    if isinstance(value, Quoted | Undefined):  # printing the latter raises jinja2.UndefinedError
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and _WORD.fullmatch(value):
        return value
    raise UnsafeValueError(value, "without a filter")


def main_cf(value: object) -> Quoted:
    """Write a value of main.cf; ``$$`` stands for ``$`` (postconf(5))."""
    return Quoted(_one_line(value, "in main.cf").replace("$", "$$"))


def ini(value: object) -> Quoted:
    """Write a value of mailman.cfg, which has no quoting, and in which Mailman replaces ``$name``."""
    text = _one_line(value, "in mailman.cfg")
    if "$" in text:
        raise UnsafeValueError(value, "in mailman.cfg")
    return Quoted(text)


def header(value: object) -> Quoted:
    """Write the value of a mail header: printable ASCII on one line (RFC 5322, 2.2)."""
    text = _one_line(value, "in a mail header")
    if not text.isascii() or len(text) > LONGEST_HEADER:
        raise UnsafeValueError(value, "in a mail header")
    return Quoted(text)


def shell(value: object) -> Quoted:
    """Write one argument of a shell command, which no program may take for an option."""
    text = _printable(value, "as a shell's argument")
    if text.startswith("-"):
        raise UnsafeValueError(value, "as a shell's argument")
    return Quoted(shlex.quote(text))


def unit(value: object) -> Quoted:
    """Write one argument of an ``Exec…=`` line (systemd.service(5), COMMAND LINES)."""
    text = _printable(value, "in a systemd unit")
    for char, written in (("\\", "\\\\"), ('"', '\\"'), ("%", "%%"), ("$", "$$")):
        text = text.replace(char, written)
    return Quoted(f'"{text}"')


def text(value: object) -> Quoted:
    """Write running text, of one line or more, in a mail's body or a report."""
    lines = str(value).split("\n")
    return Quoted("\n".join(_printable(line, "as text") for line in lines))


def md(value: object) -> Quoted:
    """Write a value as running text of Markdown, whatever is in it (CommonMark 0.31, 2.4; GFM 0.29, 6.9).

    It may stand at the beginning of a block, in a list, or in a table with blanks around it. What does not print
    becomes an escape, and blanks at its ends, which would have a meaning, go.
    """
    line = _escaped(value, "in Markdown").strip()
    line = re.sub(r"[\\`*\[\]<>|~&$]|^[-+=#:]", r"\\\g<0>", line)  # what marks text up, anywhere or at the beginning
    line = re.sub(r"(?<![^\W_])_|_(?![^\W_])", r"\\_", line)  # the same, but within a word
    line = re.sub(r"^(\d+)([.)])(?= |$)", r"\1\\\2", line)  # a numbered list
    return Quoted(re.sub(r"(?i)(?<=[a-z\d+.-]):(?=//)|(?<=www)\.", r"\\\g<0>", line))  # what becomes a link by itself


def md_code(value: object) -> Quoted:
    """Write a line of an indented block of Markdown, in which nothing has a meaning (CommonMark 0.31, 4.4)."""
    return Quoted(_escaped(value, "in Markdown"))


def html(value: object) -> Quoted:
    """Write a value in HTML; what does not print becomes an escape, and Jinja does the rest."""
    return Quoted(_escaped(value, "in HTML"))


FILTERS: dict[str, Callable[[object], Quoted]] = {
    "main_cf": main_cf,
    "ini": ini,
    "header": header,
    "shell": shell,
    "unit": unit,
    "text": text,
    "md": md,
    "md_code": md_code,
    "html": html,
}
"""The filters by the names that templates use, one a syntax."""


def _escaped(value: object, syntax: str) -> str:
    """Write what does not print as an escape; for syntaxes that show text from elsewhere and must not refuse it."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise UnsafeValueError(value, syntax)
    return printable(str(value))


def _printable(value: object, syntax: str) -> str:
    """Refuse control characters, line ends, what reorders text, and what is no text or number at all."""
    if isinstance(value, bool) or not isinstance(value, str | int) or not str(value).isprintable():
        raise UnsafeValueError(value, syntax)
    return str(value)


def _one_line(value: object, syntax: str) -> str:
    """Refuse also what the reader of a file would strip."""
    found = _printable(value, syntax)
    if not found or found != found.strip():
        raise UnsafeValueError(value, syntax)
    return found
