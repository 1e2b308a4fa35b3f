"""Causes in Mailman: its configuration, its processes, its database, its files."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from ipaddress import ip_address
from pathlib import Path

from wizard.causes.ground import Ground
from wizard.causes.model import Cause, Found
from wizard.facts import runners
from wizard.host import FileState
from wizard.mailman import cfg, ownership, running, settings
from wizard.redact import HIDDEN
from wizard.site.hardening import MAILMAN_CFG

LOCK_PATIENCE = 1.0
"""Seconds that a lock on the database may be held by somebody who works with it."""
STARTING = 10.0
"""Seconds in which a master that was just started may not have started all of its runners yet."""
PLACES = frozenset(("mta", key) for key in ("lmtp_host", "lmtp_port", "smtp_host", "smtp_port"))
"""Settings that have codes of their own."""
_SQLITE = "mailman.database.sqlite.SQLiteDatabase"


def syntax_error(ground: Ground) -> Found | None:
    """mailman.cfg cannot be parsed: what runs goes on, and nothing starts."""
    said = ground.config.broken if ground.config else ""
    return Found({"error": said}, (said,)) if said else None


def _unmet(ground: Ground, section: str, *keys: str) -> Iterator[tuple[settings.Wanted, str]]:
    if ground.config is None:
        return
    for each in settings.wanted(ground.site, ground.config):
        present = ground.config.get(each.section, each.key)
        if each.section == section and each.key in keys and not each.met(present):
            yield each, present


def lmtp_host(ground: Ground) -> Found | None:
    """lmtp_host is a name: Postfix asks DNS for it, and Mailman cannot listen at it if there is no answer."""
    for each, present in _unmet(ground, "mta", "lmtp_host"):
        if present and not _is_address(present):
            return Found({"value": present, "wanted": each.value}, (f"[mta] lmtp_host: {present}",))
    return None


def _is_address(text: str) -> bool:
    try:
        ip_address(text.strip("[]"))
    except ValueError:
        return False
    return True


def lmtp_place(ground: Ground) -> Found | None:
    """Mailman takes mail elsewhere than where Postfix hands it over."""
    if lmtp_host(ground):
        return None
    for each, present in _unmet(ground, "mta", "lmtp_host", "lmtp_port"):
        if present:
            said = f"[mta] {each.key}: {present}, and the answers say {each.value}"
            return Found({"key": each.key, "value": present, "wanted": each.value}, (said,))
    return None


def smtp_place(ground: Ground) -> Found | None:
    """Mailman hands its mail to another place than this machine's Postfix."""
    for each, present in _unmet(ground, "mta", "smtp_host", "smtp_port"):
        if present:
            said = f"[mta] {each.key}: {present}, and Postfix is at {each.value}"
            return Found({"key": each.key, "value": present, "wanted": each.value}, (said,))
    return None


def other_setting(ground: Ground) -> Found | None:
    """Any other setting is not as the answers ask for."""
    if ground.config is None:
        return None
    for each in settings.wanted(ground.site, ground.config):
        present = ground.config.get(each.section, each.key)
        if (each.section, each.key) not in PLACES and present and not each.met(present):
            name = f"[{each.section}] {each.key}"
            shown, wanted = (HIDDEN, HIDDEN) if each.secret else (present, each.value)
            return Found({"name": name, "value": shown, "wanted": wanted}, (f"{name}: {shown}",))
    return None


def rest_port_taken(ground: Ground) -> Found | None:
    """Another program listens where REST should."""
    return _taken(ground, ground.site.mailman.rest.port, "rest")


def lmtp_port_taken(ground: Ground) -> Found | None:
    """Another program listens where LMTP should."""
    return _taken(ground, ground.site.mailman.lmtp.port, "lmtp")


