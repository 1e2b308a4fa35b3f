"""Making a probe list like the list that it stands for: whatever decides on mail's way there must decide here.

Every setting is copied but those in `OWN` and those that nobody can set. What only code on the server can set (chains
and pipelines that REST does not tell, files in the list's own template directory) is not seen from here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from string import Template
from typing import Any
from urllib.error import HTTPError

QUIET = {"advertised": False, "archive_policy": "never", "digests_enabled": False}
"""What a probe list has whatever the original has: nobody is shown it, and nothing of it is to stay."""
OWN = {
    "acceptable_aliases": "other addresses of that very list, which lead nowhere near the copy",
    "forward_unrecognized_bounces_to": "it may be the site's owner, who is to get no probes",
    "gateway_to_mail": "what others write in a newsgroup",
    "gateway_to_news": "it would post probes in a newsgroup",
    "linked_newsgroup": "a place of others",
    "moderator_password": "a secret that opens nothing in the copy",
}
"""The settings that are not copied, each with the reason."""
_READ_ONLY = re.compile(r"Read-only attribute: (\w+)")


def copy(model: Any, find: Callable[[], Any]) -> None:
    """Give one list what another has: settings, header rules, bans, templates; idempotent.

    Args:
        model: mailmanclient's list to take them from.
        find: gives the other as Mailman has it now; mailmanclient keeps what was refused, and would send it again.

    Raises:
        HTTPError: REST refused something that the original has.
    """
    theirs = model.settings
    wanted = {key: theirs[key] for key in theirs if key not in OWN} | QUIET
    while not _patched(find().settings, wanted):
        pass
    probe = find()
    header_matches(model, probe)
    bans(model, probe)
    templates(model, probe)


def _patched(ours: Any, wanted: dict[str, Any]) -> bool:
    """Set what differs, in one request; False if something turned out to be read-only, which is then taken out."""
    settable = 0
    for key, value in wanted.items():
        if ours.get(key) != value:
            # mailmanclient knows most of what is read-only. An empty text is what Mailman takes for an empty list.
            with suppress(ValueError):
                ours[key] = "" if value == [] else value
                settable += 1
    try:
        if settable:
            ours.save()
    except HTTPError as error:
        match = _READ_ONLY.search(str(error.reason))
        if match is None or wanted.pop(match[1], None) is None:
            raise
        return False
    return True


def header_matches(model: Any, probe: Any) -> None:
    """Copy the rules by which the original holds or drops a post for its headers, in their order."""
    theirs, ours = (
        [(str(rule.header), str(rule.pattern), rule.action) for rule in each.header_matches] for each in (model, probe)
    )
    if theirs == ours:
        return
    # A rule's address is its position, so that the last has to go first.
    for rule in reversed(tuple(probe.header_matches)):
        rule.delete()
    for header, pattern, action in theirs:
        probe.header_matches.add(header, pattern, action)


def bans(model: Any, probe: Any) -> None:
    """Copy who may neither join nor post; the patterns last, because Mailman bans nobody twice."""
    theirs, ours = ({str(each.email) for each in one.bans} for one in (model, probe))
    for email in sorted(ours - theirs):
        probe.bans.remove(email)
    for email in sorted(theirs - ours, key=lambda each: (each.startswith("^"), -len(each), each)):
        try:
            probe.bans.add(email)
        except HTTPError as error:
            if "already banned" not in str(error.reason):
                raise


def templates(model: Any, probe: Any) -> None:
    """Copy where the texts are that the list says and adds, so that one that cannot be had is missed here too.

    The names in an address stand for the original: the texts are found under its name alone.
    """
    theirs = {str(each.name): fetched(each, model) for each in model.templates}
    ours = {str(each.name): fetched(each, probe) for each in probe.templates}
    for name in sorted(ours.keys() - theirs.keys()):
        probe.set_template(name, "")
    for name, (uri, user, password) in theirs.items():
        if ours.get(name) != (uri, user, password):
            probe.set_template(name, uri, user, password)


def fetched(template: Any, mailing_list: Any) -> tuple[str, str | None, str | None]:
    """Tell where a template of a list is, with the list's names put in, and what opens it."""
    words: Mapping[str, str] = {
        "list_id": mailing_list.list_id,
        "listname": mailing_list.fqdn_listname,
        "domain_name": mailing_list.mail_host,
    }
    return Template(str(template.uri)).safe_substitute(words), template.username, template.password


def clear(probe: Any) -> None:
    """Take off what Mailman keeps when the list itself is removed: it leaves templates in its database."""
    for each in probe.templates:
        probe.set_template(str(each.name), "")
