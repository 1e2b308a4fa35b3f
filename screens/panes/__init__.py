"""The five panes of a stage's screen."""

from wizard.screens.panes.answers import AnswersPane
from wizard.screens.panes.changes import ChangesPane
from wizard.screens.panes.checks import ChecksPane
from wizard.screens.panes.logs import LogsPane
from wizard.screens.panes.why import WhyPane

__all__ = ["AnswersPane", "ChangesPane", "ChecksPane", "LogsPane", "WhyPane"]
