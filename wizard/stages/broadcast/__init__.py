"""Stage 5: a post reaches each subscriber's mailbox."""

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
    number=NUMBER,
    name="broadcast",
    purpose="A post reaches each subscriber's mailbox, once and intact, and nobody else's.",
    depends=ALL_PARTS,
    plan=plan,
    checks=CHECKS,
)
