"""Stage 3: Postfix hands posts and commands to Mailman."""

from wizard import outline
from wizard.stages.lmtp import others
from wizard.stages.lmtp.checks import CHECKS
from wizard.stages.lmtp.plan import plan
from wizard.stages.model import ALL_PARTS, Stage

STAGE = Stage(
    outline.LMTP,
    depends=ALL_PARTS,
    plan=plan,
    checks=CHECKS,
    require=others.require,
)
