"""What a plan would have refused that was accepted until now: named, and only that."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.unit.doubles import MemoryHost
from wizard.facts.recipients import Acceptance
from wizard.host import Completed
from wizard.plan import File, Why
from wizard.site import Site, build
from wizard.stages import refusals
from wizard.stages.main_cf import PATH
from wizard.stages.refusals import NAMED, Lost, lost, warnings

PASSWD = """root:x:0:0::/root:/bin/sh
daemon:x:1:1::/:/usr/sbin/nologin
alice:x:1000:1000::/home/alice:/bin/bash
"""
LMTP = "hash:/var/lib/mailman3/data/postfix_lmtp"
USERS = "proxy:unix:passwd.byname hash:/etc/aliases"
TABLES: Mapping[str, tuple[str, ...]] = {
    "unix:passwd.byname": ("root", "daemon", "alice"),
    "hash:/etc/aliases": ("YP_LAST_MODIFIED", "@", "postmaster", "office"),
    "hash:/etc/postfix/transport": ("old@local.edu", "other.example", "*"),
    "hash:/etc/postfix/relay": ("carol@local.edu", "dave@other.example"),
    "hash:/etc/postfix/virtual": ("info@local.edu", "@catch.example"),
    LMTP: ("singers@local.edu",),
}
SHARED = {
    "mydestination": "mail.local.edu, localhost, local.edu",
    "local_recipient_maps": USERS,
    "alias_maps": "hash:/etc/aliases",
    "recipient_delimiter": "+",
}


class Tables(MemoryHost):
    """Postfix's tables, as postmap(1) tells them."""

    def run(self, argv: object, *, stdin: str | None = None, **_others: object) -> Completed:
        words = tuple(str(each) for each in argv) if isinstance(argv, list | tuple) else ()
        said = ""
        if words[0] == "getent":
            said = PASSWD
        elif words[:2] == ("postmap", "-s"):
            if words[2] not in TABLES:
                return Completed(words, 1, "", "fatal: open", 0.0)
            said = "".join(f"{key}\tx\n" for key in TABLES[words[2]])
        elif words[:2] == ("postmap", "-q"):
            if words[3] not in TABLES:
                return Completed(words, 1, "", "fatal: open", 0.0)
            said = "".join(f"{key}\tx\n" for key in (stdin or "").split() if key in TABLES[words[3]])
        return Completed(words, 0, said, "", 0.0)


def found(before: Mapping[str, str], after: Mapping[str, str], site: Site | None = None) -> Lost:
    host = Tables()
    return lost(site or Site(), Acceptance(host, before), Acceptance(host, {**before, **after}))


def test_a_map_that_only_grows_refuses_nobody() -> None:
    assert found(SHARED, {"local_recipient_maps": f"{USERS} {LMTP}"}) == Lost()
    assert found(SHARED, {"mydestination": f"{SHARED['mydestination']}, more.example"}) == Lost()


def test_users_and_aliases_of_a_domain_that_leaves_this_machine_are_named_people_first() -> None:
    site = build({"mail": {"domain_class": "dedicated"}})
    lists = {"relay_domains": "local.edu", "relay_recipient_maps": LMTP}
    gone = found(SHARED, {"mydestination": "mail.local.edu, localhost", **lists}, site)
    assert gone.addresses == tuple(f"{user}@local.edu" for user in ("root", "alice", "postmaster", "office", "daemon"))
    assert gone.everybody == gone.unlisted == ()


def test_the_same_while_the_domain_is_in_no_class_yet() -> None:
    site = build({"mail": {"domain_class": "dedicated"}})
    assert "alice@local.edu" in found(SHARED, {"mydestination": "mail.local.edu, localhost"}, site).addresses


def test_an_address_that_an_alias_rewrites_is_still_accepted() -> None:
    before = {**SHARED, "virtual_alias_maps": "hash:/etc/postfix/virtual", "local_recipient_maps": ""}
    gone = found(before, {"local_recipient_maps": USERS})
    assert "info@local.edu" not in gone.addresses


def test_where_everybody_was_accepted_those_are_named_whom_a_transport_leads_elsewhere() -> None:
    before = {**SHARED, "transport_maps": "hash:/etc/postfix/transport", "local_recipient_maps": ""}
    gone = found(before, {"local_recipient_maps": USERS})
    assert gone.addresses == ("old@local.edu",)
    assert gone.everybody == ("local.edu", "mail.local.edu", "localhost")


def test_a_relayed_domain_that_gets_its_first_map() -> None:
    site = build({"mail": {"domain_class": "dedicated"}})
    before = {"relay_domains": "local.edu other.example", "relay_recipient_maps": "hash:/etc/postfix/relay"}
    assert found(before, {"relay_recipient_maps": f"hash:/etc/postfix/relay, {LMTP}"}, site) == Lost()
    anybody = {**before, "relay_recipient_maps": "", "transport_maps": "hash:/etc/postfix/transport"}
    gone = found(anybody, {"relay_recipient_maps": LMTP}, site)
    assert gone.addresses == ("old@local.edu",)
    assert gone.everybody == ("local.edu", "other.example")


def test_another_host_name_loses_the_addresses_of_the_old_one() -> None:
    assert "myhostname" in refusals.CHANGING
    gone = found(SHARED, {**SHARED, "mydestination": "mx.local.edu, localhost, local.edu"})
    assert {"alice@mail.local.edu", "root@mail.local.edu"} <= set(gone.addresses)


def test_lists_are_not_lost() -> None:
    site = build({"mail": {"domain_class": "dedicated"}, "lists": [{"name": "office"}]})
    before = {**SHARED, "local_recipient_maps": f"{USERS} {LMTP}", "transport_maps": LMTP}
    gone = found(before, {"mydestination": "mail.local.edu", "relay_domains": "local.edu"}, site)
    assert "singers@local.edu" not in gone.addresses
    assert "office@local.edu" not in gone.addresses


def test_a_table_that_cannot_be_listed_is_told() -> None:
    before = {**SHARED, "local_recipient_maps": "ldap:/etc/postfix/people.cf"}
    gone = found(before, {"mydestination": "mail.local.edu, localhost"})
    assert gone.unlisted == ("ldap:/etc/postfix/people.cf",)


@pytest.mark.parametrize(("count", "end"), [(NAMED, f"u{NAMED - 1}@x.y"), (NAMED + 3, "and 3 more")])
def test_no_more_are_named_than_can_be_read(count: int, end: str) -> None:
    (why,) = warnings(Lost(addresses=tuple(f"u{number}@x.y" for number in range(count))))
    assert why.what == "warning"
    assert why.reason.endswith(end)


def test_nothing_is_looked_at_for_other_changes() -> None:
    file = File(1, PATH, b"", b"", 0o644, "root", "root", (Why("home_mailbox", "x"),))
    host = MemoryHost()
    assert refusals.noted(Site(), host, (file,)) == (file,)
    assert refusals.noted(Site(), host, ()) == ()
    assert host.calls == []
