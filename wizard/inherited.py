"""Answers that nobody has given: the server's own stand in for them, so that no default replaces what it lives by.

They are those of the time before the first change, which is when they are written down: what differs from them later
is drift, and not a decision.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from wizard import atomic
from wizard.errors import AnswerError, CommandError, Problem, RefusedError
from wizard.facts import address_class, answered, packaged, postconf
from wizard.host import Host
from wizard.mailman import answered as of_mailman
from wizard.mailman import cfg, rest
from wizard.mailman.rest import RestError
from wizard.printable import printable
from wizard.redact import Redactor
from wizard.site import Given, Site, changed, check_field, value_of

DATABASE = "mailman.database"
OF_LISTS = ("owner", "subscription_policy")
REST_LIMIT = 3.0
"""Seconds for one request: nobody waits long for a Mailman that hangs."""


@dataclass(frozen=True, slots=True)
class Before:
    """What a server said to the questions of site.toml before the first change."""

    answers: Mapping[str, str] = field(default_factory=dict)
    """By dotted key, as it would be typed; the database's URL may hold a password."""
    classes: Mapping[str, str] = field(default_factory=dict)
    """The answer ``mail.domain_class`` by domain; empty if the server had none, missing if nobody has looked."""
    lists: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """The answers of a list by its address; empty if there was none, missing if Mailman has not told it yet."""

    def to(self, site: Site) -> dict[str, str]:
        """Give what of it is about a site, by dotted key."""
        found = dict(self.answers)
        if kind := self.classes.get(site.mail.domain):
            found["mail.domain_class"] = kind
        for number, spec in enumerate(site.lists):
            about = self.lists.get(site.list_address(spec), {})
            found |= {f"lists.{number}.{key}": text for key, text in about.items() if text}
        return found


@dataclass(frozen=True, slots=True)
class Inherited:
    """Answers, with the server's own where none was given."""

    site: Site
    kept: Mapping[str, str]
    """What of it is the server's and not the default, by dotted key; the database's URL may hold a password."""
    replaced: tuple[Problem, ...]
    """What the server has and is no answer, so that a default takes its place; nothing once that has happened."""
    unanswered: tuple[str, ...]
    """The keys of lists that were not answered, which Mailman is asked for again when it works; see `met`."""
    lost: Problem | None = None
    """Why the server's database cannot stay, and an answer is needed before anything is changed."""
    recalled: bool = False
    """Whether it is of before the first change, so that the server may have something else now."""

    def require(self) -> None:
        """Refuse to go on where a default would take the place of a database.

        Raises:
            AnswerError: the server's is none that can stay, and none was answered.
        """
        if self.lost:
            raise AnswerError((self.lost,))

    def told(self) -> Iterator[str]:
        """Say what was taken from the server, and what could not be."""
        yield from _stays(self.kept, "had before the first change" if self.recalled else "has")
        for each in self.replaced:
            yield f"{each.key} is not answered, and what the server has cannot stay ({each.value}): {each.may_be}"


def settled(given: Given, host: Host, path: Path) -> Inherited:
    """Make a site of what was given and of what the server has.

    Args:
        given: the admin's answers.
        host: the machine.
        path: where `remember` has written, if it has.

    Raises:
        AnswerError: one that was given is wrong.
    """
    bare = given.site()
    recalled = _recall(path)
    before = _completed(recalled, host, bare) if recalled else look(host, bare)
    kept, replaced = _fitting(given, {key: text for key, text in before.to(bare).items() if not given.has(key)})
    lost = next((each for each in replaced if each.key == DATABASE), None)
    if lost:
        words = f"an answer: what the server has (mailman.cfg, [database] url) cannot stay, for it is not {lost.may_be}"
        replaced, lost = [each for each in replaced if each.key != DATABASE], Problem(DATABASE, "nothing", words)
    site = given.site(kept)
    other = {key: text for key, text in kept.items() if value_of(site, key) != value_of(bare, key)}
    asked = (f"lists.{number}.{key}" for number in range(len(site.lists)) for key in OF_LISTS)
    unanswered = tuple(key for key in asked if not given.has(key))
    return Inherited(site, other, () if recalled else tuple(replaced), unanswered, lost, recalled is not None)


def _stays(kept: Mapping[str, str], when: str = "has") -> Iterator[str]:
    for key, text in kept.items():
        yield f"{key} is not answered, so it stays what the server {when}: {printable(Redactor().text(text))}"


def _fitting(given: Given, wanted: Mapping[str, str]) -> tuple[dict[str, str], list[Problem]]:
    """Divide the server's answers into those that may be given, and go together, and the others."""
    alone = {key: check_field(key, text) for key, text in wanted.items()}
    replaced = [problem for problem in alone.values() if problem]
    possible = {key: text for key, text in wanted.items() if not alone[key]}
    kept: dict[str, str] = {}
    for some in (possible, *({key: text} for key, text in possible.items())):  # all at once: two may change places
        try:
            given.site({**kept, **some})
            kept |= some
        except AnswerError as error:
            if some is not possible:
                replaced += _together(next(iter(some)), error)
    return kept, replaced


