"""Finding and removing what probes have left, in the order in which it can be removed."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from functools import partial
from pathlib import Path

from wizard import services, wait
from wizard.errors import WizardError
from wizard.events import Emit
from wizard.facts import postqueue, queues, runners
from wizard.host import Host
from wizard.mailman import cfg, ready, rest
from wizard.probes import accounts, lists, source
from wizard.probes.ledger import PREFIX, Ledger

_TOKEN = re.compile(rf"{PREFIX}[0-9a-f]{{8}}")


def on_its_way(host: Host, token: str) -> tuple[str, ...]:
    """Tell where mail that carries a token is: queue ids of Postfix, queue files of Mailman.

    Raises:
        CommandError: Postfix's queue could not be read.
    """
    return (*_postfix(host, token), *map(str, _mailman(host, token)))


def sweep(host: Host, ledger: Ledger, emit: Emit, but: str = "") -> None:
    """Remove what a killed run left, by its ledger.

    What cannot be removed now (Mailman does not run, say) stays in the ledger for the next time.

    Args:
        host: the machine.
        ledger: what was made.
        emit: told what is removed, and what could not be.
        but: the token of probes that are still at work.
    """
    made = ledger.made
    names = [name for name in (*made.users, *made.lists, *made.addresses) if not but or not name.startswith(but)]
    tokens = sorted({found[0] for name in names if (found := _TOKEN.match(name))})
    if tokens:
        emit("note", text=f"removing what the probes of an earlier run left ({', '.join(tokens)})")
    for service in made.services:
        _try(emit, service, partial(_start, host, ledger, emit, service), "started")
    if names or made.sources:
        _remove(host, ledger, emit, tokens, frozenset(names))


def remove(host: Host, ledger: Ledger, emit: Emit, token: str) -> None:
    """Remove everything of one token: messages, lists, addresses, accounts; what cannot be removed as in `sweep`."""
    made = ledger.made
    names = frozenset(name for name in (*made.users, *made.lists, *made.addresses) if name.startswith(token))
    _remove(host, ledger, emit, [token], names)


def _remove(host: Host, ledger: Ledger, emit: Emit, tokens: Iterable[str], names: Collection[str]) -> None:
    for token in tokens:
        _try(emit, "messages in Postfix's queue", partial(_delete_queued, host, token))
        _try(emit, "messages in Mailman's queues", partial(_delete_files, host, token))
    lists_of = [name for name in ledger.made.lists if name in names]
    addresses = [name for name in ledger.made.addresses if name in names]
    if (lists_of or addresses) and _mailman_answers(host, emit, [*lists_of, *addresses]):
        for address in lists_of:
            _try(emit, address, partial(_list, host, ledger, address))
        for address in addresses:
            _try(emit, address, partial(_address, host, ledger, address))
    for user in [name for name in ledger.made.users if name in names]:
        _try(emit, user, partial(_user, host, ledger, user))
    for address in ledger.made.sources:
        _try(emit, "the probe's network address", partial(_source, host, ledger, address))


def _mailman_answers(host: Host, emit: Emit, wanted: Collection[str]) -> bool:
    """Ask Mailman once, so that it is said once and not of every address why none can be removed."""
    try:
        config = cfg.read(host)
        if config is not None:
            rest.ask(config)
    except WizardError as error:
        emit("note", text=f"{len(wanted)} lists and addresses stay in Mailman until it answers: {error}")
        return False
    return True


def _try(emit: Emit, what: str, do: Callable[[], None], done: str = "removed") -> None:
    try:
        do()
    except (WizardError, OSError, wait.LimitError) as error:
        emit("note", text=f"{what} could not be {done} yet: {error}")


def _postfix(host: Host, token: str) -> tuple[str, ...]:
    return tuple(
        message.queue_id
        for message in postqueue.read(host)
        if token in message.sender or any(token in recipient.address for recipient in message.recipients)
    )


def _mailman(host: Host, token: str) -> tuple[Path, ...]:
    config = cfg.read(host)
    return queues.holding(host, config.queue_dir, token) if config else ()


def put_off(host: Host, token: str) -> bool:
    """Tell whether all that is left stays where it is for now.

    That is Postfix's deferred queue, which is looked at every five minutes only, and every queue whose runner, or whose
    Postfix, does not work.

    Raises:
        CommandError: the queue could not be read.
    """
    ours = _postfix(host, token)
    states = {message.queue_name for message in postqueue.read(host) if message.queue_id in ours}
    waiting = {path.parent.name for path in _mailman(host, token)}
    delivered = bool(services.postfix_masters(host)) and not states <= {"deferred"}
    worked_off = waiting & {each.name for each in runners.find(host.processes()).runners if each.works}
    return bool(states or waiting) and not delivered and not worked_off


def _delete_queued(host: Host, token: str) -> None:
    for queue_id in _postfix(host, token):
        host.run(["postsuper", "-d", queue_id]).require()


def _delete_files(host: Host, token: str) -> None:
    for path in _mailman(host, token):
        host.remove(path)


def _list(host: Host, ledger: Ledger, address: str) -> None:
    config = cfg.read(host)
    if config is not None:
        lists.remove(rest.connect(config), address)
    ledger.strike(address)


def _address(host: Host, ledger: Ledger, address: str) -> None:
    config = cfg.read(host)
    if config is not None:
        lists.forget(rest.connect(config), address)
    ledger.strike(address)


def _user(host: Host, ledger: Ledger, user: str) -> None:
    accounts.remove(host, user)
    ledger.strike(user)


def _start(host: Host, ledger: Ledger, emit: Emit, service: str) -> None:
    if not services.running(host, service):
        emit("note", text=f"an earlier run was killed while it restarted {service}: it is started")
        services.act(host, service, "start")
        if service == services.MAILMAN:
            ready.wait_ready(host, emit)
    ledger.strike(service)


def _source(host: Host, ledger: Ledger, address: str) -> None:
    source.remove(host, address)
    ledger.strike(address)
