"""Stage 5: a post reaches each subscriber's mailbox."""

from wizard import outline
from wizard.host import Host
from wizard.plan import Plan
from wizard.site import Site
from wizard.stages.broadcast.checks import CHECKS
from wizard.stages.model import ALL_PARTS, Stage

NUMBER = 5


def plan(_site: Site, _host: Host) -> Plan:
    """Plan nothing: what a post needs was set up by the stages before."""
    return Plan(NUMBER)


STAGE = Stage(
    outline.BROADCAST,
    depends=ALL_PARTS,
    plan=plan,
    checks=CHECKS,
)
