"""Probe lists: copies of the site's lists, so that a list with members of its own is never posted to."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any

from wizard.errors import UnseenError
from wizard.mailman import rest
from wizard.mailman.rest import RestError
from wizard.probes import likeness
from wizard.site import Site

SENDERS = ("bounces", "owner", "confirm", "request")
"""Of a list's addresses, those in whose name Mailman itself sends."""


@dataclass(frozen=True, slots=True)
class ProbeList:
    """One temporary list."""

    address: str
    original: str
    """The address of the site's list whose settings it has."""
    mailing_list: Any
    """mailmanclient's list."""

    def sub(self, suffix: str) -> str:
        """Return one of its other addresses, for instance that of ``join``."""
        return _sub(self.address, suffix)

    def roster(self) -> frozenset[str]:
        """Tell who is subscribed now.

        Raises:
            RestError: REST did not answer.
        """
        with rest.said():
            return frozenset(str(member.email) for member in self.mailing_list.members)

    def setting(self, key: str) -> str:
        """Tell one of its settings, as Mailman has it.

        Raises:
            RestError: REST did not answer.
        """
        with rest.said():
            return str(self.mailing_list.settings[key])

    def waiting(self, kind: str, people: Collection[str]) -> tuple[str, ...]:
        """Tell the tokens of requests of these people that wait for the moderator; secrets.

        Args:
            kind: ``subscription`` or ``unsubscription``.
            people: addresses.

        Raises:
            RestError: REST did not answer.
        """
        with rest.said():
            found = self.mailing_list.get_requests(token_owner="moderator", request_type=kind)  # noqa: S106 (a role)
        return tuple(str(each["token"]) for each in found if each["email"] in people)

    def accept(self, token: str) -> None:
        """Accept a request, as the moderator would.

        Raises:
            RestError: REST refused.
        """
        with rest.said():
            self.mailing_list.moderate_request(token, "accept")


def senders(address: str) -> tuple[str, ...]:
    """Return the addresses in whose name Mailman will send for a list."""
    return tuple(_sub(address, suffix) for suffix in SENDERS)


def _sub(address: str, suffix: str) -> str:
    name, _, domain = address.partition("@")
    return f"{name}-{suffix}@{domain}"


def make(client: Any, site: Site, address: str, original: str, owner: str) -> ProbeList:
    """Make a probe list with the settings of one of the site's lists.

    Args:
        client: of the REST interface.
        site: the answers.
        address: of the new list.
        original: of the list to take the settings from.
        owner: a probe's address; without an owner, Mailman would write to the site's owner.

    Raises:
        UnseenError: the site's list is not there, or cannot be copied.
        RestError: REST refused.
    """
    name = address.partition("@")[0]
    with rest.said():
        # It is there already if its settings could not be copied when it was made.
        made = rest.find_list(client, address) or client.get_domain(site.mail.domain).create_list(name)
        if not made.owners:
            made.add_owner(owner)
    return copy_settings(client, ProbeList(address, original, made))


def copy_settings(client: Any, probe: ProbeList) -> ProbeList:
    """Give a probe list the settings that the site's list has now (see `likeness`), and return it as it then is.

    Raises:
        UnseenError: the site's list is not there, or it has something that another list cannot be given.
        RestError: REST did not answer.
    """
    model = rest.find_list(client, probe.original)
    if model is None:
        raise UnseenError(f"Mailman has no list {probe.original}")
    try:
        with rest.said():
            likeness.copy(model, lambda: client.get_list(probe.address))
            return replace(probe, mailing_list=client.get_list(probe.address))
    except RestError as error:
        raise UnseenError(f"no list could be made like {probe.original}, so that it is not proven: {error}") from error


def subscribe(probe: ProbeList, addresses: Iterable[str]) -> None:
    """Subscribe people who are not yet, without a question and without a welcome.

    Raises:
        RestError: REST refused.
    """
    present = probe.roster()
    with rest.said():
        for address in addresses:
            if address not in present:
                probe.mailing_list.subscribe(
                    address, pre_verified=True, pre_confirmed=True, pre_approved=True, send_welcome_message=False
                )


def empty(probe: ProbeList) -> None:
    """Take everything off a probe list: members, requests, held messages.

    Raises:
        RestError: REST refused.
    """
    with rest.said():
        for member in probe.mailing_list.members:
            probe.mailing_list.unsubscribe(str(member.email), pre_confirmed=True, pre_approved=True)
        _discard(probe.mailing_list)


def remove(client: Any, address: str) -> None:
    """Remove a probe list with what is held for it; one that is gone already is no error.

    Raises:
        RestError: REST refused.
    """
    found = rest.find_list(client, address)
    if found is None:
        return
    with rest.said():
        _discard(found)
        likeness.clear(found)
        found.delete()


def _discard(mailing_list: Any) -> None:
    for held in mailing_list.held:
        mailing_list.discard_message(held.request_id)
    for kind in ("subscription", "unsubscription"):
        for request in mailing_list.get_requests(request_type=kind):
            mailing_list.moderate_request(request["token"], "discard")


def forget(client: Any, address: str) -> None:
    """Make Mailman forget a probe's address and the user that it made for it.

    Raises:
        RestError: REST refused.
    """
    user = rest.find_user(client, address)
    with rest.said():
        if user is not None:
            user.delete()
        known = rest.find_address(client, address)
        if known is not None:
            known.delete()
