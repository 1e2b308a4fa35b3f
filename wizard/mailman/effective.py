"""Mailman's account of its own configuration, which takes a second or two, remembered while mailman.cfg is the same."""

from __future__ import annotations

from dataclasses import dataclass, field

from wizard.facts import mailman_conf
from wizard.facts.mailman_conf import Configuration
from wizard.host import FileState, Host
from wizard.mailman import cfg


@dataclass(slots=True)
class Effective:
    """What ``mailman conf`` told last, and of which file."""

    _state: FileState | None = None
    _told: Configuration = field(default_factory=dict)

    def now(self, host: Host) -> Configuration:
        """Ask Mailman; for a proof.

        Raises:
            CommandError: there is no Mailman, or it refuses the configuration.
        """
        state = host.state(cfg.PATH)
        self._told = mailman_conf.read(host, cfg.PATH)
        self._state = state
        return self._told

    def known(self, host: Host) -> Configuration:
        """Tell what it told of this same mailman.cfg; ask if it was not asked yet. Raises as `now`."""
        state = host.state(cfg.PATH)
        return self._told if self._told and state == self._state else self.now(host)
