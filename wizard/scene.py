"""What the checks of a stage look at: the site, the machine, the logs since the run began, the bench."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wizard.errors import UnseenError
from wizard.events import Emit
from wizard.host import Host
from wizard.logs import Logs
from wizard.mailman import cfg, rest
from wizard.mailman.cfg import Config
from wizard.mailman.effective import Effective
from wizard.probes.bench import Bench
from wizard.redact import Redactor
from wizard.site import Site
from wizard.trace.passage import Passages
from wizard.words import MAIL_LOG, words


@dataclass(frozen=True, slots=True)
class Scene:
    """One stage's checks get one scene."""

    stage: int
    """The stage's number."""
    site: Site
    host: Host
    emit: Emit
    redactor: Redactor
    bench: Bench
    effective: Effective
    """Mailman's own account of its configuration."""
    logs: Logs
    """Read from where they stood when the run began."""
    passages: Passages
    """Follows the messages that are sent, for those who look on."""
    residue: Mapping[str, frozenset[str]]
    """What was there before this stage's probes; see `wizard.probes.inventory`."""

    @property
    def limit(self) -> float:
        """Seconds that one message's way may take."""
        return float(self.site.check.limit)

    @property
    def words(self) -> dict[str, str]:
        """The site's values by name, and how to see Postfix's log on this server."""
        return {**words(self.site), "mail_log": self.logs.postfix_see or MAIL_LOG}

    def progress(self, text: str) -> None:
        """Say what is being done."""
        self.emit("check.progress", text=text)

    def waits(self, what: str) -> None:
        """Say what is being waited for, which takes the `limit` at most."""
        self.emit("check.progress", text=f"waiting for {what}, at most {self.limit:g} s", limit=self.limit)

    def mailman(self) -> Config:
        """Read mailman.cfg.

        Raises:
            UnseenError: there is none.
        """
        config = cfg.read(self.host)
        if config is None:
            raise UnseenError(f"{cfg.PATH} is not there")
        self.redactor.learn(*config.secrets())
        return config

    def client(self) -> Any:
        """Return mailmanclient's client for this machine's Mailman."""
        return rest.connect(self.mailman())
