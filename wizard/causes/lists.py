"""Causes in the way between Postfix and the lists, and in the lists themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator

from wizard.causes.ground import LOOKUP_LIMIT, Ground
from wizard.causes.model import Cause, Found
from wizard.facts import maps
from wizard.mailman import lists, rest
from wizard.mailman.cfg import DOMAINS_MAP, LMTP_MAP
from wizard.mailman.lists import KEEPING, SiteList

_REFUSED = re.compile(r"delivery to (?P<to>\S+) failed with code (?P<code>[0-9]+): (?P<said>.*)", re.DOTALL)


def no_route(ground: Ground) -> Found | None:
    """transport_maps leads a list elsewhere than to Mailman, or nowhere."""
    lmtp = ground.site.mailman.lmtp
    wanted = f"lmtp:[{lmtp.host}]:{lmtp.port}"
    addresses = [ground.site.list_address(spec) for spec in ground.site.lists]
    answers: dict[str, tuple[str, str]] = {}
    for table in ground.tables("transport_maps"):
        for address, answer in maps.lookups(ground.host, table, addresses, limit=LOOKUP_LIMIT).items():
            answers.setdefault(address, (table, answer))
    nowhere = (f"{ground.main_cf['default_database_type']}:{LMTP_MAP}", "none")
    for address in addresses:
        table, answer = answers.get(address, nowhere)
        if answer != wanted:
            told = f"transport_maps = {ground.main_cf.get('transport_maps', '')}"
            return Found({"address": address, "answer": answer, "table": table}, (f"{address} → {answer}", told))
    return None


def stale_map(ground: Ground) -> Found | None:
    """A map of Mailman's is older, compiled, than its source."""
    config = ground.config
    if config is None:
        return None
    for name in (LMTP_MAP, DOMAINS_MAP):
        table = f"{ground.main_cf['default_database_type']}:{config.data_dir / name}"
        state = maps.compiled_state(ground.host, table)
        if state.source_mtime is not None and state.compiled_mtime is not None and not state.current:
            values = {
                "table": table,
                "path": str(state.source),
                "address": ground.site.list_address(ground.site.lists[0]),
            }
            return Found(values, (f"{state.compiled} is older than {state.source}",))
    return None


def no_delimiter(ground: Ground) -> Found | None:
    """recipient_delimiter has no plus sign, or a dash, at which Postfix splits first: confirmations are nobody's."""
    value = ground.main_cf.get("recipient_delimiter", "")
    if "+" in value and "-" not in value:
        return None
    return Found({"value": value or "empty"}, (f"recipient_delimiter = {value}",), fixable="-" not in value)


def policy(ground: Ground) -> Found | None:
    """A list takes members in another way than the answers say."""
    for each in _lists(ground):
        present, wanted = str(each.setting("subscription_policy")), each.spec.subscription_policy
        if present != wanted:
            values = {"address": each.address, "present": present, "wanted": wanted}
            return Found(values, (f"{each.address}: subscription_policy is {present}",))
    return None


def refused(ground: Ground) -> Found | None:
    """Postfix refuses what Mailman sends: Mailman says to whom, and Postfix why."""
    for line in ground.mailman_lines:
        match = _REFUSED.search(line.text) if line.file == "smtp.log" else None
        if match and ground.token in match["to"] and match["code"].startswith(("4", "5")):
            values = {"address": match["to"], "answer": match["code"], "said": match["said"]}
            rejects = [each.text for each in ground.postfix_lines if "reject" in each.text and match["to"] in each.text]
            return Found(values, (line.text, *rejects[-1:]))
    return None


def emergency(ground: Ground) -> Found | None:
    """A list holds every post until its moderator has looked at it."""
    for each in _lists(ground):
        if each.setting("emergency"):
            return Found({"address": each.address}, (f"{each.address}: emergency is on",))
    return None


def members_held(ground: Ground) -> Found | None:
    """What members post is held, rejected or discarded."""
    for each in _lists(ground):
        action = str(each.setting("default_member_action"))
        if action in KEEPING:
            said = f"{each.address}: default_member_action is {action}"
            return Found({"address": each.address, "action": action}, (said,))
    return None


def too_big(ground: Ground) -> Found | None:
    """A list holds posts that others would pass: they are bigger than max_message_size."""
    held = [line.text for line in ground.mailman_lines if line.text.startswith("HOLD:") and ground.token in line.text]
    said = [text for text in held if re.search(r"larger than|too big|max_message_size|max-size", text)]
    for each in _lists(ground) if said else ():
        size = int(each.setting("max_message_size"))
        if size:
            return Found({"address": each.address, "size": str(size)}, tuple(said[:1]))
    return None


def delivery_off(ground: Ground) -> Found | None:
    """A subscriber whom the admin named has delivery switched off in Mailman."""
    if ground.config is None:
        return None
    client = rest.connect(ground.config)
    for person in ground.scene.bench.subscribers:
        found = None if person.temporary else rest.find_address(client, person.address)
        if found is None:
            continue
        with rest.said():
            status = {str(each.preferences.get("delivery_status")) for each in (found, found.user) if each is not None}
        off = sorted(each for each in status if each.startswith("by_"))
        if off:
            return Found(
                {"address": person.address, "status": off[0]}, (f"{person.address}: delivery_status {off[0]}",)
            )
    return None


def pending(ground: Ground) -> Found | None:
    """Somebody whom the admin named has asked to join a list and not confirmed: the next request is dropped."""
    named = {person.address for person in ground.scene.bench.subscribers if not person.temporary}
    for each in _lists(ground) if named else ():
        for address in sorted(each.asked() & named):
            said = f"{address} has a pending request on {each.address}"
            return Found({"address": address, "list_address": each.address}, (said,))
    return None


def _lists(ground: Ground) -> Iterator[SiteList]:
    if ground.config is not None:
        yield from lists.of_site(rest.connect(ground.config), ground.site)


WAY: tuple[Cause, ...] = (
    Cause("MW302", no_route),
    Cause("MW304", stale_map),
    Cause("MW306", no_delimiter),
)
LISTS: tuple[Cause, ...] = (
    Cause("MW401", policy, stands=False),
    Cause("MW402", pending, stands=False),
    Cause("MW403", emergency),
    Cause("MW404", members_held),
    Cause("MW504", too_big),
    Cause("MW505", delivery_off),
)
OUT: tuple[Cause, ...] = (Cause("MW405", refused),)
