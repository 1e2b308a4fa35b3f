"""The bench of a run's checks: probe accounts, probe lists and the mail between them."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from wizard import wait
from wizard.errors import UnseenError, WizardError
from wizard.events import Emit
from wizard.facts import postconf
from wizard.host import Host
from wizard.mail import confirmation, message
from wizard.mail.message import Kind, ProbeMessage
from wizard.mailman import cfg, rest
from wizard.mailman.cfg import LMTP_MAP, Config
from wizard.probes import accounts, lists, remains, tables
from wizard.probes.accounts import Subscriber
from wizard.probes.ledger import PREFIX, Ledger
from wizard.probes.lists import ProbeList
from wizard.site import Site

DRAIN_LIMIT = 20
"""Seconds that mail of the probes still on its way is waited for before the mailboxes are removed."""


@dataclass(frozen=True, slots=True)
class Posted:
    """One post that was sent to a probe list."""

    mailing_list: ProbeList
    kind: Kind
    message: ProbeMessage


@dataclass
class Bench:
    """Makes what the checks need when it is first asked for; `clear` removes all of it."""

    site: Site
    host: Host
    ledger: Ledger
    emit: Emit
    token: str = field(default_factory=lambda: PREFIX + secrets.token_hex(4))
    """Unique; stands in the name of everything this bench makes and in every message it sends."""

    posts: list[Posted] = field(default_factory=list)
    """What was posted so far, for the checks that look at its arrival."""
    cookies: set[str] = field(default_factory=set, repr=False)
    """Confirmation tokens that were answered; secrets."""

    def __post_init__(self) -> None:
        self._named = accounts.named(self.site)
        self._made: dict[str, Subscriber] = {}
        self._lists: tuple[ProbeList, ...] | None = None
        self._alike = True
        self._sent = 0
        self._closed = False

    @property
    def subscribers(self) -> tuple[Subscriber, ...]:
        """Those who join: the ones the admin named, or as many temporary ones as the site says."""
        count = self.site.check.subscribers
        if not isinstance(count, int):
            return self._named
        return tuple(self._account(f"s{number}") for number in range(1, count + 1))

    @property
    def outsider(self) -> Subscriber:
        """Somebody who is never subscribed."""
        return self._account("x")

    @property
    def owner(self) -> Subscriber:
        """The owner of the probe lists, to whom Mailman's notices go."""
        return self._account("o")

    @property
    def lists(self) -> tuple[ProbeList, ...]:
        """A probe list for each list of the site.

        Raises:
            UnseenError: Mailman or the site's list is not there to be copied, or cannot be.
            RestError: REST refused.
        """
        if self._lists is None:
            self._lists = tuple(self._list(number) for number in range(len(self.site.lists)))
            tables.noticed(self.host)
        if not self._alike:
            self.refresh()
        return self._lists

    def compose(self, kind: Kind, sender: Subscriber, recipient: str) -> ProbeMessage:
        """Compose the next message of this bench."""
        return message.compose(
            kind,
            token=self.token,
            number=self.next_number(),
            sender=sender.address,
            recipient=recipient,
            date=self.host.now(),
        )

    def command(self, sender: Subscriber, recipient: str) -> ProbeMessage:
        """Compose a command mail; its recipient is the command."""
        return message.command(
            token=self.token,
            number=self.next_number(),
            sender=sender.address,
            recipient=recipient,
            date=self.host.now(),
        )

    def next_number(self) -> int:
        """Count the messages of this bench, from 1."""
        self._sent += 1
        return self._sent

    def on_its_way(self) -> tuple[str, ...]:
        """Tell where mail of this bench still is: Postfix's queue and Mailman's.

        Raises:
            CommandError: the queue could not be read.
        """
        return remains.on_its_way(self.host, self.token)

    def drained(self, limit: float | None = None) -> tuple[str, ...]:
        """Wait until nothing of this bench is on its way; return what still is at the limit, or what was put off.

        Args:
            limit: seconds; None is `DRAIN_LIMIT`, or what the site gives one message if that is less.
        """
        seconds = min(DRAIN_LIMIT, self.site.check.limit) if limit is None else limit
        with suppress(wait.LimitError):
            wait.until(lambda: True if self._settled() else None, limit=seconds)
        return self.on_its_way()

    def _settled(self) -> bool:
        return not self.on_its_way() or remains.put_off(self.host, self.token)

    def refresh(self) -> None:
        """Give the probe lists the settings that the site's lists have now; until that is done, nobody gets them.

        Raises:
            UnseenError: a list of the site is gone, or cannot be copied.
            RestError: REST refused.
        """
        if self._lists is None:
            return
        self._alike = False
        config = cfg.read(self.host)
        if config is None:
            raise UnseenError(f"{cfg.PATH} is not there")
        client = rest.connect(config)
        self._lists = tuple(lists.copy_settings(client, each) for each in self._lists)
        self._alike = True

    def reset(self) -> None:
        """Make the bench ready for the next stage: nothing on its way, nothing pending, nobody subscribed.

        Raises:
            RestError: REST refused.
        """
        self.posts.clear()
        if self._lists:
            self.drained()
        for each in self._lists or ():
            lists.empty(each)
            for person in self._made.values():
                tokens = (confirmation.confirmation_token(raw, each.address) for raw in person.mailbox.messages())
                self.cookies.update(token for token in tokens if token)

    def clear(self) -> None:
        """Remove everything that this bench has made, and what is left of earlier runs; the rest stays in the ledger.

        Nothing more is made then, also not by a check that was given up at its limit and goes on.
        """
        self._closed = True
        if not self.ledger.made:
            return
        if self._made or self._lists:
            self._quietly(self.drained)
        remains.remove(self.host, self.ledger, self.emit, self.token)
        remains.sweep(self.host, self.ledger, self.emit, but=self.token)
        self._made.clear()
        self._lists = None

    def _quietly(self, do: Callable[[], object]) -> None:
        try:
            do()
        except WizardError as error:
            self.emit("note", text=f"while clearing up: {error}")

    def _require_open(self) -> None:
        if self._closed:
            raise UnseenError("the probes of this run are cleared away")

    def _account(self, suffix: str) -> Subscriber:
        user = f"{self.token}_{suffix}"
        if user not in self._made:
            self._require_open()
            self.ledger.note(user=user)
            self._made[user] = accounts.make(self.host, self.site, user)
        return self._made[user]

    def _list(self, number: int) -> ProbeList:
        config = cfg.read(self.host)
        if config is None:
            raise UnseenError(f"{cfg.PATH} is not there")
        client = rest.connect(config)
        original = self.site.list_address(self.site.lists[number])
        address = f"{self.token}_l{number + 1}@{self.site.mail.domain}"
        self.ledger.note(mailing_list=address)
        # Those whom the admin named stay in Mailman: they are somebody's own, and may have joined a list meanwhile.
        everybody = (*self.subscribers, self.outsider, self.owner)
        people = [person.address for person in everybody if person.temporary]
        # Mailman remembers every sender, a list's own addresses too.
        for sender in (*people, *lists.senders(address)):
            if sender not in self.ledger.made.addresses and not rest.find_address(client, sender):
                self.ledger.note_address(sender)
        self._require_open()
        tables.next_second(self.host, self._table(config))
        return lists.make(client, self.site, address, original, self.owner.address)

    def _table(self, config: Config) -> str:
        kind = postconf.settings(self.host, names=("default_database_type",))["default_database_type"]
        return f"{kind}:{config.data_dir / LMTP_MAP}"
