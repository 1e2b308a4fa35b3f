"""Stage 6: several subscribers, everything together, again after a restart, and nothing left behind."""

from wizard.stages.integration.checks import CHECKS
from wizard.stages.integration.plan import plan
from wizard.stages.model import ALL_PARTS, Stage

STAGE = Stage(
    number=6,
    name="integration",
    purpose="Several subscribers join, post and leave; again after one restart; nothing is left behind.",
    depends=ALL_PARTS,
    plan=plan,
    checks=CHECKS,
)
