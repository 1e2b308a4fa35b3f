"""How one change of a plan is made on a machine."""

from __future__ import annotations

import grp
import os
import pwd
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wizard import packages, services
from wizard.errors import ChangeError, UnseenError, WizardError
from wizard.events import Emit
from wizard.host import Host
from wizard.logs import Logs
from wizard.mail.confirmation import without_tokens
from wizard.mailman import cfg, made, quiet, ready, rest
from wizard.plan import Access, Change, Directory, File, MailmanObject, Packages, Rebuild, Service
from wizard.printable import printable

PACKAGES_LIMIT = 1800
TRANSCRIPT_LINES = 4000
"""Lines of the package manager's output that go into the run's log, the newest."""
LOG_LINES = 40
"""Lines of a service's log given after it was started or restarted, the newest."""


@dataclass(frozen=True, slots=True)
class Workshop:
    """What making a change needs."""

    host: Host
    emit: Emit
    transcript: Path
    """Where the package manager's whole output goes."""


def make(shop: Workshop, change: Change) -> bool:
    """Make one change.

    Returns:
        Whether anything was done; False if it was so already, and nothing is ever to be put back.

    Raises:
        WizardError: it could not be made; the message says why.
        OSError: a file could not be written; it is as it was.
    """
    match change:
        case Packages():
            _packages(shop, change)
        case File():
            _write(shop.host, change)
        case Directory():
            _directory(change)
        case Access():
            _access(change)
        case Rebuild():
            shop.host.run(change.argv, user=change.user, limit=120).require()
        case Service():
            _serve(shop, change)
        case MailmanObject():
            return _mailman(shop.host, change)
    return True


def _packages(shop: Workshop, change: Packages) -> None:
    def tell(percent: int, text: str) -> None:
        shop.emit("change.progress", target=change.target, percent=percent, text=text)

    progress = packages.in_percent(tell)
    try:
        do = packages.remove if change.remove else packages.install
        do(change.names, transcript=shop.transcript, progress=progress, limit=PACKAGES_LIMIT)
    finally:
        said = shop.host.read(shop.transcript) if shop.host.state(shop.transcript) else b""
        lines = [printable(line) for line in said.decode("utf-8", "backslashreplace").splitlines()]
        shop.emit("change.transcript", target=change.target, path=str(shop.transcript), lines=lines[-TRANSCRIPT_LINES:])


def _write(host: Host, change: File) -> None:
    present = host.read(change.path) if host.state(change.path) else None
    if present not in {change.before, change.after}:
        raise ChangeError(f"{change.path} was changed by someone else since the plan was made; look at it")
    if change.after is None:
        host.remove(change.path.resolve())  # it was written through a link, if there is one
        return
    try:
        host.write(change.path, change.after, mode=change.mode, owner=change.owner, group=change.group)
    except KeyError as error:  # no such user or group
        raise ChangeError(f"{change.path} cannot be given to {change.owner}:{change.group}: {error.args[0]}") from error


def _directory(change: Directory) -> None:
    if change.remove:
        with suppress(OSError):  # not empty: something else uses it by now
            change.path.rmdir()
        return
    change.path.mkdir(mode=change.mode, exist_ok=True)
    os.chown(change.path, pwd.getpwnam(change.owner).pw_uid, grp.getgrnam(change.group).gr_gid)
    change.path.chmod(change.mode)


def _access(change: Access) -> None:
    # By descriptor, and no link is followed: whoever owns the directory above could put one there meanwhile.
    fd = os.open(change.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        os.fchown(fd, pwd.getpwnam(change.owner).pw_uid, grp.getgrnam(change.group).gr_gid)
        os.fchmod(fd, change.mode)
    finally:
        os.close(fd)


def _serve(shop: Workshop, change: Service) -> None:
    if change.target != services.MAILMAN or change.action not in {"stop", "restart"}:
        _act(shop, change)
        return
    try:
        with quiet.quiet(shop.host, shop.emit):
            _act(shop, change)
    except UnseenError as error:
        raise ChangeError(str(error)) from error


def _act(shop: Workshop, change: Service) -> None:
    logs = Logs.begin(shop.host)
    try:
        services.act(shop.host, change.target, change.action)
        if change.target == services.MAILMAN and change.action in {"start", "restart"}:
            ready.wait_ready(shop.host, shop.emit)
    finally:
        # What a service says at its start is shown with it, before anybody restarts it once more.
        shop.emit("change.log", target=change.target, lines=_said(logs, change.target))


def _said(logs: Logs, service: str) -> list[str]:
    try:
        lines = [line.text for line in (logs.postfix() if service == services.POSTFIX else logs.mailman())]
    except (UnseenError, WizardError, OSError) as error:
        return [f"its log cannot be read: {error}"]
    return [without_tokens(line) for line in lines[-LOG_LINES:]]


def _mailman(host: Host, change: MailmanObject) -> bool:
    config = cfg.read(host)
    if config is None:
        raise ChangeError(f"{cfg.PATH} is not there, so Mailman cannot be asked to make {change.target}")
    client = rest.connect(config)
    with rest.said():
        stays = made.holding(client, host, config, change) if change.after is None else ""
        if stays:  # it came since the plan was made, or since the run was killed that is put back now
            raise ChangeError(stays)
        return {
            "domain": _domain,
            "address": _address,
            "list": _list,
            "owner": _owner,
            "setting": _setting,
            "request": _request,
        }[change.what](client, change)


def _domain(client: Any, change: MailmanObject) -> bool:
    present = rest.find_domain(client, change.name)
    if (change.after is None) == (present is None):
        return False
    if change.after is None:
        client.delete_domain(change.name)
    else:
        client.create_domain(change.name)
    return True


def _address(client: Any, change: MailmanObject) -> bool:
    """Make somebody known to Mailman, or unknown if they are on no list."""
    present = rest.find_user(client, change.name)
    if (change.after is None) == (present is None):
        return False
    if present is None:
        client.create_user(change.name, secrets.token_urlsafe(32))  # as Mailman makes one for whom it meets
    else:
        present.delete()
    return True


def _list(client: Any, change: MailmanObject) -> bool:
    present = rest.find_list(client, change.name)
    name, _, domain = change.name.partition("@")
    if (change.after is None) == (present is None):
        return False
    if present is None:
        client.get_domain(domain).create_list(name)
        return True
    present.delete()
    return True


def _owner(client: Any, change: MailmanObject) -> bool:
    mailing_list = client.get_list(change.name)
    present = {owner.address.email for owner in mailing_list.owners}
    if (change.after is None) == (change.key not in present):
        return False
    if change.after is None:
        mailing_list.remove_owner(change.key)
    else:
        mailing_list.add_owner(change.key)
    return True


def _setting(client: Any, change: MailmanObject) -> bool:
    settings = client.get_list(change.name).settings
    if change.after is None or str(settings[change.key]) == change.after:
        return False
    settings[change.key] = change.after
    settings.save()
    return True


def _request(client: Any, change: MailmanObject) -> bool:
    """Discard what somebody has asked for and not confirmed; it cannot be asked again in their name."""
    mailing_list = client.get_list(change.name)
    waiting = [each for each in mailing_list.get_requests() if str(each["email"]) == change.key]
    for each in waiting if change.after is None else ():
        mailing_list.moderate_request(each["token"], "discard")
    return False
