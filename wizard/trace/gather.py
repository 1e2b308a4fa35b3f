"""Collecting what there is of a message: logs, queues, held messages and mailboxes. The only part that looks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from wizard import services
from wizard.errors import RefusedError, WizardError
from wizard.facts import mailman_log, postfix_log, postqueue, queues, runners
from wizard.facts.queues import QueueFile
from wizard.host import Host
from wizard.logs import FILES
from wizard.mailman import cfg, rest
from wizard.mailman.cfg import LMTP_MAP, Config
from wizard.probes import accounts
from wizard.site import Site
from wizard.trace import legs, search, spelling, verdicts
from wizard.trace.material import Addresses, Material
from wizard.trace.model import shown

MOST_MAILBOXES = 40
"""Local mailboxes that are looked into; of more recipients, Postfix's word is taken."""
T = TypeVar("T")


@dataclass
class Gatherer:
    """Looks for one message again and again; the first look finds where in the logs it begins."""

    host: Host
    site: Site
    message_id: str
    """With its angle brackets."""
    since: datetime
    """No line from before is looked at."""
    probe: bool = False
    """Whether it is a probe's own mail."""
    people: Mapping[str, accounts.Subscriber] = field(default_factory=dict)
    """Whose mailboxes are known besides those of the machine's users, by address."""

    def look(self) -> Material:
        """Collect what there is now.

        Raises:
            RefusedError: Postfix's log cannot be read, without which nothing can be said.
        """
        postfix = self._postfix()
        unseen = tuple(shown(f"Postfix's log: {each}") for each in sorted(postfix.damaged))
        config = cfg.read(self.host)
        if config is None:
            unseen += (f"Mailman: {cfg.PATH} is not there",)
            return collect(self._bare(postfix.lines, self.site.mailman.lmtp.port), self, None, unseen)
        return collect(self._bare(postfix.lines, config.lmtp[1]), self, config, unseen)

    def _bare(self, postfix: tuple[postfix_log.LogLine, ...], port: int) -> Material:
        return Material(self.message_id, self.host.now(), port, postfix=postfix, probe=self.probe)

    def _postfix(self) -> search.PostfixLines:
        try:
            source = postfix_log.find(self.host)
            if source is None:
                raise RefusedError("Postfix's log goes nowhere that can be read: set maillog_file")
            found = search.postfix(self.host, source, self.message_id, self.since)
        except OSError as error:
            raise RefusedError(f"Postfix's log cannot be read: {error}") from error
        self.since = found.since
        return found


def collect(material: Material, about: Gatherer, config: Config | None, unseen: tuple[str, ...]) -> Material:
    """Add to Postfix's lines what queues, Mailman and mailboxes have; what cannot be looked at is named."""
    told = list(unseen)
    ids = {line.queue_id for line in material.postfix}
    host = about.host
    queued = _tried(told, "Postfix's queue", lambda: postqueue.read(host)) or ()
    material = replace(
        material,
        queued={each.queue_id: each for each in queued if each.queue_id in ids},
        delivers=bool(services.postfix_masters(host)),
    )
    if config is not None:
        material = _mailmans(material, about, config, told)
    boxes = _tried(told, "mailboxes", lambda: _mailboxes(material, about)) or {}
    return replace(material, mailboxes=boxes, unseen=tuple(told))


def _mailmans(material: Material, about: Gatherer, config: Config, told: list[str]) -> Material:
    host, identity = about.host, material.message_id
    files = _tried(told, "Mailman's queues", lambda: holding(host, config.queue_dir, identity)) or ()
    names = [file.path.name.partition(".pck")[0] for file in files]
    logs = [config.log_dir / name for name in FILES]
    damaged: set[str] = set()
    found = _tried(told, "Mailman's logs", lambda: search.mailman(logs, identity, names, about.since, damaged))
    told += [shown(f"Mailman's logs: {each}") for each in sorted(damaged)]
    lines = material.mailman or tuple(found or ())
    known = _tried(told, "Mailman's map", lambda: addresses(host, config.data_dir / LMTP_MAP)) or Addresses()
    at_work = frozenset(each.name for each in runners.find(host.processes()).runners if each.works)
    lists = {each.mailing_list for each in verdicts.read(lines, identity).of("held") if each.mailing_list}
    held = _tried(told, "held messages", lambda: _held(config, lists, identity))
    material = replace(material, files=files, mailman=lines, addresses=known, runners=at_work, held=held)
    return replace(material, mailman=relevant(material))


