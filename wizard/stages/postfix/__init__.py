"""Stage 1: local mail works."""

from wizard.stages.model import MAIL_PARTS, Stage
from wizard.stages.postfix import recipients
from wizard.stages.postfix.checks import CHECKS
from wizard.stages.postfix.plan import plan

STAGE = Stage(
    number=1,
    name="postfix",
    purpose="Local mail: in by SMTP and sendmail, to every mailbox, intact; strangers are refused.",
    depends=MAIL_PARTS,
    plan=plan,
    checks=CHECKS,
    require=recipients.require,
)
