"""Refusing to make users unknown who are known by no table: those of luser_relay and its like."""

from __future__ import annotations

from wizard import packages
from wizard.errors import RefusedError
from wizard.facts import postconf
from wizard.host import Host
from wizard.site import Site

DELIVERING = (
    "luser_relay",
    "mailbox_transport",
    "mailbox_transport_maps",
    "fallback_transport",
    "fallback_transport_maps",
)
"""What delivers mail of users whom neither passwd nor the aliases know; they need an empty
local_recipient_maps (postconf(5))."""


def require(_site: Site, host: Host) -> None:
    """Refuse to fill local_recipient_maps where that would cut off users whom no table of it knows.

    Raises:
        RefusedError: names the setting, and says what to do.
    """
    if packages.installed(host, ("postfix",))["postfix"] is None:
        return
    values = postconf.settings(host, names=("local_recipient_maps", *DELIVERING))
    used = [f"{name} = {values[name]}" for name in DELIVERING if values.get(name)]
    if used and not values["local_recipient_maps"]:
        raise RefusedError(
            f"local_recipient_maps is empty and {', '.join(used)}: whom that delivers to would be refused once unknown "
            "users are. Give local_recipient_maps a map of those users first, then start again; nothing was changed."
        )
