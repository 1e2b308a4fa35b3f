"""How one change of a plan is made on a machine."""

from __future__ import annotations

import grp
import os
import pwd
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wizard import packages, services
from wizard.errors import ChangeError
from wizard.events import Emit
from wizard.host import Host
from wizard.mailman import cfg, ready, rest
from wizard.plan import Change, Directory, File, MailmanObject, Packages, Rebuild, Service

PACKAGES_LIMIT = 1800


@dataclass(frozen=True, slots=True)
class Workshop:
    """What making a change needs."""

    host: Host
    emit: Emit
    transcript: Path
    """Where the package manager's whole output goes."""


def make(shop: Workshop, change: Change) -> None:
    """Make one change.

    Raises:
        WizardError: it could not be made; the message says why.
        OSError: a file could not be written; it is as it was.
    """
    match change:
        case Packages():
            _install(shop, change)
        case File():
            _write(shop.host, change)
        case Directory():
            _directory(change)
        case Rebuild():
            shop.host.run(change.argv, user=change.user, limit=120).require()
        case Service():
            _serve(shop, change)
        case MailmanObject():
            _mailman(shop.host, change)


def _install(shop: Workshop, change: Packages) -> None:
    last = -1

    def progress(part: float, text: str) -> None:
        nonlocal last
        percent = int(part * 100)
        if percent != last:  # apt speaks many times a second
            last = percent
            shop.emit("change.progress", target=change.target, percent=percent, text=text)

    packages.install(change.names, transcript=shop.transcript, progress=progress, limit=PACKAGES_LIMIT)


def _write(host: Host, change: File) -> None:
    present = host.read(change.path) if host.state(change.path) else None
    if present not in {change.before, change.after}:
        raise ChangeError(f"{change.path} was changed by someone else since the plan was made; look at it")
    if change.after is None:
        host.remove(change.path)
        return
    host.write(change.path, change.after, mode=change.mode, owner=change.owner, group=change.group)


def _directory(change: Directory) -> None:
    if change.remove:
        with suppress(OSError):  # not empty: something else uses it by now
            change.path.rmdir()
        return
    change.path.mkdir(mode=change.mode, exist_ok=True)
    os.chown(change.path, pwd.getpwnam(change.owner).pw_uid, grp.getgrnam(change.group).gr_gid)
    change.path.chmod(change.mode)


def _serve(shop: Workshop, change: Service) -> None:
    services.act(shop.host, change.target, change.action)
    if change.target == services.MAILMAN and change.action in {"start", "restart"}:
        ready.wait_ready(shop.host, shop.emit)


def _mailman(host: Host, change: MailmanObject) -> None:
    config = cfg.read(host)
    if config is None:
        raise ChangeError(f"{cfg.PATH} is not there, so Mailman cannot be asked to make {change.target}")
    client = rest.connect(config)
    with rest.said():
        {"domain": _domain, "list": _list, "owner": _owner, "setting": _setting}[change.what](client, change)


def _domain(client: Any, change: MailmanObject) -> None:
    present = rest.find_domain(client, change.name)
    if change.after is None and present is not None:
        client.delete_domain(change.name)
    elif change.after is not None and present is None:
        client.create_domain(change.name)


def _list(client: Any, change: MailmanObject) -> None:
    present = rest.find_list(client, change.name)
    name, _, domain = change.name.partition("@")
    if change.after is None and present is not None:
        if present.member_count:
            raise ChangeError(f"{change.name} has members; it is not deleted")
        present.delete()
    elif change.after is not None and present is None:
        client.get_domain(domain).create_list(name)


def _owner(client: Any, change: MailmanObject) -> None:
    mailing_list = client.get_list(change.name)
    present = {owner.address.email for owner in mailing_list.owners}
    if change.after is None and change.key in present:
        mailing_list.remove_owner(change.key)
    elif change.after is not None and change.key not in present:
        mailing_list.add_owner(change.key)


def _setting(client: Any, change: MailmanObject) -> None:
    settings = client.get_list(change.name).settings
    if change.after is not None and str(settings[change.key]) != change.after:
        settings[change.key] = change.after
        settings.save()
