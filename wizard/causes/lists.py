"""Causes in the way between Postfix and the lists, and in the lists themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator

from wizard.causes import mailman, tables
from wizard.causes.ground import LOOKUP_LIMIT, Ground
from wizard.causes.model import Cause, Found
from wizard.facts import maps
from wizard.facts.maps import CompiledState
from wizard.mailman import bans, rest
from wizard.mailman.cfg import DOMAINS_MAP, LMTP_MAP
from wizard.mailman.lists import KEEPING
from wizard.site import SUBADDRESSES
from wizard.trace import verdicts

_PROBE = re.compile(r"(?P<token>\w+)_l(?P<number>\d{1,4})@.*")
"""A probe list's address; its number is that of the list whose settings it has, see `wizard.probes.bench`."""


def no_route(ground: Ground) -> Found | None:
    """transport_maps leads a list elsewhere than to Mailman, or nowhere."""
    lmtp = ground.site.mailman.lmtp
    wanted = f"lmtp:[{lmtp.host}]:{lmtp.port}"
    addresses = [ground.site.list_address(spec, sub) for spec in ground.site.lists for sub in SUBADDRESSES]
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


def silent(ground: Ground) -> Found | None:
    """The lmtp runner lives, its place is the right one, and nobody listens there."""
    lives = ground.mailman.masters and all(slot.name != "lmtp" for slot in ground.missing_runners)
    if not lives or ground.on(ground.site.mailman.lmtp.port) or mailman.lmtp_host(ground) or mailman.lmtp_place(ground):
        return None
    return Found({}, (f"nothing listens on port {ground.site.mailman.lmtp.port}",))


def map_missing(ground: Ground) -> Found | None:
    """A map of Mailman's is not there or was never compiled; one that main.cf names has a code of its own."""
    for table, state, values in _maps(ground):
        gone = state.source_mtime is None or (state.compiled is not None and state.compiled_mtime is None)
        if gone and not any(table == each for _, each in tables.named(ground.main_cf)):
            return Found(values, (f"{table}: not there, or not compiled",))
    return None


def stale_map(ground: Ground) -> Found | None:
    """A map of Mailman's is older, compiled, than its source."""
    for _, state, values in _maps(ground):
        if state.source_mtime is not None and state.compiled_mtime is not None and not state.current:
            return Found(values, (f"{state.compiled} is older than {state.source}",))
    return None


def _maps(ground: Ground) -> Iterator[tuple[str, CompiledState, dict[str, str]]]:
    for name in (LMTP_MAP, DOMAINS_MAP) if ground.config else ():
        assert ground.config is not None
        table = f"{ground.main_cf['default_database_type']}:{ground.config.data_dir / name}"
        state = maps.compiled_state(ground.host, table)
        key = ground.site.mail.domain if name == DOMAINS_MAP else ground.site.list_address(ground.site.lists[0])
        yield table, state, {"table": table, "path": str(state.source), "address": key}


def no_delimiter(ground: Ground) -> Found | None:
    """recipient_delimiter has no plus sign, or a dash, at which Postfix splits first: confirmations are nobody's."""
    value = ground.main_cf.get("recipient_delimiter", "")
    if "+" in value and "-" not in value:
        return None
    return Found({"value": value or "empty"}, (f"recipient_delimiter = {value}",), fixable="-" not in value)


def policy(ground: Ground) -> Found | None:
    """A list takes members in another way than the answers say."""
    for each in ground.lists:
        present, wanted = str(each.setting("subscription_policy")), each.spec.subscription_policy
        if present != wanted:
            values = {"address": each.address, "present": present, "wanted": wanted}
            return Found(values, (f"{each.address}: subscription_policy is {present}",))
    return None


def refused(ground: Ground) -> Found | None:
    """Postfix refuses what Mailman sends: Mailman says to whom, and Postfix why."""
    for line in ground.mailman_lines:
        refusal = verdicts.refusal(line) if line.file == "smtp.log" else None
        if refusal and ground.token in line.text:
            values = {"address": refusal.address, "answer": str(refusal.code), "said": refusal.why}
            rejects = [
                each.text for each in ground.postfix_lines if "reject" in each.text and refusal.address in each.text
            ]
            return Found(values, (line.text, *rejects[-1:]))
    return None


def banned(ground: Ground) -> Found | None:
    """Somebody who is to join is banned, by a list or by the whole site."""
    people = [person.address for person in (*ground.scene.bench.subscribers, ground.scene.bench.outsider)]
    for each in ground.lists:
        for person, ban in bans.fitting(people, bans.of(ground.client, each.there)):
            said = f"{each.address} bans {ban}, and with it {person}"
            return Found({"address": each.address, "ban": ban, "person": person}, (said,))
    return None


def emergency(ground: Ground) -> Found | None:
    """A list holds every post until its moderator has looked at it."""
    for each in ground.lists:
        if each.setting("emergency"):
            return Found({"address": each.address}, (f"{each.address}: emergency is on",))
    return None


def members_held(ground: Ground) -> Found | None:
    """What members post is held, rejected or discarded."""
    for each in ground.lists:
        action = str(each.setting("default_member_action"))
        if action in KEEPING:
            said = f"{each.address}: default_member_action is {action}"
            return Found({"address": each.address, "action": action}, (said,))
    return None


def too_big(ground: Ground) -> Found | None:
    """A list holds posts that others would pass: they are bigger than max_message_size."""
    held = [line.text for line in ground.mailman_lines if line.text.startswith("HOLD:") and ground.token in line.text]
    said = [text for text in held if re.search(r"larger than|too big|max_message_size|max-size", text)]
    for each in ground.lists if said else ():
        size = int(each.setting("max_message_size"))
        if size:
            return Found({"address": each.address, "size": str(size)}, tuple(said[:1]))
    return None


def held_by_rule(ground: Ground) -> Found | None:
    """A list holds what a subscriber posts, by a rule that no other code tells of."""
    stranger = f" post from {ground.scene.bench.outsider.address} held, "  # held as any stranger's post is
    for line in ground.mailman_lines:
        held = verdicts.holding(line)
        probe = _PROBE.fullmatch(held.mailing_list or "") if held else None
        if held is None or probe is None or probe["token"] != ground.token or stranger in line.text:
            continue
        if any(known(ground) for known in (emergency, members_held, too_big)):
            return None
        address = ground.site.list_address(ground.site.lists[int(probe["number"]) - 1])
        return Found({"address": address, "rule": held.why}, (line.text,))
    return None


def delivery_off(ground: Ground) -> Found | None:
    """A subscriber whom the admin named has delivery switched off in Mailman."""
    for person in ground.scene.bench.subscribers:
        found = None if person.temporary else rest.find_address(ground.client, person.address)
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
    for each in ground.lists if named else ():
        for address in sorted(each.asked() & named):
            said = f"{address} has a pending request on {each.address}"
            return Found({"address": address, "list_address": each.address}, (said,))
    return None


WAY: tuple[Cause, ...] = (
    Cause("MW301", silent),
    Cause("MW303", map_missing),
    Cause("MW302", no_route),
    Cause("MW304", stale_map),
    Cause("MW306", no_delimiter),
)
LISTS: tuple[Cause, ...] = (
    Cause("MW307", banned),
    Cause("MW401", policy, stands=False),
    Cause("MW402", pending, stands=False),
    Cause("MW403", emergency),
    Cause("MW404", members_held),
    Cause("MW504", too_big),
    Cause("MW408", held_by_rule, stands=False),
    Cause("MW505", delivery_off),
)
OUT: tuple[Cause, ...] = (Cause("MW405", refused),)
