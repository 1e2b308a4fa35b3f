"""What a face of the wizard (the screens, the plain questions) asks of the engine, and how runs look to it.

A face never touches the machine: it shows a `RunView`, which is made of a run's events alone, and calls a `Desk`.
"""

from wizard.desk.answers import Answer, Form
from wizard.desk.desk import Desk, Standing
from wizard.desk.seat import Place, Seat
from wizard.desk.tail import Line as LogLine
from wizard.desk.tail import LogBatch, Tail
from wizard.desk.view import CheckView, MessageView, Question, RunView, StageView, Waiting, step

__all__ = [
    "Answer",
    "CheckView",
    "Desk",
    "Form",
    "LogBatch",
    "LogLine",
    "MessageView",
    "Place",
    "Question",
    "RunView",
    "Seat",
    "StageView",
    "Standing",
    "Tail",
    "Waiting",
    "step",
]
