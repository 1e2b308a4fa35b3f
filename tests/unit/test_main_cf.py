"""Parameters of main.cf: nothing of the admin's is lost, and what will do is left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.doubles import MAIN_CF, MemoryHost
from tests.unit.test_site_properties import sites
from wizard.errors import CommandError
from wizard.facts import address_class
from wizard.facts.address_class import entries
from wizard.facts.answered import MAPPED
from wizard.mailman.cfg import Config
from wizard.site import DomainClass, Site, build
from wizard.stages import main_cf
from wizard.stages.lmtp.plan import Tables
from wizard.stages.lmtp.plan import parameters as lmtp_parameters
from wizard.stages.main_cf import Parameter, fixed, holding
from wizard.stages.postfix import hardening
from wizard.stages.postfix.plan import parameters as postfix_parameters

TABLES = Tables("hash", Config("", {}))
LMTP, DOMAINS = "hash:/var/lib/mailman3/data/postfix_lmtp", "hash:/var/lib/mailman3/data/postfix_domains"
CLASSES: tuple[DomainClass, ...] = ("shared", "dedicated", "virtual")

words = st.sampled_from(
    [
        "$myhostname",
        "localhost",
        "local.edu",
        "LOCAL.edu",
        "hash:/etc/postfix/transport",
        "proxy:unix:passwd.byname",
        "$alias_maps",
        LMTP,
        DOMAINS,
        "inline:{ a=b, {c = d e} }",
        "127.0.0.0/8",
        "[::1]/128",
        MAPPED,
        "permit_mynetworks",
        "reject_unauth_destination",
        "defer_unauth_destination",
        "check_client_access",
        "+",
        "-",
        "yes",
        "no",
    ]
)
values = st.lists(st.tuples(words, st.sampled_from([" ", ",", ", ", "  ", "\t", " , "]))).map(
    lambda parts: "".join(word + separator for word, separator in parts)
)


def all_parameters(site: Site) -> dict[str, list[Parameter]]:
    found: dict[str, list[Parameter]] = {}
    closed = hardening.parameters(site, dict.fromkeys(hardening.NAMES, ""), certificate=True)
    for each in (*postfix_parameters(site, logs_to_file=True), *closed, *lmtp_parameters(site, TABLES)):
        found.setdefault(each.name, []).append(each)
    return found


def site_of(domain_class: str, **mail: object) -> Site:
    return build({"mail": {"domain_class": domain_class, **mail}})


def parameter(name: str, site: Site | None = None) -> Parameter:
    return all_parameters(site or Site())[name][-1]


class TestEveryParameter:
    @given(sites(), values)
    def test_what_it_has_become_will_do(self, site: Site, value: str) -> None:
        for same in all_parameters(site).values():
            for each in same:
                once = each.becomes(value)
                assert each.becomes(once) == once, each.name

    @given(sites(), values)
    def test_two_stages_that_set_one_parameter_agree(self, site: Site, value: str) -> None:
        """What a later stage makes of it will do for the earlier one, or a second `apply` would change it back."""
        for same in all_parameters(site).values():
            last = value
            for each in same:
                last = each.becomes(last)
            assert [each.becomes(last) for each in same] == [last] * len(same), same[0].name

    @given(sites(), values)
    def test_what_it_becomes_is_one_line(self, site: Site, value: str) -> None:
        for same in all_parameters(site).values():
            for each in same:
                assert each.becomes(value.replace("\t", " ")).isprintable()

    @given(sites())
    def test_each_has_its_reason(self, site: Site) -> None:
        assert all(each.why for same in all_parameters(site).values() for each in same)

    def test_the_log_is_set_only_where_nothing_keeps_one(self) -> None:
        names = [each.name for each in postfix_parameters(Site(), logs_to_file=False)]
        assert "maillog_file" not in names
        assert "maillog_file" in all_parameters(Site())


class TestHolding:
    @given(values, st.lists(words, max_size=3, unique=True))
    def test_no_entry_is_dropped_or_moved(self, value: str, wanted: list[str]) -> None:
        found = entries(holding(*wanted)(value))
        assert found[: len(entries(value))] == entries(value)
        assert set(found) == {*entries(value), *wanted}

    @given(values, st.lists(words, max_size=3, unique=True))
    def test_the_values_own_text_stays(self, value: str, wanted: list[str]) -> None:
        assert holding(*wanted)(value).startswith(value.rstrip(", \t"))

    @pytest.mark.parametrize(
        ("value", "after"),
        [
            ("", "x:y"),
            ("a:b", "a:b, x:y"),
            ("a:b  c:d,", "a:b  c:d, x:y"),
            ("x:y,a:b", "x:y,a:b"),
            ("inline:{ a=b, c=d }", "inline:{ a=b, c=d }, x:y"),
            ("a:x:y", "a:x:y, x:y"),
        ],
    )
    def test_examples(self, value: str, after: str) -> None:
        assert holding("x:y")(value) == after


def test_fixed_is_always_the_same() -> None:
    assert {fixed("yes")(value) for value in ("", "no", "yes")} == {"yes"}


class TestStage1:
    @pytest.mark.parametrize(
        ("domain_class", "before", "after"),
        [
            ("shared", "", "$myhostname, localhost, local.edu"),
            ("shared", "mail.local.edu, localhost, local.edu", "mail.local.edu, localhost, local.edu"),
            ("shared", "LOCAL.EDU localhost $myhostname", "LOCAL.EDU localhost $myhostname"),
            ("shared", "other.org  localhost", "other.org  localhost, $myhostname, local.edu"),
            ("dedicated", "$myhostname, local.edu, localhost", "$myhostname, localhost"),
            ("dedicated", "Local.Edu $myhostname hash:/etc/d", "$myhostname, hash:/etc/d, localhost"),
            ("virtual", "local.edu", "$myhostname, localhost"),
            ("virtual", "$myhostname localhost", "$myhostname localhost"),
        ],
    )
    def test_mydestination(self, domain_class: str, before: str, after: str) -> None:
        assert parameter("mydestination", site_of(domain_class)).becomes(before) == after

    @given(values, st.sampled_from(CLASSES))
    def test_mydestination_keeps_every_other_domain(self, value: str, domain_class: str) -> None:
        after = entries(parameter("mydestination", site_of(domain_class)).becomes(value))
        assert {entry for entry in entries(value) if entry.lower() != "local.edu"} <= set(after)
        assert any(entry.lower() == "local.edu" for entry in after) is (domain_class == "shared")

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ("", "permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination"),
            ("reject_unauth_destination", "reject_unauth_destination"),
            ("permit_mynetworks  reject_unauth_destination", "permit_mynetworks  reject_unauth_destination"),
            (
                "permit_mynetworks permit_sasl_authenticated defer_unauth_destination",
                "permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination",
            ),
            ("permit_mynetworks", "permit_mynetworks, reject_unauth_destination"),
            (
                "check_client_access inline:{ {1.2.3.4 = OK} }, defer_unauth_destination",
                "check_client_access, inline:{ {1.2.3.4 = OK} }, reject_unauth_destination",
            ),
        ],
    )
    def test_relay_restrictions(self, before: str, after: str) -> None:
        assert parameter("smtpd_relay_restrictions").becomes(before) == after

    @given(values)
    def test_a_stranger_is_always_refused_and_nothing_else_is_dropped(self, value: str) -> None:
        after = entries(parameter("smtpd_relay_restrictions").becomes(value))
        assert "reject_unauth_destination" in after
        assert "defer_unauth_destination" not in after
        assert set(entries(value)) - {"defer_unauth_destination"} <= set(after)

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ("", "127.0.0.0/8 [::1]/128"),
            ("127.0.0.0/8 [::1]/128", "127.0.0.0/8 [::1]/128"),
            ("[::1]/128, 127.0.0.0/8", "[::1]/128, 127.0.0.0/8"),
            (f"127.0.0.0/8 {MAPPED} [::1]/128", f"127.0.0.0/8 {MAPPED} [::1]/128"),
            ("127.0.0.0/8 [::1]/128 10.0.0.0/8", "127.0.0.0/8 [::1]/128"),
            ("0.0.0.0/0", "127.0.0.0/8 [::1]/128"),
        ],
    )
    def test_networks(self, before: str, after: str) -> None:
        assert parameter("mynetworks").becomes(before) == after

    @pytest.mark.parametrize(("mailbox", "home"), [("mbox", ""), ("maildir", "Maildir/")])
    def test_mailboxes(self, mailbox: str, home: str) -> None:
        assert parameter("home_mailbox", build({"mail": {"mailbox": mailbox}})).becomes("anything") == home

    def test_an_empty_recipient_map_would_accept_everybody(self) -> None:
        first = all_parameters(Site())["local_recipient_maps"][0]
        assert first.becomes("") == "proxy:unix:passwd.byname $alias_maps"
        assert first.becomes("hash:/etc/users") == "proxy:unix:passwd.byname $alias_maps, hash:/etc/users"
        other = all_parameters(site_of("dedicated"))["local_recipient_maps"][0]
        assert other.becomes("hash:/etc/users") == "hash:/etc/users"


class TestStage3:
    @pytest.mark.parametrize(
        ("domain_class", "added"),
        [
            ("shared", {"local_recipient_maps": f"proxy:unix:passwd.byname, $alias_maps, {LMTP}"}),
            ("dedicated", {"relay_domains": DOMAINS, "relay_recipient_maps": LMTP}),
            ("virtual", {"virtual_mailbox_domains": "local.edu", "virtual_mailbox_maps": LMTP}),
        ],
    )
    def test_what_each_class_needs(self, domain_class: str, added: dict[str, str]) -> None:
        always = {"recipient_delimiter": "+", "owner_request_special": "no", "transport_maps": LMTP}
        found = {
            each.name: value
            for each, value in main_cf.edits(lmtp_parameters(site_of(domain_class), TABLES), {}).items()
        }
        assert found == {**always, **added}

    @pytest.mark.parametrize("domain_class", ["shared", "virtual"])
    def test_a_domain_that_was_relayed_leaves_that_class(self, domain_class: str) -> None:
        before = {"relay_domains": f"other.example, {DOMAINS}"}
        found = {
            each.name: value
            for each, value in main_cf.edits(lmtp_parameters(site_of(domain_class), TABLES), before).items()
        }
        assert found["relay_domains"] == "other.example"

    def test_unix_users_stay_known(self) -> None:
        value = "proxy:unix:passwd.byname $alias_maps"
        assert parameter("local_recipient_maps").becomes(value) == f"{value}, {LMTP}"

    @pytest.mark.parametrize(("before", "after"), [("", "+"), ("+", "+"), ("-", "+-"), ("-+", "-+")])
    def test_the_delimiter_holds_a_plus(self, before: str, after: str) -> None:
        assert parameter("recipient_delimiter").becomes(before) == after

    def test_tables_have_the_type_that_mailman_compiles(self) -> None:
        config = Config("", {("paths.debian", "var_dir"): "/srv/mm"})
        assert Tables("lmdb", config).lmtp == "lmdb:/srv/mm/data/postfix_lmtp"


class TestEdits:
    def test_only_what_must_change(self) -> None:
        same, other = Parameter("same", fixed("1"), "why"), Parameter("other", fixed("2"), "why")
        assert main_cf.edits((same, other), {"same": "1", "other": "1"}) == {other: "2"}

    def test_what_is_not_set_is_empty(self) -> None:
        parameter = Parameter("absent", fixed(""), "why")
        assert main_cf.edits((parameter,), {}) == {}

    def test_nothing_is_staged_if_nothing_must_change(self) -> None:
        host = MemoryHost(commands={"postconf": lambda _: "a = 1\nb =\n"})
        assert main_cf.change(host, 1, (Parameter("a", fixed("1"), ""), Parameter("b", fixed(""), ""))) == ()
        assert [words[:1] for words in host.calls] == [("postconf",)]

    def test_a_preview_shows_the_lines_and_is_one(self) -> None:
        (file,) = main_cf.preview(1, (Parameter("a", fixed("1"), "because"), Parameter("b", holding("x"), "too")))
        assert (file.path, file.before, file.after, file.preview) == (MAIN_CF, None, b"a = 1\nb = x\n", True)
        assert [str(why) for why in file.why] == ["a: because", "b: too"]


class TestAddressClass:
    def host(self, **postconf: str) -> MemoryHost:
        settings = "".join(f"{name} = {value}\n" for name, value in postconf.items())
        return MemoryHost(commands={"postconf": lambda _: settings, "postmap": self.postmap})

    def postmap(self, argv: tuple[str, ...]) -> str:
        if "hash:/broken" in argv:
            raise OSError("fatal: open /broken.db: No such file or directory")
        return "local.edu\tx\n" if "hash:/there" in argv else ""

    @pytest.mark.parametrize(
        ("value", "held"),
        [
            ("", False),
            ("local.edu", True),
            ("LOCAL.edu", True),
            ("a.org, local.edu", True),
            ("sub.local.edu edu", False),
            ("!local.edu, local.edu", False),
            ("local.edu !local.edu", True),
            ("hash:/there", True),
            ("proxy:hash:/empty", False),
            ("!hash:/there local.edu", False),
        ],
    )
    def test_a_list_of_domains_holds_one(self, value: str, held: bool) -> None:  # noqa: FBT001 (of the table)
        assert address_class.holds(self.host(), value, "local.edu") is held

    def test_a_file_of_patterns(self) -> None:
        host = self.host()
        path = MAIN_CF.with_name("patterns")
        host.write(path, b"# local.edu\nother.org # local.edu\n!sub.edu\nsub.edu\n", mode=0o644, owner="a", group="a")
        held = [name for name in ("local.edu", "other.org", "sub.edu") if address_class.holds(host, str(path), name)]
        assert held == ["other.org"]

    def test_a_table_that_cannot_be_read_is_no_answer(self) -> None:
        with pytest.raises(CommandError):
            address_class.holds(self.host(), "hash:/broken", "local.edu")

    def test_classes_are_in_postfixs_order(self) -> None:
        host = self.host(relay_domains="local.edu", mydestination="local.edu", virtual_alias_domains="")
        assert address_class.of(host, "local.edu") == ("mydestination", "relay_domains")

    @pytest.mark.parametrize(
        ("classes", "bad"),
        [
            ((), False),
            (("mydestination",), False),
            (("mydestination", "relay_domains"), False),
            (("mydestination", "virtual_mailbox_domains"), True),
            (("virtual_alias_domains", "virtual_mailbox_domains"), True),
            (("mydestination", "virtual_mailbox_domains", "relay_domains"), True),
        ],
    )
    def test_classes_that_conflict(self, classes: tuple[str, ...], bad: bool) -> None:  # noqa: FBT001 (of the table)
        assert address_class.conflicting(classes) is bad

    @pytest.mark.parametrize(
        ("value", "found"),
        [
            ("", ()),
            (" , ", ()),
            ("a,b  c\td\n e", ("a", "b", "c", "d", "e")),
            ("inline:{a=b, c=d}, e", ("inline:{a=b, c=d}", "e")),
            ("inline:{ {a = b c}, {d = e} } f", ("inline:{ {a = b c}, {d = e} }", "f")),
            ("${a?{b c}:{d}} e", ("${a?{b c}:{d}}", "e")),
            ("a\u00a0b", ("a\u00a0b",)),
        ],
    )
    def test_entries(self, value: str, found: tuple[str, ...]) -> None:
        assert entries(value) == found
