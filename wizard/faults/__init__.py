"""Faults: what breaks for people, to be broken on purpose in a lab, by tests and by a teacher."""

from wizard.faults import of_lists, of_mailman, of_postfix
from wizard.faults.model import Fault

__all__ = ["FAULTS", "Fault"]

FAULTS: tuple[Fault, ...] = (*of_postfix.FAULTS, *of_mailman.FAULTS, *of_lists.FAULTS)