def relevant(material: Material) -> tuple[mailman_log.LogLine, ...]:
    """Leave out exceptions that did not shunt this message, and a missing SMTP server of before it was to be sent."""
    names = tuple(file.path.name.partition(".pck")[0] for file in material.files if file.queue == "shunt")
    sending = next((file.queued for file in material.files if file.queue == "out"), None)
    latest: dict[int | None, mailman_log.LogLine] = {}
    kept: list[mailman_log.LogLine] = []
    for line in material.mailman:
        if line.failure:
            latest[line.pid] = line
        elif verdicts.shunted_file(line) in names:
            kept += [latest[line.pid]] if line.pid in latest else []
            kept.append(line)
        elif search.NO_SERVER in line.text:
            kept += [line] if sending and line.at and line.at >= sending.replace(microsecond=0) else []
        elif spelling.named(line.text, material.message_id):
            kept.append(line)
    return tuple(kept)


def holding(host: Host, queue_dir: Path, message_id: str) -> tuple[QueueFile, ...]:
    """List the files of Mailman's queues that are this message, and not one that quotes it.

    Raises:
        OSError: a file is there and cannot be read.
    """
    found = []
    for files in queues.read(host, queue_dir).values():
        for file in files:
            try:
                data = host.read(file.path)
            except FileNotFoundError:  # a runner has taken it meanwhile
                continue
            if is_it(data, message_id):
                found.append(file)
    return tuple(found)


def is_it(data: bytes, message_id: str) -> bool:
    """Whether a message's first Message-ID header, in a pickle or in a mail, has this id.

    A bounce has the original message inside, and a reply names it: neither is it.
    """
    header = re.search(rb"(?<!-)\bmessage-id(?!-)", data, re.IGNORECASE)
    return header is not None and spelling.heads(data[header.end() :], message_id)


def addresses(host: Host, table: Path) -> Addresses:
    """Read Mailman's addresses from the map that it writes for Postfix.

    Raises:
        OSError: it is not there, or cannot be read.
    """
    lines = host.read(table).decode("utf-8", "replace").splitlines()
    words = (line.split() for line in lines if not line.startswith("#"))
    return Addresses(frozenset(each[0].lower() for each in words if each and "@" in each[0]))


def _held(config: Config, lists: Iterable[str], message_id: str) -> frozenset[str] | None:
    found = set()
    client = rest.connect(config) if lists else None
    spellings = spelling.both(message_id)
    for address in lists:
        model = rest.find_list(client, address)
        with rest.said():
            if model is not None and any(str(each.message_id) in spellings for each in model.held):
                found.add(address)
    return frozenset(found)


def _mailboxes(material: Material, about: Gatherer) -> dict[str, bool]:
    """Look into the mailboxes of the local recipients to whom Postfix says that it delivered."""
    found: dict[str, bool] = {}
    local = [
        each.recipient
        for leg in legs.legs(material)
        for each in leg.deliveries
        if each.sent and each.relay in {"local", "virtual"}
    ]
    for address in dict.fromkeys(local[:MOST_MAILBOXES]) if len(local) <= MOST_MAILBOXES else ():
        person = about.people.get(address)
        mailbox = person.mailbox if person else accounts.mailbox(about.site, address)
        messages = mailbox.messages_now() if mailbox else None
        if messages is not None:
            found[address] = any(is_it(raw.partition(b"\n\n")[0], material.message_id) for raw in messages)
    return found


def _tried(told: list[str], what: str, look: Callable[[], T]) -> T | None:
    """Look; what cannot be looked at is named, and is None."""
    try:
        return look()
    except (WizardError, OSError) as error:
        told.append(shown(f"{what}: {error}"))
        return None
