"""Answers that are each right and together wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from wizard.errors import Problem
from wizard.site import names, places

if TYPE_CHECKING:
    from wizard.site.model import ListAnswers, Site


def conflicts(site: Site) -> tuple[Problem, ...]:
    """List what does not go together in a site whose single answers are valid."""
    return (*_domain(site), *_networks(site), *_ports(site), *_lists(site), *_people(site))


def _domain(site: Site) -> Iterator[Problem]:
    """A domain is in one of Postfix's address classes only (ADDRESS_CLASS_README)."""
    mail = site.mail
    parent = mail.hostname.partition(".")[2]
    own = (mail.hostname, f"localhost.{parent}")
    if mail.domain_class != "shared" and mail.domain in own:
        yield Problem(
            "mail.domain",
            repr(mail.domain),
            f"a domain other than {' and '.join(own)}, which are this machine's own (mydestination), "
            f'or domain_class = "shared"',
        )


def _networks(site: Site) -> Iterator[Problem]:
    if not places.holds_loopback(site.mail.networks):
        yield Problem(
            "mail.networks",
            repr(list(site.mail.networks)),
            "networks with 127.0.0.0/8 among them: Mailman sends its mail from 127.0.0.1",
        )


def _ports(site: Site) -> Iterator[Problem]:
    """Either of the two may be the one to change, so both are named."""
    lmtp, rest = site.mailman.lmtp, site.mailman.rest
    if lmtp.port == rest.port:
        other = f"a port other than {lmtp.port}, which is mailman"
        yield Problem("mailman.lmtp", repr(str(lmtp)), f"{other}.rest's")
        yield Problem("mailman.rest", repr(str(rest)), f"{other}.lmtp's")


def _lists(site: Site) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, spec in enumerate(site.lists):
        if spec.name in seen:
            yield Problem(f"lists.{index}.name", repr(spec.name), "a name that no other list has")
        seen.add(spec.name)
    longest = max((site.list_address(spec, names.SUBADDRESSES[-1]) for spec in site.lists), key=len)
    if len(longest) > names.ADDRESS_LENGTH:
        yield Problem(
            "mail.domain",
            f"{len(site.mail.domain)} characters",
            f"at most {len(site.mail.domain) + names.ADDRESS_LENGTH - len(longest)} characters, so that "
            f"{longest.partition('@')[0]}@ fits (RFC 5321, 4.5.3.1.3)",
        )


def _people(site: Site) -> Iterator[Problem]:
    """Owners and subscribers are people: a list that writes to itself goes round in circles."""
    lists = {address: spec for spec in site.lists for address in _addresses(site, spec)}
    yield from _person(site, "mailman.site_owner", site.mailman.site_owner, lists)
    for index, spec in enumerate(site.lists):
        yield from _person(site, f"lists.{index}.owner", spec.owner, lists)
    if isinstance(site.check.subscribers, int):
        return
    seen: set[str] = set()
    for index, subscriber in enumerate(site.check.subscribers):
        key = f"check.subscribers.{index}"
        yield from _person(site, key, subscriber, lists)
        if subscriber.lower() in seen:
            yield Problem(key, repr(subscriber), "an address that is not in the list already")
        seen.add(subscriber.lower())


def _person(site: Site, key: str, address: str, lists: dict[str, ListAnswers]) -> Iterator[Problem]:
    if address.lower() in lists:
        yield Problem(key, repr(address), f"a person's address, not one of the list {lists[address.lower()].name}")
    elif (
        site.local_domain != site.mail.domain
        and site.mail.domain_class == "dedicated"
        and address.endswith(f"@{site.mail.domain}")
    ):
        yield Problem(
            key,
            repr(address),
            f"an address elsewhere, such as {address.partition('@')[0]}@{site.mail.hostname}: "
            f"{site.mail.domain} is dedicated to lists and has no mailboxes",
        )


def _addresses(site: Site, spec: ListAnswers) -> Iterator[str]:
    return (site.list_address(spec, suffix) for suffix in names.SUBADDRESSES)
