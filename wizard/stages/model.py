"""What a stage is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from wizard.check import Check
from wizard.host import Host
from wizard.outline import Outline
from wizard.plan import Plan
from wizard.scene import Scene
from wizard.site import Site


def _anything(_site: Site, _host: Host) -> None:
    """Refuse nothing."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One of the six."""

    outline: Outline
    depends: tuple[str, ...]
    """The parts of the configuration (`wizard.session.parts`) on which its proof stands."""
    plan: Callable[[Site, Host], Plan]
    """What it would change on this machine as it is now; changes nothing."""
    checks: tuple[Check[Scene], ...]
    """What proves it, in order."""
    require: Callable[[Site, Host], None] = _anything
    """Raises `RefusedError` where its plan would harm what is there; asked before any stage is applied."""

    @property
    def number(self) -> int:
        """Its place, from 1."""
        return self.outline.number

    @property
    def name(self) -> str:
        """What it is called."""
        return self.outline.name

    @property
    def purpose(self) -> str:
        """What it is for, in one sentence."""
        return self.outline.purpose


MAIL_PARTS = ("site.mail", "/etc/postfix/main.cf", "/etc/postfix/master.cf", "postfix")
MAILMAN_PARTS = ("site.mailman", "/etc/mailman3/mailman.cfg", "mailman3")
ALL_PARTS = (*MAIL_PARTS, *MAILMAN_PARTS, "site.lists", "site.check")
