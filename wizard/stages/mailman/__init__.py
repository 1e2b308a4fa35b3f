"""Stage 2: Mailman is installed and configured, and every runner is alive."""

from wizard.stages.mailman.checks import CHECKS
from wizard.stages.mailman.plan import plan
from wizard.stages.model import MAILMAN_PARTS, Stage

STAGE = Stage(
    number=2,
    name="mailman",
    purpose="Mailman runs as configured: every runner works, REST answers, the database takes writes.",
    depends=MAILMAN_PARTS,
    plan=plan,
    checks=CHECKS,
)
