"""What stage 2 changes: the package, mailman.cfg, the run directory, the service."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal, TypeAlias

from wizard import packages, services
from wizard.errors import CommandError
from wizard.facts import mailman_conf, runners
from wizard.host import Host
from wizard.mailman import cfg, ownership, rest, running, settings
from wizard.mailman.cfg import Config, Edit
from wizard.mailman.settings import Wanted
from wizard.plan import Access, Directory, File, Packages, Plan, Service, Why
from wizard.redact import HIDDEN
from wizard.site import Site
from wizard.site.hardening import MAILMAN, MAILMAN_CFG

NUMBER = 2
PACKAGE = "mailman3"
RUN_DIRECTORY = Path("/run/mailman3")
RUN_MODE = 0o755
SET_HERE = ("admin_pass", "show_tracebacks", "email_commands_max_lines", MAILMAN_CFG)
"""What of Mailman's hardening is this stage's; lists are made later."""
DEPENDS = {MAILMAN_CFG: "the check mailman.files passes only where nobody else can read it"}
"""What does not pass without a value that is refused."""
Owned: TypeAlias = tuple[int, str, str]
"""Mode, owner and group."""
CLOCK = 1.0
"""Seconds by which a file's time and a process's start may differ without meaning anything."""


def plan(site: Site, host: Host) -> Plan:
    """Plan the stage on this machine as it is now.

    Raises:
        RefusedError: mailman.cfg cannot be read as a configuration file.
    """
    if packages.installed(host, (PACKAGE,))[PACKAGE] is None:
        start = Service(NUMBER, services.MAILMAN, "start", (Why("start", "it does not run"),))
        return Plan(NUMBER, (_package(), _preview(site), start))
    files = _config(site, host)
    return Plan(NUMBER, (*files, *_directory(host), *_access(host), *_service(site, host, files)))


def _package() -> Packages:
    why = Why(PACKAGE, "the list server itself, without a web interface or a database server")
    return Packages(NUMBER, (PACKAGE,), (why,))


def _preview(site: Site) -> File:
    """Plan mailman.cfg where Mailman is not installed yet: the lines that will be set in the package's file."""
    wanted = settings.wanted(site, Config("", {}))
    edits = [Edit(each.section, each.key, HIDDEN if each.secret else each.value) for each in wanted]
    why = tuple(Why(f"[{each.section}] {each.key}", each.why) for each in wanted)
    content = cfg.edited("", edits).encode()
    return File(NUMBER, cfg.PATH, None, content, cfg.MODE, cfg.OWNER, cfg.GROUP, why, preview=True)


def _config(site: Site, host: Host) -> tuple[File, ...]:
    written = host.read(cfg.PATH).decode("utf-8", "surrogateescape") if host.state(cfg.PATH) else ""
    mended, lines = cfg.mended(written)
    config = cfg.parse(mended)
    missing = [each for each in _wanted(site, host, config) if not each.met(config.get(each.section, each.key))]
    edits = [Edit(each.section, each.key, each.value) for each in missing]
    text = cfg.edited(config.text, edits) if edits else config.text
    why = [Why(f"line {number}", "it is no setting, and keeps Mailman from starting") for number in lines]
    why += [Why(f"[{each.section}] {each.key}", each.why) for each in missing]
    access, was = _access_of_cfg(site, host)
    if was is not None:
        why.append(Why("mode, owner and group", MAILMAN[MAILMAN_CFG]))
    if not why:
        return ()
    before = written.encode("utf-8", "surrogateescape") if host.state(cfg.PATH) else None
    after = text.encode("utf-8", "surrogateescape")
    return (File(NUMBER, cfg.PATH, before, after, *access, (*why, *_refused(site)), was=was),)


def _refused(site: Site) -> Iterator[Why]:
    """Say what the answers refuse, and what that means; a password is never told."""
    for name in (name for name in SET_HERE if name in site.mailman.refused):
        depends = f"; {DEPENDS[name]}" if name in DEPENDS else ""
        yield Why(name, f"refused by the answers (mailman.refused), so it stays as it is{depends}")


