"""Jinja2 templates, one for each managed file or message, and pages of words in which nothing is to be filled in."""

from pathlib import Path


def page(name: str) -> str:
    """Read a page of words.

    Args:
        name: its path below ``templates/``, for instance ``why/postfix.md``.
    """
    return (Path(__file__).parent / name).read_text(encoding="utf-8")
