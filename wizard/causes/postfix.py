"""Causes in Postfix itself: its processes, its port, its queue, its mailboxes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from wizard.causes.ground import Ground
from wizard.causes.model import Cause, Found
from wizard.facts import address_class, postconf
from wizard.facts.postfix_log import LogLine

LOOPBACK = frozenset({"127.0.0.1", "0.0.0.0", "::"})  # noqa: S104 (compared with, never bound to)
"""The addresses of which one must be listened on, so that Mailman's mail and the probes' can come in."""
HERE = frozenset({"all", "loopback-only", "127.0.0.1", "localhost"})
"""Entries of inet_interfaces of which one lets it listen there."""
MAIN_CF = Path("/etc/postfix/main.cf")
SMTP = "smtp/inet"
"""Postfix's port in master.cf."""
RESERVE = 1.5
"""smtpd(8) takes no mail while the queue's file system has less than this many times message_size_limit free."""
USERS = re.compile(r"(?:proxy:)?unix:passwd\.byname")
BY_CONTENT = (
    "header_checks",
    "mime_header_checks",
    "nested_header_checks",
    "body_checks",
    "smtp_header_checks",
    "smtp_body_checks",
    "smtpd_milters",
    "non_smtpd_milters",
    "content_filter",
)
"""The parameters that let Postfix change or drop mail for what is in it (postconf(5))."""
_UNKNOWN_USER = "User unknown in local recipient table"
_CLOSED = re.compile(
    r"to=<(?P<to>[^>]+)>.* status=(?:bounced|deferred) "
    r"\((?P<said>(?:cannot update mailbox|maildir delivery failed).*)\)"
)
_FULL = re.compile(
    r"to=<(?P<to>[^>]+)>.*(?:dsn=[45]\.2\.2|mailbox size limit exceeded|Disk quota exceeded|file too large)"
)
_DONE = re.compile(r"(?:replace|prepend|strip|discard|redirect|filter|milter-\w+): (?:header|body|END|mime)")


def port_taken(ground: Ground) -> Found | None:
    """Somebody else listens on Postfix's port."""
    port = ground.site.smtp_port
    foreign = [each for each in ground.on(port) if each.pid not in ground.postfix_pids]
    if not foreign:
        return None
    holder = ground.holder(foreign[0])
    return Found({"holder": holder, "port": str(port)}, (f"port {port} of {foreign[0].address} belongs to {holder}",))


def stopped(ground: Ground) -> Found | None:
    """There is no master process, and its port is free."""
    if ground.postfix_masters or port_taken(ground):
        return None
    return Found({}, ("no process of the name master from /usr/lib/postfix",))


def no_service(ground: Ground) -> Found | None:
    """The master lives and nobody listens on its port, because master.cf has no service there."""
    if not ground.postfix_masters or ground.on(ground.site.smtp_port):
        return None
    there = postconf.services(ground.host)
    if not there or any(service.place == SMTP for service in there):
        return None
    places = ", ".join(service.place for service in there if service.kind == "inet") or "nothing"
    return Found({"port": str(ground.site.smtp_port)}, (f"master.cf listens on the network for {places}",))


def no_loopback(ground: Ground) -> Found | None:
    """The master lives, and inet_interfaces keeps it from listening where this machine's own mail comes in."""
    found = {each.address for each in ground.on(ground.site.smtp_port) if each.pid in ground.postfix_pids}
    if not ground.postfix_masters or not found or found & LOOPBACK:
        return None
    value = ground.main_cf.get("inet_interfaces", "")
    if HERE & set(address_class.entries(value)) and not _moved(ground):
        return None  # master.cf or inet_protocols keeps it away then
    where = ", ".join(sorted(found))
    return Found({"where": where, "value": value, "port": str(ground.site.smtp_port)}, (f"it listens on {where}",))


def _moved(ground: Ground) -> bool:
    """Whether main.cf was changed after Postfix had started, and IPv4 is not switched off in it."""
    changed = ground.host.state(MAIN_CF)
    started = ground.postfix_masters[0].started
    protocols = set(address_class.entries(ground.main_cf.get("inet_protocols", "all")))
    later = changed is not None and changed.younger(started, ground.host.now().timestamp())
    return later and bool(protocols & {"all", "ipv4"})


