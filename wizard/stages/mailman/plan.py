"""What stage 2 changes: the package, mailman.cfg, the run directory, the service."""

from __future__ import annotations

from pathlib import Path

from wizard import packages, services
from wizard.host import Host
from wizard.mailman import cfg, settings
from wizard.mailman.cfg import Config, Edit
from wizard.plan import Directory, File, Packages, Plan, Service, Why
from wizard.redact import HIDDEN
from wizard.site import Site

NUMBER = 2
PACKAGE = "mailman3"
RUN_DIRECTORY = Path("/run/mailman3")
RUN_MODE = 0o755


def plan(site: Site, host: Host) -> Plan:
    """Plan the stage on this machine as it is now.

    Raises:
        RefusedError: mailman.cfg cannot be read as a configuration file.
    """
    if packages.installed(host, (PACKAGE,))[PACKAGE] is None:
        start = Service(NUMBER, services.MAILMAN, "start", (Why("start", "it does not run"),))
        return Plan(NUMBER, (_package(), _preview(site), start))
    files = _config(site, host)
    return Plan(NUMBER, (*files, *_directory(host), *_service(host, files)))


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
    config = cfg.read(host) or Config("", {})
    missing = [each for each in settings.wanted(site, config) if not each.met(config.get(each.section, each.key))]
    edits = [Edit(each.section, each.key, each.value) for each in missing]
    text = cfg.edited(config.text, edits) if edits else config.text
    why = [Why(f"[{each.section}] {each.key}", each.why) for each in missing]
    was = _was(host)
    if was is not None:
        why.append(Why("mode and owner", "it holds the REST password: root writes it, Mailman reads it"))
    if not why:
        return ()
    before = config.text.encode("utf-8", "surrogateescape") if host.state(cfg.PATH) else None
    after = text.encode("utf-8", "surrogateescape")
    return (File(NUMBER, cfg.PATH, before, after, cfg.MODE, cfg.OWNER, cfg.GROUP, tuple(why), was=was),)


def _was(host: Host) -> tuple[int, str, str] | None:
    state = host.state(cfg.PATH)
    if state is None or (state.mode, state.owner, state.group) == (cfg.MODE, cfg.OWNER, cfg.GROUP):
        return None
    return state.mode, state.owner, state.group


def _directory(host: Host) -> tuple[Directory, ...]:
    """Plan the run directory where no systemd makes it at boot (tmpfiles.d/mailman3.conf)."""
    state = host.state(RUN_DIRECTORY)
    if services.has_systemd(host) or (state is not None and state.owner == cfg.USER):
        return ()
    why = Why(str(RUN_DIRECTORY), "Mailman writes its process id there, and without systemd nobody makes it")
    return (Directory(NUMBER, RUN_DIRECTORY, RUN_MODE, cfg.USER, cfg.USER, (why,)),)


def _service(host: Host, files: tuple[File, ...]) -> tuple[Service, ...]:
    if not services.mailman_processes(host):
        return (Service(NUMBER, services.MAILMAN, "start", (Why("start", "it does not run"),)),)
    if any(file.before != file.after for file in files):
        return (Service(NUMBER, services.MAILMAN, "restart", (Why("restart", "it reads mailman.cfg at its start"),)),)
    return ()
