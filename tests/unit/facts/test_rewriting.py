"""What canonical(5) and virtual(5) make of an address, by every form of key."""

from __future__ import annotations

import pytest

from tests.unit.facts.recorded import Answer, TellingHost
from wizard.errors import CommandError
from wizard.facts import rewriting

LIST, OWNER = "reading-group@local.edu", "reading-group-owner@local.edu"
SETTINGS = {
    "recipient_canonical_maps": "",
    "canonical_maps": "",
    "virtual_alias_maps": "",
    "canonical_classes": "envelope_sender, envelope_recipient",
    "recipient_delimiter": "+",
    "mydestination": "mail.local.edu, local.edu",
    "myorigin": "mail.local.edu",
}


def host(settings: dict[str, str], tables: dict[str, str]) -> TellingHost:
    """A Postfix with these settings, and tables that hold the lines as ``postmap -q -`` prints them."""
    shown = "".join(f"{name} = {value}\n" for name, value in {**SETTINGS, **settings}.items())

    def answer(argv: tuple[str, ...]) -> Answer:
        return (0, shown, "") if argv[0] == "postconf" else (0, tables.get(argv[-1], ""), "")

    return TellingHost(answer=answer)


@pytest.mark.parametrize("parameter", ["recipient_canonical_maps", "canonical_maps", "virtual_alias_maps"])
@pytest.mark.parametrize("key", [LIST, "reading-group", "@local.edu"])
def test_every_table_and_every_form_of_key_is_seen(parameter: str, key: str) -> None:
    found = rewriting.away(host({parameter: "hash:/t"}, {"hash:/t": f"{key}\troot@mail.local.edu\n"}), [LIST])
    assert [(each.parameter, each.key, each.target) for each in found] == [(parameter, key, "root@mail.local.edu")]
    assert str(found[0]).startswith(f"{parameter} sends {LIST} to root@mail.local.edu")


@pytest.mark.parametrize("target", [LIST, "Reading-Group@Local.EDU", f"keeper@local.edu, {LIST}", "@local.edu"])
def test_what_leads_to_itself_also_among_others_is_not_away(target: str) -> None:
    known = host({"virtual_alias_maps": "hash:/t"}, {"hash:/t": f"{LIST}\t{target}\n"})
    assert rewriting.away(known, [LIST]) == ()


def test_an_entry_of_its_own_shields_from_a_catch_all() -> None:
    tables = {"hash:/t": f"@local.edu\troot@mail.local.edu\n{LIST}\t{LIST}\n"}
    found = rewriting.away(host({"virtual_alias_maps": "hash:/t"}, tables), [LIST, OWNER])
    assert [each.address for each in found] == [OWNER]


def test_the_form_of_the_key_goes_before_the_order_of_tables() -> None:
    tables = {"hash:/first": "@local.edu\tother@mail.local.edu\n", "hash:/second": f"{LIST}\t{LIST}\n"}
    assert rewriting.away(host({"virtual_alias_maps": "hash:/first hash:/second"}, tables), [LIST]) == ()


def test_a_bare_user_counts_where_the_domain_is_local_alone() -> None:
    elsewhere = {"virtual_alias_maps": "hash:/t", "mydestination": "mail.local.edu"}
    assert rewriting.away(host(elsewhere, {"hash:/t": "reading-group\troot@mail.local.edu\n"}), [LIST]) == ()


def test_a_bare_target_is_of_the_origin() -> None:
    known = host({"virtual_alias_maps": "hash:/t", "myorigin": "local.edu"}, {"hash:/t": f"{LIST}\treading-group\n"})
    assert rewriting.away(known, [LIST]) == ()


def test_canonical_maps_that_spare_recipients_are_not_asked() -> None:
    settings = {"canonical_maps": "hash:/t", "canonical_classes": "envelope_sender, header_sender"}
    assert rewriting.away(host(settings, {"hash:/t": f"{LIST}\troot@mail.local.edu\n"}), [LIST]) == ()


def test_patterns_are_asked_for_the_whole_address_alone() -> None:
    known = host({"virtual_alias_maps": "proxy:regexp:/p"}, {})
    rewriting.away(known, [LIST])
    assert known.calls[-1][1] == f"{LIST}\n"


def test_a_table_that_cannot_be_read_is_an_error() -> None:
    def answer(argv: tuple[str, ...]) -> Answer:
        shown = "".join(f"{name} = {value}\n" for name, value in {**SETTINGS, "canonical_maps": "hash:/t"}.items())
        return (0, shown, "") if argv[0] == "postconf" else (1, "", "postmap: fatal: open database /t.db")

    with pytest.raises(CommandError):
        rewriting.away(TellingHost(answer=answer), [LIST])


@pytest.mark.parametrize(
    ("delimiter", "address", "forms"),
    [
        ("", LIST, (LIST, "reading-group", "@local.edu")),
        (
            "+",
            "a+b@local.edu",
            ("a+b@local.edu", "a@local.edu", "a+b", "a", "@local.edu"),
        ),
        ("+-", "a-b@local.edu", ("a-b@local.edu", "a@local.edu", "a-b", "a", "@local.edu")),
    ],
)
def test_forms_of_an_address(delimiter: str, address: str, forms: tuple[str, ...]) -> None:
    assert rewriting.keys(address, delimiter=delimiter, local=True) == forms
