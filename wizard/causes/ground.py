"""What the causes are looked for in: the machine at one moment, each thing looked at once and when asked for."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Any

from wizard import services
from wizard.errors import CommandError
from wizard.facts import address_class, mailman_log, postconf, postfix_log, runners
from wizard.facts.mailman_conf import Configuration
from wizard.facts.runners import Mailman, Slot
from wizard.host import FileState, Host, Listener, Process
from wizard.mailman import cfg, lists, rest
from wizard.mailman.cfg import Config
from wizard.mailman.lists import SiteList
from wizard.mailman.rest import RestError
from wizard.scene import Scene
from wizard.site import Site

LOOKUP_LIMIT = 5.0
"""Seconds for one lookup: a table that hangs has failed, and so has REST."""


class Ground:
    """The facts of one moment. Whatever cannot be looked at raises, and then tells of no cause."""

    def __init__(self, scene: Scene) -> None:
        """Look at a machine, for the check whose scene it is."""
        self.scene = scene

    @property
    def site(self) -> Site:
        """The answers."""
        return self.scene.site

    @property
    def host(self) -> Host:
        """The machine."""
        return self.scene.host

    @cached_property
    def processes(self) -> tuple[Process, ...]:
        """All processes."""
        return self.host.processes()

    @cached_property
    def listeners(self) -> tuple[Listener, ...]:
        """All listening sockets."""
        return self.host.listeners()

    @cached_property
    def postfix_masters(self) -> tuple[Process, ...]:
        """Postfix's master; none when it does not run."""
        return services.postfix_masters(self.host)

    @cached_property
    def postfix_pids(self) -> frozenset[int]:
        """Postfix's processes."""
        return frozenset(process.pid for process in services.postfix_processes(self.host))

    @cached_property
    def mailman(self) -> Mailman:
        """Mailman's processes."""
        return runners.find(self.processes)

    @cached_property
    def config(self) -> Config | None:
        """mailman.cfg; None if there is none."""
        return cfg.read(self.host)

    @cached_property
    def _effective(self) -> Configuration | CommandError:
        try:
            return self.scene.effective.known(self.host)
        except CommandError as error:
            return error

    @property
    def effective(self) -> Configuration:
        """Mailman's own account of its configuration.

        Raises:
            CommandError: it gives none, and is not asked again.
        """
        if isinstance(self._effective, CommandError):
            raise self._effective
        return self._effective

    @cached_property
    def missing_runners(self) -> tuple[Slot, ...]:
        """The slots that no working process fills."""
        return runners.missing(runners.expected_slots(self.effective, runners.packaged(self.host)), self.mailman)

    @cached_property
    def main_cf(self) -> dict[str, str]:
        """Postfix's effective settings, expanded."""
        return postconf.settings(self.host)

    @cached_property
    def postfix_lines(self) -> tuple[postfix_log.LogLine, ...]:
        """Postfix's log since the run began."""
        return self.scene.logs.postfix()

    @cached_property
    def mailman_lines(self) -> tuple[mailman_log.LogLine, ...]:
        """Mailman's logs since the run began."""
        return self.scene.logs.mailman()

    @cached_property
    def silence(self) -> str:
        """What REST said when it was asked first, if that was no answer; nothing if it answers."""
        if self.config is None:
            return "there is no mailman.cfg"
        try:
            rest.ask(self.config, limit=LOOKUP_LIMIT)
        except RestError as error:
            return str(error)
        return ""

    @property
    def client(self) -> Any:
        """A client of REST, of mailmanclient's.

        Raises:
            RestError: REST has not answered when it was asked first, and is not asked again.
        """
        if self.silence or self.config is None:
            raise RestError(self.silence)
        return rest.connect(self.config, limit=LOOKUP_LIMIT)

    @cached_property
    def lists(self) -> tuple[SiteList, ...]:
        """The site's lists; raises as `client`."""
        return tuple(lists.of_site(self.client, self.site))

    @property
    def token(self) -> str:
        """What every probe of this run carries."""
        return self.scene.bench.token

    def tables(self, name: str) -> tuple[str, ...]:
        """Tell the entries of a parameter that holds tables."""
        return address_class.entries(self.main_cf.get(name, ""))

    def holder(self, listener: Listener) -> str:
        """Name the program that listens."""
        return services.holder(self.processes, listener)

    def on(self, port: int) -> tuple[Listener, ...]:
        """Tell who listens on a port."""
        return tuple(listener for listener in self.listeners if listener.port == port)

    def states(self, directory: Path) -> Iterable[tuple[Path, FileState]]:
        """Tell what is in a directory."""
        for name in self.host.names(directory):
            state = self.host.state(directory / name)
            if state is not None:
                yield directory / name, state
