"""Stage 4: join and leave by mail."""

from wizard import outline
from wizard.stages.model import ALL_PARTS, Stage
from wizard.stages.subscription.checks import CHECKS
from wizard.stages.subscription.plan import plan

STAGE = Stage(
    outline.SUBSCRIPTION,
    depends=ALL_PARTS,
    plan=plan,
    checks=CHECKS,
)
