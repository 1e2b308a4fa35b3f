"""The report of a run: what was proven, when and with what evidence, for those who were not there.

It is made of the run's events alone. Only its verdict looks at the server as it is now, because a proof holds for the
configuration that it was made on.
"""

from wizard.report.make import make, of
from wizard.report.model import Report, Standing, Verdict
from wizard.report.server import answers
from wizard.report.show import HTML, MARKDOWN, html, markdown, save
from wizard.report.told import newest, newest_whole

__all__ = [
    "HTML",
    "MARKDOWN",
    "Report",
    "Standing",
    "Verdict",
    "answers",
    "html",
    "make",
    "markdown",
    "newest",
    "newest_whole",
    "of",
    "save",
]
