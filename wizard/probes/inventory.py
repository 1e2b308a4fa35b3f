"""What is on the machine that probes could leave something in: taken before and after, and compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from wizard.host import Host
from wizard.mailman import cfg, rest
from wizard.mailman.cfg import Config
from wizard.probes.accounts import HOMES, SPOOL
from wizard.probes.ledger import PREFIX

Inventory = Mapping[str, frozenset[str]]
POSTFIX_QUEUE = Path("/var/spool/postfix")


def take(host: Host) -> Inventory:
    """List accounts, mailboxes and homes, and Mailman's lists, members, users and held messages.

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


def differences(before: Inventory, after: Inventory) -> tuple[str, ...]:
    """Name what the probes have left, and what was there before and is gone."""
    said = []
    for what in sorted(before.keys() | after.keys()):
        then, now = before.get(what, frozenset()), after.get(what, frozenset())
        said += [f"{what}: {name} was left by a probe" for name in sorted(now - then) if PREFIX in name]
        said += [f"{what}: {name} was there before and is gone" for name in sorted(then - now)]
    return tuple(said)


def holding(host: Host, token: str, config: Config) -> tuple[str, ...]:
    """Name the files of Mailman and Postfix that still hold a token (logs and the database left out)."""
    candidates = [
        POSTFIX_QUEUE,
        config.data_dir / "postfix_lmtp",
        *(config.var_dir / name for name in host.names(config.var_dir)),
    ]
    places = [path for path in candidates if host.state(path) and path != config.data_dir]
    command = ["grep", "--recursive", "--devices=skip", "--files-with-matches", "--fixed-strings"]
    ended = host.run([*command, "--regexp", token, "--", *map(str, places)])
    return tuple(ended.stdout.splitlines())


def _mailman(config: Config) -> Inventory:
    client = rest.connect(config)
    with rest.said():
        return {
            "lists": frozenset(str(each.fqdn_listname) for each in client.lists),
            "members": frozenset(f"{each.list_id} {each.role} {each.email}" for each in client.members),
            "users": _addresses(client.users),
            "held": frozenset(f"{each.fqdn_listname} {held.message_id}" for each in client.lists for held in each.held),
        }


def _addresses(users: Iterable[Any]) -> frozenset[str]:
    return frozenset(str(address) for user in users for address in user.addresses)


def _names(table: bytes) -> frozenset[str]:
    return frozenset(line.split(b":")[0].decode("utf-8", "replace") for line in table.splitlines())
