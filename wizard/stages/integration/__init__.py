"""Stage 6: several subscribers, everything together, again after a restart, and nothing left behind."""

from wizard import outline
from wizard.stages.integration.checks import CHECKS
from wizard.stages.integration.plan import plan
from wizard.stages.model import ALL_PARTS, Stage

STAGE = Stage(
    outline.INTEGRATION,
    depends=ALL_PARTS,
    plan=plan,
    checks=CHECKS,
)
