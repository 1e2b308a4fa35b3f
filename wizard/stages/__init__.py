"""The six stages, in order."""

from wizard.stages import broadcast, integration, lmtp, mailman, postfix, subscription
from wizard.stages.model import Stage

STAGES: tuple[Stage, ...] = (
    postfix.STAGE,
    mailman.STAGE,
    lmtp.STAGE,
    subscription.STAGE,
    broadcast.STAGE,
    integration.STAGE,
)
