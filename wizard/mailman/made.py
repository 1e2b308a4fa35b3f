"""What the wizard has made in Mailman, and what of it can go again because it holds nothing of anybody else's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from wizard import services
from wizard.host import Host
from wizard.mailman import cfg, rest
from wizard.mailman.cfg import Config
from wizard.plan import Change, MailmanObject, Why

ORDER = ("domain", "address", "list", "owner", "setting")
"""In which they are made; a domain has lists, and a list has owners, who have addresses, and settings."""
ARCHIVES = "archives/prototype"
"""Where Mailman's own archiver keeps posts, below var_dir (mailman/archiving/prototype.py)."""


@dataclass(frozen=True, slots=True)
class Reversed:
    """The way back, in Mailman."""

    first: tuple[MailmanObject, ...] = ()
    """What changes or goes: while Mailman still has the configuration with which it was made."""
    last: tuple[MailmanObject, ...] = ()
    """What comes back: when Mailman runs again, if it does not."""
    kept: tuple[str, ...] = ()
    """What stays, and why, in words."""


def reversed_objects(host: Host, changes: Iterable[Change], why: tuple[Why, ...]) -> Reversed:
    """Give the changes that bring Mailman's objects back to before these ones.

    Args:
        host: the machine.
        changes: what was done, the oldest first; others than Mailman's objects are passed over.
        why: the reason that the changes give.

    Raises:
        RestError: Mailman does not answer what became of those that are to go.
    """
    done = [each for each in changes if isinstance(each, MailmanObject) and each.what in ORDER]
    config = cfg.read(host)
    if not done or config is None:
        return Reversed(kept=tuple(f"{each.target} stays: {cfg.PATH} is gone" for each in done))
    net = _net(done, why)
    if all(each.after is not None for each in net) and not services.running(host, services.MAILMAN):
        return Reversed(last=tuple(sorted(net, key=_rank)))
    wanted: list[MailmanObject] = []
    kept: list[str] = []
    rest.ask(config)
    client = rest.connect(config)
    for change in net:
        with rest.said():
            stays = _stays(client, host, config, change, wanted, done)
        if stays:
            kept.append(stays)
        elif stays is None:
            wanted.append(change)
    goes = sorted((each for each in wanted if each.after is None), key=_rank, reverse=True)
    comes = sorted((each for each in wanted if each.after is not None and each.before is None), key=_rank)
    changed = [each for each in wanted if each.after is not None and each.before is not None]
    new = {each.name for each in comes if each.what == "list"}
    return Reversed(
        first=(*(each for each in changed if each.name not in new), *goes),
        last=(*comes, *(each for each in changed if each.name in new)),
        kept=tuple(kept),
    )


def holding(client: Any, host: Host, config: Config, change: MailmanObject) -> str:
    """Say what an object that is about to go has of somebody else's; nothing if it may go.

    To be asked at the last moment: Mailman deletes a domain with all its lists, and a list with all its members.

    Args:
        client: a connection to Mailman.
        host: the machine.
        config: Mailman's.
        change: the removal.

    Raises:
        RestError: Mailman does not answer.
    """
    if change.what == "domain":
        return _domain(client, change, set()) or ""
    if change.what == "address":
        return _address(client, change, set()) or ""
    if change.what == "list":
        return _list(host, config, change, rest.find_list(client, change.name), set()) or ""
    return ""


def _net(done: Sequence[MailmanObject], why: tuple[Why, ...]) -> list[MailmanObject]:
    """Reverse each object's first change to its last; lists come before the domains that they are in."""
    net: dict[str, MailmanObject] = {}
    for each in done:
        first = net.get(each.target, each)
        net[each.target] = replace(each, before=first.before)
    turned = [replace(each.reverse(), why=why) for each in net.values() if each.before != each.after]
    return sorted(turned, key=_rank, reverse=True)


def _rank(change: MailmanObject) -> int:
    return ORDER.index(change.what)


def _stays(
    client: Any,
    host: Host,
    config: Config,
    change: MailmanObject,
    wanted: Sequence[MailmanObject],
    done: Sequence[MailmanObject],
) -> str | None:
    """Say why an object stays as it is; nothing if there is nothing to do, None if it can be brought back."""
    if change.what == "domain":
        return _domain(client, change, {each.name for each in wanted if each.what == "list" and each.after is None})
    if change.what == "address":
        return _address(client, change, {each.name for each in wanted if each.what == "owner" and each.after is None})
    mailing_list = rest.find_list(client, change.name)
    if change.what == "list":
        owners = {each.key for each in done if each.what == "owner" and each.name == change.name}
        return _list(host, config, change, mailing_list, owners)
    if mailing_list is None:  # it is, if it comes back as well
        return None if any(each.name == change.name and each.what == "list" for each in done) else ""
    return _owner(mailing_list, change) if change.what == "owner" else _setting(mailing_list, change)


def _address(client: Any, change: MailmanObject, leaving: set[str]) -> str | None:
    user = rest.find_user(client, change.name)
    if (user is None) != (change.before is None):
        return ""
    others = {str(each.list_id) for each in user.subscriptions} if user is not None else set()
    others -= {name.replace("@", ".", 1) for name in leaving}
    return f"{change.name} stays known to Mailman: on {', '.join(sorted(others))}" if others else None


def _list(host: Host, config: Config, change: MailmanObject, mailing_list: Any | None, ours: set[str]) -> str | None:
    if (mailing_list is None) != (change.before is None):
        return ""
    holds = _holds(host, config, mailing_list, ours) if mailing_list is not None else ""
    return f"{change.name} stays, with its domain: it has {holds}" if holds else None


def _owner(mailing_list: Any, change: MailmanObject) -> str | None:
    there = change.key in {owner.address.email for owner in mailing_list.owners}
    return None if there == (change.before is not None) else ""


def _setting(mailing_list: Any, change: MailmanObject) -> str | None:
    present = str(mailing_list.settings[change.key])
    if present == change.after:
        return ""
    return None if present == change.before else f"{change.target} stays {present}: somebody else has changed it"


def _domain(client: Any, change: MailmanObject, going: set[str]) -> str | None:
    domain = rest.find_domain(client, change.name)
    if (domain is None) != (change.before is None):
        return ""
    others = {str(each.fqdn_listname) for each in domain.lists} - going if domain is not None else set()
    return f"domain {change.name} stays: it has {', '.join(sorted(others))}" if others else None


def _holds(host: Host, config: Config, mailing_list: Any, ours: set[str]) -> str:
    """Say what a list has that is not the wizard's; nothing if it has nothing."""
    owners = {owner.address.email for owner in (*mailing_list.owners, *mailing_list.moderators)} - ours
    counts = {
        "member(s)": int(mailing_list.member_count),
        "held post(s)": int(mailing_list.get_held_count()),
        "request(s)": len(mailing_list.get_requests()),
        "owner(s) of somebody else's": len(owners),
        "archived post(s)": _archived(host, config, str(mailing_list.fqdn_listname)),
    }
    found = [f"{count} {what}" for what, count in counts.items() if count]
    if mailing_list.settings["last_post_at"] is not None:
        found.append("had posts")
    return ", ".join(found)


def _archived(host: Host, config: Config, address: str) -> int:
    directory = config.var_dir / ARCHIVES / address
    return sum(len(host.names(directory / name)) for name in ("new", "cur"))
