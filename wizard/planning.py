"""Making a stage's plan, and learning on the way what in it must not be shown."""

from __future__ import annotations

from dataclasses import replace

from wizard import drift
from wizard.host import Host
from wizard.mailman import cfg
from wizard.plan import File, Plan, Why
from wizard.redact import Redactor
from wizard.session import Session
from wizard.site import Site
from wizard.stages.model import Stage


def make(stage: Stage, site: Site, host: Host, redactor: Redactor, known: Session) -> Plan:
    """Plan one stage on this machine as it is now; nothing is changed.

    Args:
        stage: which.
        site: the answers.
        host: the machine.
        redactor: learns what must not be shown.
        known: what is remembered, to name what somebody has changed since a stage was verified.

    Raises:
        WizardError: the machine's configuration cannot be read.
    """
    learn(site, host, redactor)
    plan = _noted(stage.plan(site, host), host)
    learn_plan(plan, redactor)
    last = known.newest
    if last is None or not any(isinstance(change, File) for change in plan.changes):
        return plan
    since = f"stage {last.stage} was verified ({last.at})"
    return drift.named(plan, last.settings, drift.settings(host), since)


def _noted(plan: Plan, host: Host) -> Plan:
    """Warn of files with several names: another file takes the place of this name alone."""
    changes = tuple(_warned(each, host) if isinstance(each, File) else each for each in plan.changes)
    return replace(plan, changes=changes)


def _warned(file: File, host: Host) -> File:
    state = host.state(file.path)
    if state is None or state.names == 1 or file.before == file.after:
        return file
    words = f"{file.path} has {state.names} names (hard links): the others keep what it was, as a file of their own"
    return replace(file, why=(*file.why, Why("warning", words)))


def learn(site: Site, host: Host, redactor: Redactor) -> None:
    """Learn what must not be shown: the secrets of the answers, and of Mailman's configuration as it is now."""
    redactor.learn(*site.secrets())
    if host.state(cfg.PATH) is not None:
        redactor.learn(*_readable(host.read(cfg.PATH).decode("utf-8", "surrogateescape")))


def learn_plan(plan: Plan, redactor: Redactor) -> None:
    """Learn what must not be shown of what a plan writes."""
    for change in plan.changes:
        if isinstance(change, File) and change.path == cfg.PATH and change.after is not None:
            redactor.learn(*_readable(change.after.decode("utf-8", "surrogateescape")))


def _readable(text: str) -> tuple[str, ...]:
    """Give the secrets of a mailman.cfg, also of one whose broken lines the plan will take out."""
    return cfg.parse(cfg.mended(text)[0]).secrets()