def remember(host: Host, site: Site, path: Path) -> None:
    """Write down what the server has before the first change; what is written already stays.

    Of a domain or a list that is new among the answers, it is what the server has before the first change for it.

    Raises:
        OSError: it cannot be written.
    """
    recalled = _recall(path)
    before = _completed(recalled, host, site) if recalled else look(host, site)
    if before != recalled:
        _write(before, path)


def forget(path: Path) -> None:
    """Remove what `remember` has written: nothing of what was changed since is there any more.

    Raises:
        OSError: it cannot be removed.
    """
    path.unlink(missing_ok=True)


def met(site: Site, host: Host, path: Path, unanswered: Iterable[str], tell: Callable[[str], None]) -> Site:
    """Give the site with what lists have that were there before the first change, now that Mailman answers.

    Args:
        site: the answers so far.
        host: the machine.
        path: where `remember` has written, if it has.
        unanswered: the keys that may be taken.
        tell: takes a line for each that was taken.

    Raises:
        OSError: what Mailman says cannot be written down.
    """
    recalled = _recall(path)
    before = _completed(recalled, host, site) if recalled else look(host, site)
    if recalled and before != recalled:
        _write(before, path)
    found = before.to(site)
    kept = {key: found[key] for key in unanswered if found.get(key, value_of(site, key)) != value_of(site, key)}
    for line in _stays(kept):
        tell(line)
    try:
        return changed(site, kept)
    except AnswerError:
        return site


def _write(before: Before, path: Path) -> None:
    content = json.dumps({"schema": 1, **asdict(before)}, indent=1).encode()
    atomic.replace(path, content, mode=0o600, uid=0, gid=0)


def _recall(path: Path) -> Before | None:
    """Read what was written down; a damaged file is none, and is written anew."""
    try:
        raw = json.loads(path.read_bytes())
        lists = {key: dict(each) for key, each in (raw["lists"] or {}).items()}
        return Before(dict(raw["answers"]), dict(raw["classes"]), lists)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def look(host: Host, site: Site) -> Before:
    """Look at the server; what cannot be seen is not there.

    Args:
        host: the machine.
        site: names the domain and the lists that are looked for.
    """
    answers: dict[str, str] = {}
    with suppress(CommandError):
        if not packaged.untouched(postconf.explicit(host)):
            answers |= _reachable(answered.by_main_cf(host))
    with suppress(RefusedError, OSError):
        config = cfg.read(host)
        answers |= _there(host, of_mailman.by_cfg(config)) if config else {}
    return _completed(Before(answers), host, site)


def _completed(before: Before, host: Host, site: Site) -> Before:
    """Add what is about a domain, or a list, that was not looked at before."""
    domain = site.mail.domain
    classes = {} if domain in before.classes else _class(host, domain)
    missing = [address for spec in site.lists if (address := site.list_address(spec)) not in before.lists]
    lists = _lists(host, site, missing) if missing else {}
    return replace(before, classes={**before.classes, **classes}, lists={**before.lists, **lists})


def _class(host: Host, domain: str) -> dict[str, str]:
    try:
        there = address_class.of(host, domain)
    except CommandError:
        return {}
    found = [kind for kind, name in address_class.BY_ANSWER.items() if name in there]
    return {domain: found[0] if len(found) == 1 else ""}


def _lists(host: Host, site: Site, addresses: Collection[str]) -> dict[str, dict[str, str]]:
    """Ask Mailman for lists; nothing if it does not answer."""
    none: dict[str, dict[str, str]] = {address: {} for address in addresses}
    with suppress(RefusedError, OSError, RestError):
        config = cfg.read(host)
        if config is None:
            return none
        if any(each.port == config.rest[1] for each in host.listeners()):
            found = of_mailman.by_lists(rest.connect(config, limit=REST_LIMIT), site)
            return {address: found.get(address, {}) for address in addresses}
    return {}


def _reachable(answers: Mapping[str, str]) -> dict[str, str]:
    """Add loopback to the addresses that Postfix listens on: Mailman hands over its mail there."""
    interfaces = answers["mail.interfaces"]
    words = interfaces.split(", ")
    closed = interfaces not in {"all", "loopback-only"} and not {"localhost", "127.0.0.1"} & set(words)
    return {**answers, "mail.interfaces": ", ".join([*words, *(["127.0.0.1"] if closed else [])])}


def _there(host: Host, answers: Mapping[str, str]) -> dict[str, str]:
    """Leave out a database's file that is not there: nothing would be lost with it."""
    place = answers.get(DATABASE, "").removeprefix("sqlite:///").partition("?")[0]
    lost = place.startswith("/") and host.state(Path(place)) is None
    return {key: text for key, text in answers.items() if not (lost and key == DATABASE)}


def _together(key: str, error: AnswerError) -> tuple[Problem, ...]:
    """Say of an answer of the server that it does not go with the others."""
    problem = next((each for each in error.problems if each.key.startswith(key)), error.problems[0])
    if problem.key.startswith(key):
        return (replace(problem, key=key),)
    return (Problem(key, "the server's", f"what goes with {problem.key}: {problem.may_be}"),)
