"""Diagnoses: stable codes, each with its cause, its fix and the commands to see it by hand.

A diagnosis is given only on evidence that tells it from its neighbours; without such evidence it is MWx00,
"the check failed and the cause is not known", which never guesses.
"""

from wizard.diagnosis.catalogue import CATALOGUE, diagnose, entry
from wizard.diagnosis.entry import Entry
from wizard.diagnosis.model import Diagnosis

__all__ = ["CATALOGUE", "Diagnosis", "Entry", "diagnose", "entry"]
