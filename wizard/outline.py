"""The six stages in outline: what can be said of them before any of the engine is loaded."""

from typing import NamedTuple


class Outline(NamedTuple):
    """One stage's."""

    number: int
    name: str
    purpose: str
    """One sentence."""


POSTFIX = Outline(
    1,
    "postfix",
    "Local mail: in by SMTP and sendmail, to every mailbox, intact; strangers are refused.",
)
MAILMAN = Outline(
    2,
    "mailman",
    "Mailman runs as configured: every runner works, REST answers, the database takes writes.",
)
LMTP = Outline(
    3,
    "lmtp",
    "Postfix hands mail to Mailman: posts and commands both arrive, unknown lists are refused.",
)
SUBSCRIPTION = Outline(
    4,
    "subscription",
    "Join and leave by mail, with confirmation, seen in the roster after each.",
)
BROADCAST = Outline(
    5,
    "broadcast",
    "A post reaches each subscriber's mailbox, once and intact, and nobody else's.",
)
INTEGRATION = Outline(
    6,
    "integration",
    "Several subscribers join, post and leave; again after one restart; nothing is left behind.",
)

STAGES = (POSTFIX, MAILMAN, LMTP, SUBSCRIPTION, BROADCAST, INTEGRATION)
LAST = len(STAGES)
