"""Stage 4: join and leave by mail."""

from wizard.stages.model import ALL_PARTS, Stage
from wizard.stages.subscription.checks import CHECKS
from wizard.stages.subscription.plan import plan

STAGE = Stage(
    number=4,
    name="subscription",
    purpose="Join and leave by mail, with confirmation, seen in the roster after each.",
    depends=ALL_PARTS,
    plan=plan,
    checks=CHECKS,
)
