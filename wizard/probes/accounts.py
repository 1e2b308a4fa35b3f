"""Probe accounts: real Unix users with real mailboxes, or users that the admin has named."""

from __future__ import annotations

import pwd
from dataclasses import dataclass
from pathlib import Path

from wizard.errors import AnswerError, Problem
from wizard.host import Host
from wizard.mail.mailbox import Mailbox
from wizard.site import Site

SPOOL = Path("/var/mail")
HOMES = Path("/home")


@dataclass(frozen=True, slots=True)
class Subscriber:
    """Somebody whose mailbox the checks can look into."""

    address: str
    user: str
    mailbox: Mailbox
    temporary: bool
    """Made for the probe; otherwise named by the admin, and never removed."""


def named(site: Site) -> tuple[Subscriber, ...]:
    """Return the subscribers that the admin named; none if a number was given.

    Raises:
        AnswerError: one is not a user of this machine, so that its mailbox could not be seen.
    """
    given = site.check.subscribers
    if isinstance(given, int):
        return ()
    return tuple(_existing(site, address, number) for number, address in enumerate(given))


def taken(site: Site) -> tuple[Problem, ...]:
    """Tell the lists whose address is a local user's too: that user's mail would go to the list.

    Only where users and lists share the domain.
    """
    return tuple(
        Problem(
            f"lists.{number}.name", repr(spec.name), "a name that no user of this machine has: mail is for one of both"
        )
        for number, spec in enumerate(site.lists)
        if site.mail.local_domain == site.mail.domain and is_user(spec.name)
    )


def is_user(name: str) -> bool:
    """Tell whether a Unix account of this name exists."""
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def make(host: Host, site: Site, user: str) -> Subscriber:
    """Make a probe account without a password or a shell.

    Raises:
        CommandError: useradd(8) refused.
    """
    at_home = site.mail.home_mailbox
    home = ["--create-home", "--home-dir", str(HOMES / user)] if at_home else ["--home-dir", "/nonexistent"]
    shell = ["--shell", "/usr/sbin/nologin"]
    host.run(["useradd", "--system", "--gid", "nogroup", *shell, *home, "--", user]).require()
    return Subscriber(site.user_address(user), user, _mailbox(site, HOMES / user, user), temporary=True)


def remove(host: Host, user: str) -> None:
    """Remove a probe account, its home and its mailbox; one that is gone already is no error.

    Raises:
        CommandError: userdel(8) refused.
        OSError: the mailbox could not be removed.
    """
    if is_user(user):
        home = ["--remove"] if host.state(HOMES / user) else []
        host.run(["userdel", *home, "--", user]).require()
    host.remove(SPOOL / user)


def mailbox(site: Site, address: str) -> Mailbox | None:
    """Return where a local user's mail is put; None if the address is no user's of this machine."""
    user, _, domain = address.rpartition("@")
    try:
        account = pwd.getpwnam(user)
    except (KeyError, ValueError):
        return None
    if domain != site.mail.local_domain:
        return None
    return _mailbox(site, Path(account.pw_dir), user)


def _mailbox(site: Site, home: Path, user: str) -> Mailbox:
    at_home = site.mail.home_mailbox
    return Mailbox(home / at_home if at_home else SPOOL / user, "maildir" if at_home.endswith("/") else "mbox")


def _existing(site: Site, address: str, number: int) -> Subscriber:
    found = mailbox(site, address)
    if found is None:
        may_be = f"a user of this machine, USER@{site.mail.local_domain}: only their mailbox can be looked into"
        raise AnswerError((Problem(f"check.subscribers.{number}", repr(address), may_be),))
    return Subscriber(address, address.rpartition("@")[0], found, temporary=False)
