"""What a face of the wizard (the screens, the plain questions) asks of the engine, and how runs look to it.

A face never touches the machine: it shows a `RunView`, which is made of a run's events alone, and calls a `Desk`.
Nothing here loads the engine; what a desk has it do is in `wizard.desk.work`.
"""

from wizard.desk.desk import Desk
from wizard.desk.lines import Line as LogLine
from wizard.desk.lines import LogBatch
from wizard.desk.seat import Place, Seat
from wizard.desk.standing import About, Ground, Proof, Standing
from wizard.desk.view import CheckView, MessageView, Question, RunView, StageView, Waiting, step

__all__ = [
    "About",
    "CheckView",
    "Desk",
    "Ground",
    "LogBatch",
    "LogLine",
    "MessageView",
    "Place",
    "Proof",
    "Question",
    "RunView",
    "Seat",
    "StageView",
    "Standing",
    "Waiting",
    "step",
]
