"""What each answer may be, and how a wrong one is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from wizard.errors import AnswerError, Problem
from wizard.site import RESERVED, SUBADDRESSES, check_field, load

NOWHERE = Path("/nonexistent/site.toml")


def problems(*overrides: str) -> tuple[Problem, ...]:
    with pytest.raises(AnswerError) as caught:
        load(NOWHERE, overrides)
    assert caught.value.exit_code == 2
    return caught.value.problems


def problem(override: str) -> Problem:
    (found,) = problems(override)
    assert str(found).isprintable()
    return found


@pytest.mark.parametrize(
    ("key", "text", "value", "may_be"),
    [
        ("mail.domain", "local edu.org", "'local edu.org'", "without ' '"),
        ("mail.domain", " local.edu", "' local.edu'", "without ' '"),
        ("mail.domain", "local.edu ", "'local.edu '", "without ' '"),
        ("mail.domain", "my_lists.edu", "'my_lists.edu'", "without '_'"),
        ("mail.domain", "local.edu\nx", r"'local.edu\nx'", r"without '\n'"),
        ("mail.domain", "local.edu\0", r"'local.edu\x00'", r"without '\x00'"),
        ("mail.domain", "\x1b[2Jlocal.edu", r"'\x1b[2Jlocal.edu'", r"without '\x1b'"),
        ("mail.domain", "local.edu.", "'local.edu.'", "without the dot at its end, such as local.edu"),
        ("mail.domain", ".", "'.'", "such as local.edu"),
        ("mail.domain", "", "''", "it is empty"),
        ("mail.domain", '""', "''", "it is empty"),
        ("mail.domain", "edu", "'edu'", "at least one dot"),
        ("mail.domain", "192.0.2.1", "'192.0.2.1'", "not an IP address"),
        ("mail.domain", ".local.edu", "'.local.edu'", "labels of 1 to 63"),
        ("mail.domain", "local..edu", "'local..edu'", "labels of 1 to 63"),
        ("mail.domain", "-local.edu", "'-local.edu'", "labels of 1 to 63"),
        ("mail.domain", f"{'a' * 64}.edu", f"'{'a' * 58}…", "labels of 1 to 63"),
        ("mail.domain", "xn--zzzzzzz999.edu", "'xn--zzzzzzz999.edu'", "RFC 5890"),
        ("mail.domain", "bücher.example", "'bücher.example'", "xn--bcher-kva.example"),
        ("mail.domain", "a\u202eb.edu", r"'a\u202eb.edu'", "a name in ASCII"),
        (
            "mail.domain",
            f"{'a.' * 149}ab",
            f"'{'a.' * 29}…",
            "it has 300",
        ),
        ("mail.hostname", "mail", "'mail'", "at least one dot"),
        ("mail.domain_class", "private", "'private'", "one of shared, dedicated, virtual"),
        ("mail.domain_class", "true", "'true'", "one of shared, dedicated, virtual"),
        ("mail.mailbox", "", "''", "mbox, maildir, or a place"),
        ("mail.interfaces", "eth0", "'eth0'", "loopback-only, all, or addresses"),
        ("mail.networks.0", "all", "'all'", "a network, such as 127.0.0.0/8"),
        ("mail.networks.0", "127.0.0.0/33", "'127.0.0.0/33'", "a network, such as"),
        ("mail.interfaces", "192.0.2.5", "'192.0.2.5'", "127.0.0.1 among them"),
        ("mail.mailbox", "heap", "'heap'", "mbox, maildir, or a place"),
        ("mail.mailbox", "~/../x/", "'~/../x/'", "mbox, maildir, or a place"),
        ("mail.mailbox", "~//x", "'~//x'", "mbox, maildir, or a place"),
        ("mail.mailbox", "~/a b", "'~/a b'", "mbox, maildir, or a place"),
        ("mailman.database", "sqlite:///mm.db", "'sqlite:///mm.db'", "sqlite, or postgresql://"),
        ("mail.networks.0", "cidr:lan", "'cidr:lan'", "a network, such as"),
        ("mail.networks.0", "fe80::%eth0/64", "'fe80::%eth0/64'", "a network, such as"),
        (
            "mail.networks.0",
            "192.168.1.7/24",
            "'192.168.1.7/24'",
            "192.168.1.0/24, or the one host 192.168.1.7/32",
        ),
        ("mail.networks.0", "[fc00::7]/64", "'[fc00::7]/64'", "[fc00::]/64, or the one host [fc00::7]/128"),
        ("mail.networks.0", "0.0.0.0/0", "'0.0.0.0/0'", "no wider than /16"),
        ("mail.networks.0", "[2000::]/3", "'[2000::]/3'", "no wider than /32"),
        ("mail.networks", "10.0.0.0/8", "['10.0.0.0/8']", "127.0.0.0/8 among them"),
        ("mail.networks", "", "[]", "127.0.0.0/8 among them"),
        ("mailman.site_owner", "alice", "'alice'", "an address with its domain"),
        ("mailman.site_owner", "alice@", "'alice@'", "an address with its domain"),
        ("mailman.site_owner", "@local.edu", "'@local.edu'", "before the @"),
        ("mailman.site_owner", "-alice@local.edu", "'-alice@local.edu'", "before the @"),
        ("mailman.site_owner", "a..b@local.edu", "'a..b@local.edu'", "before the @"),
        ("mailman.site_owner", "'a b'@local.edu", "\"'a b'@local.edu\"", "before the @"),
        ("mailman.site_owner", "a|b@local.edu", "'a|b@local.edu'", "before the @"),
        ("mailman.site_owner", "a@b@local.edu", "'a@b@local.edu'", "after the @ letters, digits"),
        ("mailman.site_owner", "a@localhost", "'a@localhost'", "after the @ a fully qualified name"),
        (
            "mailman.site_owner",
            f"{'a' * 65}@local.edu",
            f"'{'a' * 58}…",
            "at most 64 characters before the @",
        ),
        (
            "mailman.site_owner",
            f"{'a' * 20}@{'b.' * 120}edu",
            f"'{'a' * 20}@{'b.' * 18}b…",
            "at most 254 characters",
        ),
        ("mailman.lmtp", "127.0.0.1:0", "'127.0.0.1:0'", "a port from 1 to 65535"),
        ("mailman.lmtp", "127.0.0.1:65536", "'127.0.0.1:65536'", "a port from 1 to 65535"),
        ("mailman.lmtp", "127.0.0.1:" + "9" * 5000, f"'127.0.0.1:{'9' * 48}…", "a port from 1 to 65535"),
        ("mailman.lmtp", "127.0.0.1:25", "'127.0.0.1:25'", "Postfix's own"),
        ("mailman.lmtp", "127.0.0.1:-1", "'127.0.0.1:-1'", "an address and a port"),
        ("mailman.lmtp", "8024", "'8024'", "an address and a port"),
        ("mailman.lmtp", "localhost:8024", "'localhost:8024'", "an IP address and not a name"),
        ("mailman.lmtp", "[localhost]:8024", "'[localhost]:8024'", "an IP address and not a name"),
        ("mailman.lmtp", "0.0.0.0:8024", "'0.0.0.0:8024'", "127.0.0.0/8 or [::1]"),
        ("mailman.lmtp", "[::ffff:127.0.0.1]:8024", "'[::ffff:127.0.0.1]:8024'", "127.0.0.0/8 or [::1]"),
        ("mailman.rest", "[::1%lo]:8001", "'[::1%lo]:8001'", "127.0.0.0/8 or [::1]"),
        ("lists.0.name", "a/b", "'a/b'", "lower case letters"),
        ("lists.0.name", "Reading", "'Reading'", "lower case letters"),
        ("lists.0.name", "-x", "'-x'", "lower case letters"),
        ("lists.0.name", "x.", "'x.'", "lower case letters"),
        ("lists.0.name", "x..y", "'x..y'", "lower case letters"),
        ("lists.0.name", "x+y", "'x+y'", "lower case letters"),
        ("lists.0.name", "", "''", "lower case letters"),
        ("lists.0.name", "a" * 53, f"'{'a' * 53}'", "at most 52 characters"),
        ("lists.0.owner", "alice", "'alice'", "an address with its domain"),
        (
            "lists.0.owner",
            "reading-group-owner@LOCAL.edu",
            "'reading-group-owner@local.edu'",
            "a person's address",
        ),
        ("lists.0.subscription_policy", "closed", "'closed'", "one of confirm, open, moderate, confirm_then"),
        ("check.subscribers", "0", "0", "a number from 1 to 50"),
        ("check.subscribers", "51", "51", "a number from 1 to 50"),
        ("check.subscribers", "true", "True", "a number from 1 to 50"),
        ("check.subscribers", "3.0", "3.0", "a number from 1 to 50"),
        ("check.subscribers", "[]", "[]", "a number from 1 to 50"),
        ("check.subscribers", "0x" + "f" * 9000, "int", "a number from 1 to 50"),
        ("check.subscribers.0", "three", "'three'", "an address with its domain"),
        ("check.subscribers.1", "a@b.c, A@B.c", "'A@b.c'", "not in the list already"),
        ("check.limit", "601", "601", "whole seconds from 1 to 600"),
        ("check.limit", "true", "True", "whole seconds from 1 to 600"),
        ("check.limit", "nan", "nan", "whole seconds from 1 to 600"),
        ("check.limit", "soon", "'soon'", "whole seconds from 1 to 600"),
        ("schema", "2", "2", "1, the only form"),
        ("schema", "true", "True", "1, the only form"),
    ],
)
def test_a_wrong_answer_is_named_with_its_value_and_what_it_may_be(
    key: str, text: str, value: str, may_be: str
) -> None:
    asked = key if key.startswith("lists.") else ".".join(key.split(".")[:2])
    found = problem(f"{asked}={text}")
    assert found.key == key
    assert found.value == value
    assert may_be in found.may_be


@pytest.mark.parametrize("suffix", SUBADDRESSES[1:])
def test_a_list_name_that_mailman_reads_as_an_address_of_another_list_is_refused(suffix: str) -> None:
    assert suffix in problem(f"lists.0.name=staff{suffix}").may_be
    assert check_field("lists.0.name", suffix[1:]) is None


@pytest.mark.parametrize("name", RESERVED)
def test_a_list_cannot_take_a_name_that_the_mail_system_uses(name: str) -> None:
    assert problem(f"lists.0.name={name}").key == "lists.0.name"


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("mail.domain", "LISTS.Example.ORG", "lists.example.org"),
        ("mail.domain", "lists.test", "lists.test"),
        ("mail.domain", "a.localhost", "a.localhost"),
        ("mail.domain", "xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("mail.domain", f"{'a.' * 100}edu", f"{'a.' * 100}edu"),
        ("mail.networks", "127.0.0.1", ("127.0.0.1/32",)),
        ("mail.networks", "127.0.0.0/8 ::1 10.1.0.0/16", ("127.0.0.0/8", "[::1]/128", "10.1.0.0/16")),
        ("mail.networks", '["127.0.0.0/8", "203.0.0.0/16"]', ("127.0.0.0/8", "203.0.0.0/16")),
        ("mail.networks", "127.0.0.0/8 cidr:/etc/lan", ("127.0.0.0/8", "cidr:/etc/lan")),
        ("mail.networks", "!10.0.0.5, 127.0.0.0/8, /etc/nets", ("!10.0.0.5/32", "127.0.0.0/8", "/etc/nets")),
        ("mail.interfaces", "192.0.2.5 127.0.0.1", "192.0.2.5, 127.0.0.1"),
        ("mail.interfaces", "localhost,[2001:db8::5]", "localhost, [2001:db8::5]"),
        ("mail.mailbox", "~/Mailbox", "~/Mailbox"),
        ("mail.mailbox", "~/.mail/in/", "~/.mail/in/"),
        ("mailman.database", "sqlite:////srv/lists/mm.db", "sqlite:////srv/lists/mm.db"),
        ("mailman.site_owner", "Alice.B+lists@LOCAL.edu", "Alice.B+lists@local.edu"),
        ("check.subscribers", "5", 5),
        ("check.subscribers", "a@b.c, d@e.f", ("a@b.c", "d@e.f")),
        ("check.limit", "600", 600),
    ],
)
def test_a_right_answer_is_taken_in_its_normal_form(key: str, text: str, value: object) -> None:
    section, name = key.split(".")
    assert getattr(getattr(load(NOWHERE, [f"{key}={text}"]), section), name) == value


def test_a_number_is_a_list_name_too() -> None:
    assert load(NOWHERE, ["lists.0.name=2024"]).lists[0].name == "2024"


@pytest.mark.parametrize("text", ["127.0.0.1:1", "127.255.255.254:65535", "[::1]:8024"])
def test_loopback_addresses_are_where_mailman_may_listen(text: str) -> None:
    assert str(load(NOWHERE, [f"mailman.lmtp={text}"]).mailman.lmtp) == text


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://mailman@/mailman?host=/run/postgresql",
        "postgresql://localhost/mailman",
        "postgresql://u:correct-horse@db.local.edu:5432/mailman?sslmode=require&connect_timeout=5",
        "postgresql://u:a%40%2Fb%25cdef@[::1]/mailman",
    ],
)
def test_a_postgresql_url_is_a_database(url: str) -> None:
    assert load(NOWHERE, [f"mailman.database={url}"]).mailman.database == url


@pytest.mark.parametrize(
    ("url", "may_be"),
    [
        ("mysql://u:correct-horse@h/db", "sqlite, or postgresql://"),
        ("postgres://u:correct-horse@h/db", "sqlite, or postgresql://"),
        ("postgresql://u:correct-horse@h", "sqlite, or postgresql://"),
        ("postgresql://u:correct-horse", "sqlite, or postgresql://"),
        ("postgresql:u:correct-horse@h/db", "sqlite, or postgresql://"),
        ("u:correct-horse@h/db", "sqlite, or postgresql://"),
        ("postgresql://u:correct-h@rse:correct-horse@h/db", "written as %XX"),
        ("postgresql://u:correct-horse$x@h/db", "written as %XX"),
        ("postgresql://u:correct-horse\n@h/db", "written as %XX"),
        ("postgresql://h/db?password=correct-horse", "written as %XX"),
        ("postgresql://u:correct-horse@h:99999/db", "a port from 1 to 65535"),
        ("postgresql://u:correct-horse%0Ax@h/db", "no control characters"),
        ("postgresql://mailman12:mailman12@h/db", "not the user's"),
        ("postgresql://u:secret@h/db", "at least 8 characters"),
    ],
)
def test_a_wrong_database_is_named_without_its_password(url: str, may_be: str) -> None:
    found = problem(f"mailman.database={url}")
    assert found.key == "mailman.database"
    assert may_be in found.may_be
    for password in ("correct-h", "rse", "secret", "mailman12@"):
        assert password not in str(found)


@pytest.mark.parametrize("key", ["mailman.databse", "database", "mailman.database.url"])
def test_a_password_under_a_misspelt_key_is_not_shown(key: str) -> None:
    found = problem(f"{key}=postgresql://u:correct-horse@h/db")
    assert "did you mean mailman.database?" in found.may_be
    assert found.value == "'postgresql://u:…@h/db'"


def test_a_password_without_its_key_is_not_shown() -> None:
    assert problem("postgresql://u:correct-horse@h/db").value == "'postgresql://u:…@h/db'"


@pytest.mark.parametrize(
    ("key", "nearest"),
    [
        ("mail.domian", "mail.domain"),
        ("maill.domain", "mail.domain"),
        ("domain", "mail.domain"),
        ("lists.4.nam", "lists.4.name"),
        ("mail", "mail.mailbox"),
        ("mail.domain.0", "mail.domain"),
        ("mail.networks.0", "mail.networks"),
        ("subscribers", "check.subscribers"),
    ],
)
def test_an_unknown_key_is_an_error_that_names_the_nearest(key: str, nearest: str) -> None:
    found = problem(f"{key}=x")
    assert found.key == key
    assert found.value == "'x'"
    assert found.may_be.endswith(f"did you mean {nearest}?") or nearest == "mail.mailbox"


def test_an_unknown_key_cannot_act_on_the_terminal() -> None:
    assert problem("mail.\x1b[2J\udcff=x").key == r"mail.'\x1b[2J\udcff'"


@pytest.mark.parametrize("domain_class", ["dedicated", "virtual"])
@pytest.mark.parametrize("domain", ["mail.local.edu", "localhost.local.edu"])
def test_a_domain_of_lists_alone_cannot_be_the_machines_own(domain_class: str, domain: str) -> None:
    (found,) = problems(f"mail.domain_class={domain_class}", f"mail.domain={domain}")
    assert found.key == "mail.domain"
    assert domain in found.may_be


def test_a_shared_domain_may_be_the_host_name() -> None:
    assert load(NOWHERE, ["mail.domain=mail.local.edu"]).user_address("alice") == "alice@mail.local.edu"


def test_nobody_has_a_mailbox_in_a_dedicated_domain() -> None:
    (found,) = problems("mail.domain_class=dedicated", "lists.0.owner=alice@local.edu")
    assert found.key == "lists.0.owner"
    assert "alice@mail.local.edu" in found.may_be


def test_two_lists_cannot_have_one_name() -> None:
    (found,) = problems("lists.1.name=reading-group")
    assert (found.key, found.value) == ("lists.1.name", "'reading-group'")


def test_lmtp_and_rest_cannot_share_a_port() -> None:
    found = problems("mailman.lmtp=127.0.0.2:8001")
    assert [(one.key, one.value) for one in found] == [
        ("mailman.lmtp", "'127.0.0.2:8001'"),
        ("mailman.rest", "'127.0.0.1:8001'"),
    ]


def test_a_domain_leaves_room_for_its_lists() -> None:
    domain = "a." * 118 + "edu"
    assert load(NOWHERE, [f"mail.domain={domain}", "lists.0.name=ab"]).mail.domain == domain
    (found,) = problems(f"mail.domain={domain}", "lists.0.name=abc")
    assert (found.key, found.value) == ("mail.domain", "239 characters")
    assert "at most 238 characters, so that abc-unsubscribe@ fits" in found.may_be


def test_a_list_number_leaves_no_gap() -> None:
    assert problem("lists.2.name=x").may_be == "a list's number from 0 to 1"


def test_a_list_needs_a_name() -> None:
    (found,) = problems("lists.1.owner=alice@local.edu")
    assert (found.key, found.value) == ("lists.1.name", "nothing")


def test_all_wrong_answers_are_named_at_once() -> None:
    found = problems("mail.domain=a b", "mailman.lmtp=x", "mail.nmae=x", "lists.0.name=a/b", "check.limit=0")
    assert {one.key for one in found} == {
        "mail.domain",
        "mailman.lmtp",
        "mail.nmae",
        "lists.0.name",
        "check.limit",
    }


@pytest.mark.parametrize(
    ("key", "text", "shown"),
    [
        ("mail.domain", "a b.edu", "mail.domain"),
        ("lists.3.name", "a/b", "lists.3.name"),
        ("mail.networks", "127.0.0.0/8, x", "mail.networks"),
        ("mail.nonsense", "x", "mail.nonsense"),
    ],
)
def test_a_form_checks_one_field_as_it_is_typed(key: str, text: str, shown: str) -> None:
    found = check_field(key, text)
    assert found is not None
    assert found.key == shown


def test_a_form_does_not_hold_one_field_against_another() -> None:
    assert check_field("mailman.rest", "127.0.0.1:8024") is None
    assert check_field("lists.7.name", "x") is None
