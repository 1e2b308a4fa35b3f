"""The kinds of answers: a type, its rule, and in words what it may be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, PlainSerializer, Tag

from wizard.site import hardening, names, places
from wizard.site.places import HostPort

MOST_SUBSCRIBERS = 50
"""Probe subscribers of one check: enough to see that all are served, few enough to wait for."""
LONGEST_LIMIT = 600
"""Seconds that one message may be waited for at most."""


@dataclass(frozen=True, slots=True)
class Hint:
    """What a field may be in words, and how it is typed."""

    may_be: str
    many: bool = False
    """Whether a list is an answer."""
    number: bool = False
    """Whether a whole number is an answer."""
    usual: tuple[str, ...] = ()
    """The answers that are offered to choose from; others are what a server may have had before."""


DomainClass = Literal["shared", "dedicated", "virtual"]
SubscriptionPolicy = Literal["confirm", "open", "moderate", "confirm_then_moderate"]

Domain = Annotated[str, AfterValidator(names.domain), Hint("a fully qualified name, such as local.edu")]
Mailbox = Annotated[
    str,
    AfterValidator(places.mailbox),
    Hint("mbox, maildir, or a place in the user's home, such as ~/.mail/", usual=("mbox", "maildir")),
]
Interfaces = Annotated[
    str,
    AfterValidator(places.interfaces),
    Hint("loopback-only, all, or addresses of this machine with 127.0.0.1 among them", usual=("loopback-only", "all")),
]
Address = Annotated[str, AfterValidator(names.address), Hint("an address, such as alice@local.edu")]
ListName = Annotated[str, AfterValidator(names.list_name), Hint("a list's name, such as reading-group")]
NetworkText = Annotated[str, AfterValidator(places.network)]
Networks = Annotated[
    tuple[NetworkText, ...],
    Field(strict=False),
    Hint("a list of networks, such as 127.0.0.0/8, [::1]/128, or of Postfix's tables of them", many=True),
]
RefusedPostfix = Annotated[
    tuple[Annotated[str, AfterValidator(hardening.among(hardening.POSTFIX))], ...],
    Field(strict=False),
    Hint(f"empty, or a list of these: {', '.join(hardening.POSTFIX)}", many=True),
]
RefusedMailman = Annotated[
    tuple[Annotated[str, AfterValidator(hardening.among(hardening.MAILMAN))], ...],
    Field(strict=False),
    Hint(f"empty, or a list of these: {', '.join(hardening.MAILMAN)}", many=True),
]
Listening = Annotated[
    HostPort,
    BeforeValidator(places.host_port),
    AfterValidator(places.loopback),
    PlainSerializer(str),
    Hint("an address and a port, such as 127.0.0.1:8024"),
]
Database = Annotated[str, AfterValidator(places.database), Hint("sqlite, or postgresql://USER:PASSWORD@HOST/NAME")]
Seconds = Annotated[
    int,
    Field(ge=1, le=LONGEST_LIMIT),
    Hint(f"whole seconds from 1 to {LONGEST_LIMIT}", number=True),
]


TAGS = ("addresses", "count")
"""The two ways to say who subscribes; pydantic puts them into the place of an error."""


def _kind(value: Any) -> str:
    return "addresses" if isinstance(value, list | tuple) else "count"


Subscribers = Annotated[
    Annotated[int, Field(ge=1, le=MOST_SUBSCRIBERS), Tag("count")]
    | Annotated[
        tuple[Address, ...],
        Field(strict=False, min_length=1, max_length=MOST_SUBSCRIBERS),
        Tag("addresses"),
    ],
    Discriminator(_kind),
    Hint(
        f"a number from 1 to {MOST_SUBSCRIBERS}, or a list of 1 to {MOST_SUBSCRIBERS} addresses",
        many=True,
        number=True,
    ),
]

Version = Annotated[int, Field(ge=1, le=1), Hint("1, the only form of site.toml so far", number=True)]
