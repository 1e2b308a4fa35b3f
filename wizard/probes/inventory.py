"""What is on the machine that probes could leave something in: taken before and after, and compared."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from wizard.host import Host
from wizard.mailman import cfg, rest
from wizard.mailman.cfg import LMTP_MAP, Config
from wizard.probes.accounts import HOMES, SPOOL
from wizard.probes.ledger import PREFIX

Inventory = Mapping[str, frozenset[str]]
NOTHING = 1
"""How grep(1), and find(1) after it, exit when nothing holds the text; also when a file went away meanwhile."""
POSTFIX_QUEUE = Path("/var/spool/postfix")


def take(host: Host) -> Inventory:
    """List accounts, mailboxes and homes, and Mailman's lists, members, users, addresses and held messages.

    Raises:
        RestError: Mailman is configured and its REST interface does not answer.
    """
    found = {
        "accounts": _names(host.read(Path("/etc/passwd"))),
        "groups": _names(host.read(Path("/etc/group"))),
        "mailboxes": frozenset(host.names(SPOOL)),
        "homes": frozenset(host.names(HOMES)),
    }
    config = cfg.read(host)
    return {**found, **_mailman(config)} if config is not None else found


def without(found: Inventory, token: str) -> Inventory:
    """Leave out what carries a token."""
    return {what: frozenset(name for name in names if token not in name) for what, names in found.items()}


def differences(before: Inventory, after: Inventory, touched: Collection[str] = ()) -> tuple[str, ...]:
    """Name what the probes have left, and what they could have taken away.

    Args:
        before: what was there.
        after: what is there now.
        touched: users and addresses of people whom the answers name: what is theirs is the only thing beside the
            probes' own that a removal of ours comes near to.
    """
    return tuple(
        said
        for what in sorted(before.keys() | after.keys())
        for said in (
            *(f"{what}: {name} was left by a probe" for name in _new(before, after, what) if PREFIX in name),
            *(_gone(what, name) for name in _new(after, before, what) if set(name.split()) & set(touched)),
        )
    )


def of_others(before: Inventory, after: Inventory, touched: Collection[str] = ()) -> tuple[str, ...]:
    """Name what else is gone: members leave and moderators work while the checks run. Arguments as `differences`."""
    return tuple(
        _gone(what, name)
        for what in sorted(before.keys())
        for name in _new(after, before, what)
        if not set(name.split()) & set(touched)
    )


def _new(old: Inventory, new: Inventory, what: str) -> list[str]:
    return sorted(new.get(what, frozenset()) - old.get(what, frozenset()))


def _gone(what: str, name: str) -> str:
    return f"{what}: {name} was there before and is gone"


def holding(host: Host, token: str, config: Config, since: float) -> tuple[str, ...]:
    """Name the files of Mailman, of Postfix and in mailboxes that still hold a token; the database is left out.

    Args:
        host: the machine.
        token: what is looked for.
        config: says where Mailman's files are.
        since: seconds since the epoch; a file that was not changed after it is not read.

    Raises:
        CommandError: not every file could be looked at.
    """
    places = [
        POSTFIX_QUEUE,
        SPOOL,
        *(HOMES / name / "Maildir" for name in host.names(HOMES)),
        config.data_dir / LMTP_MAP,
        *(config.var_dir / name for name in host.names(config.var_dir)),
    ]
    present = [str(path) for path in places if path != config.data_dir and host.state(path)]
    changed = ["-type", "f", "-newermt", f"@{since:.0f}"]
    grep = ["grep", "--files-with-matches", "--fixed-strings", "--regexp", token]
    ended = host.run(["find", *present, *changed, "-exec", *grep, "--", "{}", "+"])
    if ended.code not in {0, NOTHING}:
        ended.require()
    return tuple(ended.stdout.splitlines())


def _mailman(config: Config) -> Inventory:
    client, known = rest.connect(config), rest.addresses(config)
    with rest.said():
        return {
            "lists": frozenset(str(each.fqdn_listname) for each in client.lists),
            "members": frozenset(f"{each.list_id} {each.role} {each.email}" for each in client.members),
            "users": frozenset(address for address, is_users in known.items() if is_users),
            "addresses": frozenset(known),
            "held": frozenset(f"{each.fqdn_listname} {held.message_id}" for each in client.lists for held in each.held),
        }


def _names(table: bytes) -> frozenset[str]:
    return frozenset(line.split(b":")[0].decode("utf-8", "replace") for line in table.splitlines())
