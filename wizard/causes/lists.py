"""Causes in the way between Postfix and the lists, and in the lists themselves."""

from __future__ import annotations

import re
from typing import Any

from wizard.causes.ground import LOOKUP_LIMIT, Ground
from wizard.causes.model import Cause, Found
from wizard.facts import maps
from wizard.mailman import rest
from wizard.mailman.cfg import DOMAINS_MAP, LMTP_MAP

_REFUSED = re.compile(r"delivery to (?P<to>\S+) failed with code (?P<code>[0-9]+): (?P<said>.*)", re.DOTALL)


def no_route(ground: Ground) -> Found | None:
    """transport_maps leads the lists elsewhere than to Mailman, or nowhere."""
    lmtp = ground.site.mailman.lmtp
    wanted = f"lmtp:[{lmtp.host}]:{lmtp.port}"
    address = ground.site.list_address(ground.site.lists[0])
    for table in ground.tables("transport_maps"):
        answer = maps.lookups(ground.host, table, (address,), limit=LOOKUP_LIMIT).get(address)
        if answer is not None:
            table_of = {"address": address, "answer": answer, "table": table}
            return None if answer == wanted else Found(table_of, (f"{table}: {address} → {answer}",))
    value = ground.main_cf.get("transport_maps", "")
    table = f"{ground.main_cf['default_database_type']}:{LMTP_MAP}"
    return Found({"address": address, "answer": "none", "table": table}, (f"transport_maps = {value}",))


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
    for spec, found in _lists(ground):
        with rest.said():
            present = str(found.settings["subscription_policy"])
        if present != spec.subscription_policy:
            address = ground.site.list_address(spec)
            values = {"address": address, "present": present, "wanted": spec.subscription_policy}
            return Found(values, (f"{address}: subscription_policy is {present}",))
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
    for spec, found in _lists(ground):
        with rest.said():
            on = bool(found.settings["emergency"])
        if on:
            address = ground.site.list_address(spec)
            return Found({"address": address}, (f"{address}: emergency is on",))
    return None


def members_held(ground: Ground) -> Found | None:
    """What members post is held, rejected or discarded."""
    for spec, found in _lists(ground):
        with rest.said():
            action = str(found.settings["default_member_action"])
        if action in {"hold", "reject", "discard"}:
            address = ground.site.list_address(spec)
            return Found({"address": address, "action": action}, (f"{address}: default_member_action is {action}",))
    return None


def too_big(ground: Ground) -> Found | None:
    """A list holds posts that others would pass: they are bigger than max_message_size."""
    held = [line.text for line in ground.mailman_lines if line.text.startswith("HOLD:") and ground.token in line.text]
    said = [text for text in held if re.search(r"larger than|too big|max_message_size|max-size", text)]
    for spec, found in _lists(ground):
        with rest.said():
            size = int(found.settings["max_message_size"])
        if said and size:
            address = ground.site.list_address(spec)
            return Found({"address": address, "size": str(size)}, tuple(said[:1]))
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


def _lists(ground: Ground) -> list[tuple[Any, Any]]:
    """Give the site's lists with what Mailman has of each."""
    if ground.config is None:
        return []
    client = rest.connect(ground.config)
    pairs = [(spec, rest.find_list(client, ground.site.list_address(spec))) for spec in ground.site.lists]
    return [(spec, found) for spec, found in pairs if found is not None]


def pending(ground: Ground) -> Found | None:
    """Somebody whom the admin named has asked to join a list and not confirmed: the next request is dropped."""
    named = {person.address for person in ground.scene.bench.subscribers if not person.temporary}
    for spec, found in _lists(ground) if named else ():
        with rest.said():
            waiting = {str(each["email"]) for each in found.get_requests(token_owner="subscriber")}  # noqa: S106 (a role)
        for address in sorted(waiting & named):
            values = {"address": address, "list_address": ground.site.list_address(spec)}
            return Found(values, (f"{address} has a pending request on {values['list_address']}",))
    return None


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