def _wanted(site: Site, host: Host, config: Config) -> tuple[Wanted, ...]:
    """List the settings for a site, and the runners of this version that somebody has switched off."""
    off = runners.switched_off(config.values, runners.packaged(host))
    why = "without this runner, mail is accepted and goes no further"
    return (*settings.wanted(site, config), *(Wanted(f"runner.{name}", "start", "yes", why) for name in off))


def _access_of_cfg(site: Site, host: Host) -> tuple[Owned, Owned | None]:
    """Give mode, owner and group as they are to be, and as they are if that is not the same."""
    state = host.state(cfg.PATH)
    right = (cfg.MODE, cfg.OWNER, cfg.GROUP)
    if state is None:
        return right, None
    present = (state.mode, state.owner, state.group)
    if present == right or MAILMAN_CFG in site.mailman.refused:
        return present, None
    return right, present


def _directory(host: Host) -> tuple[Directory, ...]:
    """Plan the run directory where no systemd makes it at boot (tmpfiles.d/mailman3.conf)."""
    state = host.state(RUN_DIRECTORY)
    if services.has_systemd(host) or (state is not None and state.owner == cfg.USER):
        return ()
    why = Why(str(RUN_DIRECTORY), "Mailman writes its process id there, and without systemd nobody makes it")
    return (Directory(NUMBER, RUN_DIRECTORY, RUN_MODE, cfg.USER, cfg.USER, (why,)),)


def _access(host: Host) -> Iterator[Access]:
    """Put right who may read and write Mailman's files; mailman.cfg itself is `_config`'s."""
    config = cfg.parse(cfg.mended(host.read(cfg.PATH).decode("utf-8", "surrogateescape"))[0])
    for rule in ownership.rules(host, config):
        state = host.state(rule.path)
        if rule.path != cfg.PATH and state is not None and rule.broken(state):
            was = (state.mode, state.owner, state.group)
            yield Access(NUMBER, rule.path, *rule.mended(state), was, (Why(str(rule.path), rule.why),))


def _service(site: Site, host: Host, files: tuple[File, ...]) -> tuple[Service, ...]:
    if not services.mailman_processes(host):
        return (_act("start", "it does not run"),)
    if any(file.before != file.after for file in files):
        return (_act("restart", "it reads mailman.cfg at its start"),)
    why = _changed(host) or _outdated(site, host) or _missing(host)
    return (_act("restart", why),) if why else ()


def _changed(host: Host) -> str:
    """Say so if mailman.cfg is younger than the running Mailman."""
    masters, state = runners.find(host.processes()).masters, host.state(cfg.PATH)
    changed = masters and state is not None and state.younger(masters[0].started + CLOCK, host.now().timestamp())
    return "mailman.cfg was changed after its start" if changed else ""


def _missing(host: Host) -> str:
    """Name the runners that are not there."""
    try:
        expected = runners.expected_slots(mailman_conf.read(host, cfg.PATH), runners.packaged(host))
    except CommandError:  # what keeps Mailman from reading it is in this plan, and the next one sees the rest
        return ""
    missing = runners.missing(expected, runners.find(host.processes()))
    return f"no working process for {', '.join(map(str, missing))}" if missing else ""


def _outdated(site: Site, host: Host) -> str:
    """Say what the running Mailman has otherwise than mailman.cfg; nothing if it does not answer.

    The file's time does not tell: one that was put back (``cp -a``) has an old one.
    """
    config = cfg.read(host)
    if config is None:
        return ""
    try:
        present = running.read(site, config, lambda *_secrets: None)  # of which only names are shown
    except rest.RestError as error:
        return "it refuses the password of mailman.cfg" if " 401: " in str(error) else ""
    other = running.outdated(site, config, config.values, present)
    names = ", ".join(f"[{each.section}] {each.key}" for each in other)
    return f"it was started with another {names} than mailman.cfg has" if other else ""


def _act(action: Literal["start", "restart"], why: str) -> Service:
    return Service(NUMBER, services.MAILMAN, action, (Why(action, why),))
