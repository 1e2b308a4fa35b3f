"""What main.cf says to the questions of site.toml, by their keys and as it would be typed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from ipaddress import ip_address

from wizard.errors import CommandError
from wizard.facts import postconf
from wizard.facts.address_class import entries
from wizard.host import Host

NAMES = ("myhostname", "mynetworks", "inet_interfaces", "home_mailbox")
MAPPED = "[::ffff:127.0.0.0]/104"
"""What Debian adds to mynetworks; 127.0.0.0/8 seen through IPv6."""
MAILBOXES = {"": "mbox", "Maildir/": "maildir"}


def by_main_cf(host: Host) -> dict[str, str]:
    """Read it; whether each is an answer that may be given is not looked at.

    Raises:
        CommandError: there is no Postfix, or postconf failed.
    """
    found = postconf.settings(host, names=NAMES)
    if not found.keys() >= set(NAMES):
        raise CommandError(f"postconf does not tell {', '.join(NAMES)}")
    place = found["home_mailbox"]
    return {
        "mail.hostname": found["myhostname"].lower(),
        "mail.networks": _listed(each for each in entries(found["mynetworks"]) if each != MAPPED),
        "mail.interfaces": _interfaces(found["inet_interfaces"], lambda name: _addresses(host, name)),
        "mail.mailbox": MAILBOXES.get(place, f"~/{place}"),
    }


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words)


def _interfaces(value: str, addresses: Callable[[str], tuple[str, ...]]) -> str:
    """Give the word, or the addresses; what has none is left as it is."""
    words = entries(value)
    if len(words) == 1 and words[0] in {"all", "loopback-only"}:
        return words[0]
    return _listed(dict.fromkeys(address for word in words for address in (addresses(word) or (word,))))


def _addresses(host: Host, word: str) -> tuple[str, ...]:
    if word == "localhost" or _is_address(word.strip("[]")):
        return (word,)
    lines = host.run(["getent", "ahosts", "--", word]).stdout.splitlines()
    return tuple(dict.fromkeys(line.split()[0] for line in lines if line))


def _is_address(word: str) -> bool:
    try:
        ip_address(word)
    except ValueError:
        return False
    return True
