"""Stage 1: local mail works."""

from wizard import outline
from wizard.stages.model import MAIL_PARTS, Stage
from wizard.stages.postfix import recipients
from wizard.stages.postfix.checks import CHECKS
from wizard.stages.postfix.plan import plan

STAGE = Stage(
    outline.POSTFIX,
    depends=MAIL_PARTS,
    plan=plan,
    checks=CHECKS,
    require=recipients.require,
)
