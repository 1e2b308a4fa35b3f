"""A report as pages: Markdown and HTML, from the templates in ``templates/report/``."""

from __future__ import annotations

from pathlib import Path

from wizard import atomic, version
from wizard.render import render
from wizard.report import words
from wizard.report.model import Report

MARKDOWN, HTML = "report.md", "report.html"
"""The files in the run's directory."""


def markdown(report: Report) -> str:
    """Return it as Markdown, which can be read as it is."""
    return _rendered("report/report.md.j2", report)


def html(report: Report) -> str:
    """Return it as one HTML page that needs nothing else."""
    return _rendered("report/report.html.j2", report)


def save(report: Report, directory: Path) -> Path:
    """Write both pages into the run's directory, readable by root alone, in place of those that are there.

    Returns:
        The Markdown's path; the HTML is beside it.

    Raises:
        OSError: not both could be written; each is whole or as it was.
    """
    for name, text in {HTML: html(report), MARKDOWN: markdown(report)}.items():
        atomic.replace(directory / name, text.encode(), mode=0o600, uid=0, gid=0)
    return directory / MARKDOWN


def _rendered(template: str, report: Report) -> str:
    return render(template, report=report, words=words, version=version())