def queue_full(ground: Ground) -> Found | None:
    """The queue's file system has less room than smtpd wants to see."""
    directory = ground.main_cf["queue_directory"]
    free, block, most, files = (
        int(word)
        for word in ground.host.run(["stat", "-f", "-c", "%a %S %c %d", "--", directory]).require().stdout.split()
    )
    wanted = max(int(ground.main_cf["message_size_limit"]) * RESERVE, int(ground.main_cf["queue_minfree"]))
    if free * block >= wanted and (files or not most):  # btrfs counts no files: both are 0
        return None
    left = f"{free * block} bytes and {files} files are free"
    return Found({"directory": directory, "left": left, "wanted": f"{wanted:.0f}"}, (f"{directory}: {left}",))


def two_classes(ground: Ground) -> Found | None:
    """The list domain, or this host's name, is in two address classes that conflict."""
    for domain in (ground.site.mail.domain, ground.site.mail.hostname):
        classes = address_class.of(ground.host, domain)
        if address_class.conflicting(classes):
            both = " and ".join(classes)
            return Found({"domain": domain, "classes": both}, (f"{domain} is in {both}",))
    return None


def no_class(ground: Ground) -> Found | None:
    """The list domain is in no address class, although the stage that puts it into one is done."""
    domain, shared = ground.site.mail.domain, ground.site.mail.domain_class == "shared"
    if (not shared and ground.scene.stage < 3) or address_class.of(ground.host, domain):  # noqa: PLR2004 (stage 3 sets it)
        return None
    values = ", ".join(f"{name} = {ground.main_cf.get(name, '')}" for name in address_class.PARAMETERS)
    return Found({"domain": domain}, (values,))


def users_unknown(ground: Ground) -> Found | None:
    """Users of this machine are refused, and local_recipient_maps has no table of them."""
    tables = ground.tables("local_recipient_maps")
    if not tables or any(USERS.fullmatch(table) for table in tables):
        return None
    refused = [line.text for line in ground.postfix_lines if _UNKNOWN_USER in line.text and ground.token in line.text]
    return Found({"value": " ".join(tables)}, tuple(refused[-1:])) if refused else None


def mailbox_closed(ground: Ground) -> Found | None:
    """local(8) could not write a probe's mailbox, for another reason than its size."""
    for line in _of_probes(ground):
        match = _CLOSED.search(line.text)
        if match and not _FULL.search(line.text):
            return Found({"address": match["to"], "said": match["said"]}, (line.text,))
    return None


def mailbox_full(ground: Ground) -> Found | None:
    """A mailbox of one who should have got a probe takes no more (RFC 3463: X.2.2)."""
    for line in _of_probes(ground):
        match = _FULL.search(line.text)
        if match:
            return Found({"address": match["to"]}, (line.text,))
    return None


def _of_probes(ground: Ground) -> Iterator[LogLine]:
    """Give the lines about the probes of this run, Mailman's mail for them included."""
    mark = f"message-id=<{ground.token}"
    ids = {line.queue_id for line in ground.postfix_lines if line.queue_id and mark in line.text}
    yield from (line for line in ground.postfix_lines if line.queue_id in ids or ground.token in line.text)


def changed(ground: Ground) -> Found | None:
    """Postfix changed or dropped mail by its content, as tables or a milter tell it to."""
    explicit = postconf.explicit(ground.host)
    said = [f"{name} = {explicit[name]}" for name in BY_CONTENT if explicit.get(name)]
    done = [line.text for line in ground.postfix_lines if _DONE.match(line.text)]
    return Found({"settings": "; ".join(said)}, (*done[-2:], *said)) if said and done else None


CAUSES: tuple[Cause, ...] = (
    Cause("MW103", port_taken),
    Cause("MW102", stopped),
    Cause("MW116", no_service),
    Cause("MW107", no_loopback),
    Cause("MW109", queue_full),
    Cause("MW101", two_classes),
    Cause("MW105", no_class),
    Cause("MW106", users_unknown),
)
MAILBOX: tuple[Cause, ...] = (
    Cause("MW113", mailbox_full),
    Cause("MW108", mailbox_closed),
    Cause("MW114", changed, stands=False),
)
