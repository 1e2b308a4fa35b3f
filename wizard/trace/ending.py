"""Whether the logs have ended a message, so that nobody need wait for it any more. Pure.

Only what Postfix or Mailman says counts, and not that something has long not been seen.
"""

from __future__ import annotations

from wizard.trace import verdicts
from wizard.trace.copies import Copies
from wizard.trace.material import Material
from wizard.trace.model import State, shown
from wizard.trace.stragglers import Stragglers, why

DECIDED = {"held": "Mailman held it", "rejected": "Mailman rejected it", "discarded": "Mailman discarded it"}


def ending(material: Material) -> str | None:
    """Say how a message, or what was left of its copies, ended; None while something of it may still arrive."""
    said = verdicts.read(material.mailman, material.message_id)
    copies = Copies(material)
    stragglers = Stragglers(material, said, copies)
    left = [stragglers.of(stay) for stay in copies.stays if not stay.is_sent] + list(stragglers.refused())
    if copies.untried() or any(each.state is not State.LOST for each in (*left, *stragglers.untold())):
        return None
    approved = len(said.of("approved"))
    decided = [
        f"{words}: {verdict.why or 'no reason given'}"
        for kind, words in DECIDED.items()
        for verdict in said.of(kind)[approved if kind == "held" else 0 :]
    ]
    return next(map(shown, decided), why(left) or None)
