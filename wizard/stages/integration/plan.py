"""What stage 6 changes: both services start at boot."""

from __future__ import annotations

from wizard import services
from wizard.host import Host
from wizard.plan import Plan, Service, Why
from wizard.site import Site

NUMBER = 6


def plan(_site: Site, host: Host) -> Plan:
    """Plan the stage on this machine as it is now."""
    return Plan(
        NUMBER,
        tuple(
            Service(NUMBER, name, "enable", (Why("enable", "it does not start at boot"),))
            for name in (services.POSTFIX, services.MAILMAN)
            if not services.boots(host, name)
        ),
    )
