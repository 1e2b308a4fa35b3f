"""Which of Postfix's address classes a domain is in (ADDRESS_CLASS_README)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

from wizard.facts import maps, postconf
from wizard.host import Host

PARAMETERS = ("mydestination", "virtual_alias_domains", "virtual_mailbox_domains", "relay_domains")
"""In the order in which Postfix asks them."""
BY_ANSWER = {
    "shared": "mydestination",
    "dedicated": "relay_domains",
    "virtual": "virtual_mailbox_domains",
}
"""Where the list domain is by the answer ``mail.domain_class``."""
_SEPARATORS = frozenset(", \t\r\n")
_TABLE = re.compile(r"(?:proxy:)?[a-z]+:.+")


def of(host: Host, domain: str) -> tuple[str, ...]:
    """Tell the parameters that hold a domain, in Postfix's order of precedence.

    Raises:
        CommandError: postconf failed, or a table cannot be read.
    """
    values = postconf.settings(host, names=PARAMETERS)
    return tuple(name for name in PARAMETERS if holds(host, values.get(name, ""), domain))


def _same(pattern: str, domain: str) -> bool:
    return pattern.lower() == domain.lower()


def holds(host: Host, value: str, wanted: str, *, fits: Callable[[str, str], bool] = _same) -> bool:
    """Tell whether a list of patterns holds something: literally, in a table, or in a file of patterns.

    The first pattern that matches decides, ``!pattern`` says no (postconf(5), mydestination and mynetworks).

    Args:
        host: the machine.
        value: the list, expanded.
        wanted: a domain, or what else the list is of.
        fits: tells whether a pattern that is neither table nor file matches it; that of domains if not given.

    Raises:
        CommandError: a table cannot be read.
    """
    for pattern in entries(value):
        if _matches(host, pattern.removeprefix("!"), wanted, fits):
            return not pattern.startswith("!")
    return False


def conflicting(classes: Iterable[str]) -> bool:
    """Tell whether a domain is in two classes that Postfix warns about: every pair but local and relay."""
    found = set(classes)
    return len(found) > 1 and found != {"mydestination", "relay_domains"}


def entries(value: str) -> tuple[str, ...]:
    """Split a list value as Postfix does: at commas and white space that no braces hold (postconf(5), inline:)."""
    found, depth = [""], 0
    for char in value:
        depth += {"{": 1, "}": -1}.get(char, 0)
        if depth <= 0 and char in _SEPARATORS:
            found.append("")
        else:
            found[-1] += char
    return tuple(entry for entry in found if entry)


def _matches(host: Host, pattern: str, wanted: str, fits: Callable[[str, str], bool]) -> bool:
    if pattern.startswith("/"):
        text = host.read(Path(pattern)).decode("utf-8", "replace")
        return holds(host, "\n".join(line.partition("#")[0] for line in text.splitlines()), wanted, fits=fits)
    if _TABLE.fullmatch(pattern):
        return maps.lookup(host, pattern, wanted) is not None
    return fits(pattern, wanted)
