"""What the probes have made and not yet removed.

It is written down before it is made, so that a killed run's remains are known to the next start.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from wizard import atomic, services
from wizard.probes.source import TEMPORARY

PREFIX = "mwz_"
"""Every account and list of a probe begins so; nothing without it is ever removed.

No dash is in their names: local(8) splits names at the recipient_delimiter, which may well be one.
"""


@dataclass(frozen=True, slots=True)
class Made:
    """The things of one bench."""

    users: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    """Addresses of probe lists."""
    addresses: tuple[str, ...] = ()
    """Addresses that Mailman did not know before the probes."""
    sources: tuple[str, ...] = ()
    """Temporary addresses of the loopback interface, to ask from as a stranger does."""
    services: tuple[str, ...] = ()
    """Services that are stopped for a moment, and are to run."""

    def __bool__(self) -> bool:
        """Whether anything is left to remove."""
        return bool(self.users or self.lists or self.addresses or self.sources or self.services)


class Ledger:
    """The file that holds a `Made`; every change is durable before it returns."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.made = _read(path)

    def note(
        self,
        *,
        user: str | None = None,
        mailing_list: str | None = None,
        source: str | None = None,
        service: str | None = None,
    ) -> None:
        """Write down what is about to be made, or to be stopped for a moment.

        Raises:
            ValueError: a name that is not a probe's.
            OSError: it could not be written; then nothing may be made.
        """
        for name in (user, mailing_list):
            if name is not None and not name.startswith(PREFIX):
                raise ValueError(f"{name!r} is not a probe's name")
        made = self.made
        self._write(
            replace(
                made,
                users=(*made.users, user) if user else made.users,
                lists=(*made.lists, mailing_list) if mailing_list else made.lists,
                sources=(*made.sources, source) if source and source not in made.sources else made.sources,
                services=(*made.services, service) if service and service not in made.services else made.services,
            )
        )

    def note_address(self, address: str) -> None:
        """Write down a probe's address that Mailman is going to meet.

        Raises:
            ValueError: an address that is not a probe's.
        """
        if not address.startswith(PREFIX):
            raise ValueError(f"{address!r} is not a probe's address")
        self._write(replace(self.made, addresses=(*self.made.addresses, address)))

    def strike(self, name: str) -> None:
        """Take out one thing that is removed (a user, a list's address, an address, a source) or, a service, runs."""
        made = self.made
        self._write(
            Made(
                users=tuple(user for user in made.users if user != name),
                lists=tuple(address for address in made.lists if address != name),
                addresses=tuple(address for address in made.addresses if address != name),
                sources=tuple(source for source in made.sources if source != name),
                services=tuple(service for service in made.services if service != name),
            )
        )

    def _write(self, made: Made) -> None:
        self.made = made
        if made:
            atomic.replace(self._path, json.dumps(asdict(made)).encode(), mode=0o600, uid=0, gid=0)
        else:
            atomic.remove(self._path)


def _read(path: Path) -> Made:
    try:
        raw = json.loads(path.read_bytes())
        return Made(
            users=_names(raw["users"]),
            lists=_names(raw["lists"]),
            addresses=_names(raw["addresses"]),
            sources=tuple(source for source in raw["sources"] if source in TEMPORARY.values()),
            services=tuple(name for name in raw.get("services", ()) if name in {services.POSTFIX, services.MAILMAN}),
        )
    except FileNotFoundError:
        return Made()
    except (ValueError, KeyError, TypeError, AttributeError):
        path.replace(path.with_suffix(".corrupt"))
        return Made()


def _names(raw: list[str]) -> tuple[str, ...]:
    """Keep what can only be a probe's: the file decides what is deleted."""
    return tuple(name for name in raw if name.startswith(PREFIX))
