"""Sending a message to be traced, to nobody but probes and those whom the admin named for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from wizard.errors import AnswerError, Problem, RefusedError, UnseenError
from wizard.events import Emit
from wizard.host import Host
from wizard.mail import conversation
from wizard.mail.dialogue import ConversationError, Endpoint
from wizard.mail.message import Kind, ProbeMessage
from wizard.probes import accounts, lists, remains
from wizard.probes.accounts import Subscriber
from wizard.probes.bench import Bench
from wizard.probes.ledger import Ledger
from wizard.site import ListAnswers, Site
from wizard.state import State
from wizard.trace.model import HOPS, Hop, Trace, shown
from wizard.trace.model import State as HopState

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that is on its way, and that its probes wait for."""

    message: ProbeMessage
    people: Mapping[str, Subscriber]
    """Who may get it, by address."""
    to: str
    """To whom it went and why to them, in words."""
    refused: str | None
    """Postfix's answer if it did not take it."""


@contextmanager
def sent(address: str, site: Site, host: Host, state: State, emit: Emit) -> Iterator[Sent]:
    """Send a probe's mail for an address; what was made for it is removed at the end.

    For one of the site's lists it goes to a temporary list with the same settings and temporary subscribers: a list
    with members of its own is never posted to.

    Args:
        address: the posting address of one of the site's lists, or a user whom ``check.subscribers`` names.
        site: the answers.
        host: the machine.
        state: where the lock and the ledger of probes are.
        emit: told what is removed.

    Raises:
        AnswerError: the address is neither.
        RefusedError: another run holds the lock, or Mailman or the list is not there.
        RestError: Mailman's REST interface refused.
    """
    spec, person = _target(address, site)
    state.prepare()
    with state.locked():
        ledger = Ledger(state.ledger)
        remains.sweep(host, ledger, emit)
        bench = Bench(site if spec is None else site.model_copy(update={"lists": (spec,)}), host, ledger, emit)
        try:
            yield _to_person(bench, person) if person is not None else _to_list(bench, address)
        except UnseenError as unseen:
            raise RefusedError(str(unseen)) from unseen
        finally:
            bench.clear()


def not_taken(message_id: str, answer: str) -> Trace:
    """Return the trace of a message that Postfix did not take."""
    says = shown(f"Postfix did not take it: {answer}")
    return Trace(message_id, (Hop("entry", HopState.LOST, (says,)), *(Hop(name) for name in HOPS[1:])))


def _target(address: str, site: Site) -> tuple[ListAnswers | None, Subscriber | None]:
    wanted = address.lower()
    for spec in site.lists:
        if site.list_address(spec).lower() == wanted:
            return spec, None
    for person in accounts.named(site):
        if person.address.lower() == wanted:
            return None, person
    known = ", ".join([*map(site.list_address, site.lists), *(each.address for each in accounts.named(site))])
    may_be = f"one of {known}: mail for anybody else would reach people who were not named for it (check.subscribers)"
    raise AnswerError((Problem("--send", repr(shown(address[:80])), may_be),))


def _to_person(bench: Bench, person: Subscriber) -> Sent:
    message = bench.compose(Kind.TEXT, bench.outsider, person.address)
    return _submitted(bench, message, {person.address: person}, person.address)


def _to_list(bench: Bench, address: str) -> Sent:
    (probe,) = bench.lists
    people = {person.address: person for person in bench.subscribers}
    lists.subscribe(probe, people)
    message = bench.compose(Kind.TEXT, bench.subscribers[0], probe.address)
    to = f"{probe.address}, a temporary list with the settings of {address} and {len(people)} subscriber(s)"
    return _submitted(bench, message, people, to)


def _submitted(bench: Bench, message: ProbeMessage, people: Mapping[str, Subscriber], to: str) -> Sent:
    server = Endpoint(LOOPBACK, bench.site.smtp_port)
    try:
        conversation.submit(server, message.sender, [message.recipient], message.raw)
    except ConversationError as error:
        return Sent(message, people, to, str(error))
    return Sent(message, people, to, None)