def _taken(ground: Ground, port: int, runner: str) -> Found | None:
    foreign = [each for each in ground.on(port) if not ground.mailman.owns(runner, each.pid)]
    if not foreign:
        return None
    holder = ground.holder(foreign[0])
    return Found({"holder": holder, "port": str(port)}, (f"port {port} of {foreign[0].address} belongs to {holder}",))


def stale_lock(ground: Ground) -> Found | None:
    """Mailman does not run, and the lock of one that was killed is still there."""
    if ground.mailman.masters or ground.config is None:
        return None
    lock = ground.config.var_dir / "locks" / "master.lck"
    state = ground.host.state(lock)
    if state is None:
        return None
    owner = ground.host.read(lock).decode("utf-8", "replace").strip() if state.kind == "file" else ""
    return Found(
        {"path": str(lock)}, (f"{lock} is there, and no master process", *((f"it names {owner}",) if owner else ()))
    )


def stopped(ground: Ground) -> Found | None:
    """There is no master process, nor the lock of a dead one, and its configuration can be read."""
    if ground.mailman.masters or stale_lock(ground) or syntax_error(ground):
        return None
    return Found({}, ("no master process",))


def runner_missing(ground: Ground) -> Found | None:
    """The master lives and a runner does not, for no reason that is known otherwise."""
    if not ground.mailman.masters or ground.config is None:
        return None
    known = {
        "rest": rest_port_taken(ground),
        "lmtp": lmtp_port_taken(ground) or lmtp_host(ground) or lmtp_place(ground),
    }
    closed = {path.name for path, state in _closed_queues(ground)}
    missing = [slot for slot in ground.missing_runners if not known.get(slot.name) and slot.name not in closed]
    off = runners.switched_off(ground.effective, {slot.name for slot in missing})
    starting = ground.host.now().timestamp() - ground.mailman.masters[0].started < STARTING
    if not missing or (starting and not off):
        return None
    slots = ", ".join(map(str, missing))
    said = (f"{cfg.PATH} switches {name} off: [runner.{name}] start" for name in off)
    halted = (f"process {each.process.pid}, {each.slot}, is stopped" for each in ground.mailman.halted)
    why = runners.why_missing(missing, ground.mailman)
    return Found({"slots": slots, "why": why}, (f"no working process for {slots}", *said, *halted))


def password_differs(ground: Ground) -> Found | None:
    """The running Mailman refuses the password that mailman.cfg has now: the file was changed after it started."""
    if ground.config is None or not ground.mailman.masters or " 401: " not in ground.silence:
        return None
    changed = ground.host.state(cfg.PATH)
    later = changed is not None and changed.younger(ground.mailman.masters[0].started, ground.host.now().timestamp())
    told = (ground.silence, f"{cfg.PATH} was changed after Mailman's start") if later else (ground.silence,)
    return Found({"path": str(cfg.PATH)}, told)


def outdated(ground: Ground) -> Found | None:
    """The running Mailman was started with another configuration than the one that mailman.cfg has now."""
    if ground.silence or ground.config is None or not ground.mailman.masters:
        return None
    present = running.read(ground.site, ground.config, ground.scene.redactor.learn)
    other = running.outdated(ground.site, ground.config, ground.effective, present)
    if not other:
        return None
    names = ", ".join(f"[{each.section}] {each.key}" for each in other)
    said = f"{names}: the running Mailman has another value than {cfg.PATH}"
    return Found({"names": names, "path": str(cfg.PATH)}, (said,))


def open_to_others(ground: Ground) -> Found | None:
    """mailman.cfg, or the directory that it is in, is open to others than root and Mailman."""
    for rule in ownership.rules(ground.host, ground.config) if ground.config else ():
        state = ground.host.state(rule.path)
        said = rule.broken(state) if rule.path in {cfg.PATH, cfg.PATH.parent} and state else ()
        if state is not None and said:
            mode, owner, group = rule.mended(state)
            values = {"path": str(rule.path), "owner": owner, "group": group, "mode": f"{mode:04o}"}
            refused = rule.path == cfg.PATH and MAILMAN_CFG in ground.site.mailman.refused
            return Found({"said": "; ".join(said), **values}, said, fixable=False if refused else None)
    return None


