"""Stage 2: Mailman is installed and configured, and every runner is alive."""

from wizard import outline
from wizard.stages.mailman.checks import CHECKS
from wizard.stages.mailman.plan import plan
from wizard.stages.model import MAILMAN_PARTS, Stage

STAGE = Stage(
    outline.MAILMAN,
    depends=MAILMAN_PARTS,
    plan=plan,
    checks=CHECKS,
)
