"""The configuration that Mailman runs with, which is that of its start, against the one that stands in the file."""

from __future__ import annotations

from collections.abc import Callable

from wizard.facts.mailman_conf import Configuration
from wizard.mailman import rest, settings
from wizard.mailman.cfg import Config
from wizard.mailman.settings import Wanted
from wizard.site import Site

Learn = Callable[..., None]
"""Told of secrets before anybody sees them; `wizard.redact.Redactor.learn`."""


def read(site: Site, config: Config, learn: Learn) -> Configuration:
    """Ask REST for the sections in which the answers want something; the password is shown there.

    Raises:
        RestError: it did not answer, or refused.
    """
    sections = dict.fromkeys(each.section for each in settings.wanted(site, config))
    found = {
        (section, key): value for section in sections for key, value in rest.configuration(config, section).items()
    }
    learn(*Config("", found).secrets())
    return found


def outdated(site: Site, config: Config, written: Configuration, running: Configuration) -> tuple[Wanted, ...]:
    """Tell what the answers want, and the running Mailman has otherwise than it is written.

    What is written wrongly as well is left out: a restart would not help there.

    Args:
        site: the answers.
        config: mailman.cfg, for the password in it.
        written: what is in effect for whoever starts now; from ``mailman conf``, or mailman.cfg alone.
        running: see `read`.
    """
    return tuple(
        each
        for each in settings.wanted(site, config)
        if (name := (each.section, each.key)) in running
        and not each.met(running[name])
        and running[name] != written.get(name, running[name])
    )