def database_locked(ground: Ground) -> Found | None:
    """Another program holds a lock on SQLite's file."""
    path = _sqlite(ground)
    if path is None:
        return None
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=rw", uri=True, timeout=LOCK_PATIENCE)) as database:
            database.execute("BEGIN IMMEDIATE")
            database.execute("ROLLBACK")
    except sqlite3.OperationalError as error:
        if "locked" not in str(error):
            return None
        return Found({"path": str(path), "holder": _locker(ground, path)}, (f"{path}: {error}",))
    return None


def _locker(ground: Ground, path: Path) -> str:
    """Name who holds a lock on a file (proc(5), /proc/locks: the sixth field is device and inode)."""
    inode = str(path.stat().st_ino)
    for line in ground.host.read(Path("/proc/locks")).decode("ascii", "replace").splitlines():
        words = line.split()
        if len(words) > 5 and words[1] != "->" and words[5].rpartition(":")[2] == inode and words[3] == "WRITE":  # noqa: PLR2004 (proc(5))
            pid = int(words[4]) if words[4].isdigit() else 0
            found = next((process for process in ground.processes if process.pid == pid), None)
            return f"{found.name} (process {pid})" if found else f"process {pid}"
    return "an unknown program"


def _sqlite(ground: Ground) -> Path | None:
    config = ground.config
    if config is None or config.get("database", "class", _SQLITE) != _SQLITE:
        return None
    path = config.sqlite
    return path if path and ground.host.state(path) else None


def database_closed(ground: Ground) -> Found | None:
    """SQLite's file, or the directory in which it makes its journal, cannot be written by Mailman."""
    path = _sqlite(ground)
    if path is None:
        return None
    for each in (path, path.parent):
        state = ground.host.state(each)
        if state is not None and not _may(state, os.W_OK):
            said = f"{each} belongs to {state.owner} with mode {state.mode:04o}"
            return Found({"path": str(each), "owner": state.owner, "mode": f"{state.mode:04o}"}, (said,))
    return None


def _may(state: FileState, bits: int) -> bool:
    """Whether Mailman may read, write or search: as the owner, or else by its group, or else as anybody."""
    place = 6 if state.owner == cfg.USER else 3 if state.group == cfg.USER else 0
    return state.mode >> place & bits == bits


def queue_of_another(ground: Ground) -> Found | None:
    """A queue's directory is not Mailman's: its runner can neither read nor write there."""
    for path, state in _closed_queues(ground):
        said = f"{path} belongs to {state.owner} with mode {state.mode:04o}"
        return Found({"path": str(path), "owner": state.owner, "mode": f"{state.mode:04o}"}, (said,))
    return None


def _closed_queues(ground: Ground) -> Iterator[tuple[Path, FileState]]:
    for path, state in ground.states(ground.config.queue_dir) if ground.config else ():
        if state.kind == "directory" and not _may(state, os.R_OK | os.W_OK | os.X_OK):
            yield path, state


CONFIGURATION: tuple[Cause, ...] = (
    Cause("MW209", syntax_error),
    Cause("MW211", lmtp_host),
    Cause("MW213", lmtp_place),
    Cause("MW206", rest_port_taken),
    Cause("MW214", lmtp_port_taken),
    Cause("MW203", stale_lock),
    Cause("MW201", stopped),
    Cause("MW208", queue_of_another),
    Cause("MW202", runner_missing),
    Cause("MW207", password_differs),
    Cause("MW215", outdated, stands=False),
    Cause("MW216", open_to_others, stands=False),
    Cause("MW205", database_closed),
    Cause("MW204", database_locked),
)
WORK: tuple[Cause, ...] = (
    Cause("MW212", smtp_place),
    Cause("MW210", other_setting, stands=False),
)
