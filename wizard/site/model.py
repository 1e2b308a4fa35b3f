"""The admin's answers as one frozen object.

The classes below are the one place where a key of site.toml is named, typed, explained and given its
default; `wizard.site.fields` reads them for screens, messages and documentation.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from wizard.site import places
from wizard.site.conflicts import conflicts
from wizard.site.kinds import (
    Address,
    Database,
    Domain,
    DomainClass,
    Interfaces,
    Listening,
    ListName,
    Mailbox,
    Networks,
    RefusedMailman,
    RefusedPostfix,
    Seconds,
    Subscribers,
    SubscriptionPolicy,
    Version,
)
from wizard.site.places import HostPort


class _Answers(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, validate_default=True, hide_input_in_errors=True
    )


class MailAnswers(_Answers):
    """[mail]: what Postfix is to be."""

    hostname: Domain = Field(
        default="mail.local.edu",
        title="Host name",
        description="This machine's own name in mail, fully qualified: Postfix greets other servers with it.",
    )
    domain: Domain = Field(
        default="local.edu",
        title="List domain",
        description="The domain of the lists: what follows the @ of their addresses.",
    )
    domain_class: DomainClass = Field(
        default="shared",
        title="Domain class",
        description=(
            "shared: users of this machine have addresses in the list domain too; "
            "dedicated: only lists have; virtual: it is among Postfix's virtual mailbox domains."
        ),
    )
    mailbox: Mailbox = Field(
        default="mbox",
        title="Mailbox format",
        description=(
            "mbox: one file a user, /var/mail/USER; maildir: one file a message, in ~/Maildir/; "
            "or another place in the home, such as ~/Mailbox or, for a Maildir, ~/.mail/."
        ),
    )
    interfaces: Interfaces = Field(
        default="loopback-only",
        title="Interfaces",
        description=(
            "loopback-only: mail comes from this machine alone; all: from the network too; or at these addresses only."
        ),
    )
    networks: Networks = Field(
        default=("127.0.0.0/8", "[::1]/128"),
        title="Trusted networks",
        description="The clients that may send mail to anywhere through this server.",
    )
    refused: RefusedPostfix = Field(
        default=(),
        title="Refused hardening",
        description="What the wizard would set in main.cf against strangers, and is to leave as the server has it.",
    )

    @property
    def local_domain(self) -> str:
        """The domain in which the users of this machine have their addresses."""
        return self.domain if self.domain_class == "shared" else self.hostname

    @property
    def home_mailbox(self) -> str:
        """Where a mailbox is in its user's home, as home_mailbox has it (postconf(5)); empty if it is not there."""
        return {"mbox": "", "maildir": "Maildir/"}.get(self.mailbox, self.mailbox.removeprefix("~/"))

    @property
    def loopback_only(self) -> bool:
        """Whether mail comes from this machine alone."""
        return self.interfaces == "loopback-only"


class MailmanAnswers(_Answers):
    """[mailman]: what Mailman is to be."""

    site_owner: Address = Field(
        default="postmaster@local.edu",
        title="Site owner",
        description="Who gets what Mailman has to say about itself; postmaster of this machine if not given.",
    )
    database: Database = Field(
        default="sqlite",
        title="Database",
        description="sqlite: a file, for small sites; or the URL of a PostgreSQL database that exists.",
        repr=False,
    )
    lmtp: Listening = Field(
        default=HostPort("127.0.0.1", 8024),
        title="LMTP",
        description="Where Mailman takes mail from Postfix; on this machine alone.",
    )
    rest: Listening = Field(
        default=HostPort("127.0.0.1", 8001),
        title="REST",
        description="Where Mailman takes orders from its administration; on this machine alone.",
    )
    refused: RefusedMailman = Field(
        default=(),
        title="Refused hardening",
        description="What the wizard would set in Mailman against strangers, and is to leave as the server has it.",
    )


class ListAnswers(_Answers):
    """One of [[lists]]."""

    name: ListName = Field(
        title="List name", description="The list's name: what stands before the @ of its posting address."
    )
    owner: Address = Field(
        default="postmaster@local.edu",
        title="List owner",
        description="Who answers for the list; postmaster of this machine if not given.",
    )
    subscription_policy: SubscriptionPolicy = Field(
        default="confirm",
        title="Subscription policy",
        description="What it takes to join: a reply (confirm), nothing (open), a moderator, or both.",
    )


class CheckAnswers(_Answers):
    """[check]: how the stages are proven."""

    subscribers: Subscribers = Field(
        default=3,
        title="Probe subscribers",
        description="How many temporary mailboxes join and read; or the addresses you give for it.",
    )
    limit: Seconds = Field(
        default=30,
        title="Limit",
        description="Seconds that one message's way is waited for before the check fails.",
    )


class Site(_Answers):
    """The admin's answers. Every one is valid, and they agree with each other; see `wizard.site.load`."""

    version: Version = Field(
        default=1,
        validation_alias="schema",
        serialization_alias="schema",
        title="Schema",
        description="The form of this file.",
    )
    mail: MailAnswers = MailAnswers()
    mailman: MailmanAnswers = MailmanAnswers()
    lists: Annotated[tuple[ListAnswers, ...], Field(strict=False, min_length=1)] = (ListAnswers(name="reading-group"),)
    check: CheckAnswers = CheckAnswers()

    @model_validator(mode="before")
    @classmethod
    def _derive(cls, data: Any) -> Any:
        """Fill in the owners, which follow from the mail answers."""
        if not isinstance(data, Mapping):
            return data
        try:
            mail = MailAnswers.model_validate(data.get("mail", {}))
        except ValidationError:
            return data  # will be reported with all the others
        postmaster = f"postmaster@{mail.local_domain}"
        lists = data.get("lists", [{"name": "reading-group"}])
        if isinstance(lists, list | tuple):
            lists = [_with(spec, "owner", postmaster) for spec in lists]
        mailman = _with(data.get("mailman", {}), "site_owner", postmaster)
        return {**data, "mailman": mailman, "lists": lists}

    @model_validator(mode="after")
    def _agree(self) -> Site:
        if problems := conflicts(self):
            raise PydanticCustomError("conflict", "answers that do not agree", {"problems": problems})
        return self

    @property
    def local_domain(self) -> str:
        """The domain in which the users of this machine have their addresses."""
        return self.mail.local_domain

    @property
    def smtp_port(self) -> int:
        """The port where Postfix listens."""
        return places.SMTP_PORT

    def user_address(self, user: str) -> str:
        """Give the address of a user of this machine."""
        return f"{user}@{self.local_domain}"

    def list_address(self, spec: ListAnswers, suffix: str = "") -> str:
        """Give one of a list's nine addresses.

        Args:
            spec: the list.
            suffix: one of `SUBADDRESSES`; the empty one is the posting address.
        """
        return f"{spec.name}{suffix}@{self.mail.domain}"

    def secrets(self) -> tuple[str, ...]:
        """Give what must never be shown: the database's password, in every form it is written in."""
        return places.passwords(self.mailman.database)


def _with(section: Any, key: str, value: str) -> Any:
    return {key: value, **section} if isinstance(section, Mapping) else section
