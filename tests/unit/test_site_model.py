"""The site itself: defaults, addresses, secrets, and the questions that screens ask."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from wizard.site import FIELDS, SUBADDRESSES, HostPort, ListAnswers, MailAnswers, Site, changed, check_field


def test_the_defaults_are_the_same_everywhere() -> None:
    site = Site()
    assert (site.mail.hostname, site.mail.domain) == ("mail.local.edu", "local.edu")
    assert site.mailman.site_owner == "postmaster@local.edu"
    assert [(spec.name, spec.owner) for spec in site.lists] == [("reading-group", "postmaster@local.edu")]
    assert site.mailman.lmtp == HostPort("127.0.0.1", 8024)
    assert (site.check.subscribers, site.check.limit, site.smtp_port) == (3, 30, 25)


def test_owners_follow_the_domain_of_the_users() -> None:
    shared = changed(Site(), {"mail.domain": "example.org"})
    assert shared.mailman.site_owner == shared.lists[0].owner == "postmaster@example.org"
    dedicated = changed(shared, {"mail.domain_class": "dedicated"})
    assert dedicated.mailman.site_owner == dedicated.lists[0].owner == "postmaster@mail.local.edu"


def test_an_owner_that_was_given_stays() -> None:
    site = changed(Site(), {"lists.0.owner": "alice@local.edu"})
    assert changed(site, {"mail.domain": "example.org"}).lists[0].owner == "alice@local.edu"


@pytest.mark.parametrize(
    ("domain_class", "address"),
    [("shared", "bob@local.edu"), ("dedicated", "bob@mail.local.edu"), ("virtual", "bob@mail.local.edu")],
)
def test_users_have_their_addresses_where_postfix_delivers_locally(domain_class: str, address: str) -> None:
    assert changed(Site(), {"mail.domain_class": domain_class}).user_address("bob") == address


def test_a_list_has_nine_addresses() -> None:
    site = Site()
    addresses = [site.list_address(site.lists[0], suffix) for suffix in SUBADDRESSES]
    assert addresses[0] == "reading-group@local.edu"
    assert addresses[-1] == "reading-group-unsubscribe@local.edu"
    assert len(set(addresses)) == 9


def test_the_database_password_is_a_secret_in_all_its_forms() -> None:
    site = changed(Site(), {"mailman.database": "postgresql://u:p%40ssw%6Frd@h/db"})
    assert site.secrets() == ("p%40ssw%6Frd", "p@ssword", "p%40ssword")
    assert "ssw" not in repr(site)
    assert Site().secrets() == ()


def test_a_site_cannot_be_changed_or_built_wrong() -> None:
    site = Site()
    with pytest.raises(ValidationError):
        setattr(site.mail, "domain", "x")  # noqa: B010 - as nobody should
    with pytest.raises(ValidationError):
        Site(mail=MailAnswers(domain="mail.local.edu", domain_class="dedicated"))
    assert hash(site) == hash(Site())


def test_a_site_can_be_built_of_its_parts() -> None:
    site = Site(mail=MailAnswers(domain="example.org"), lists=(ListAnswers(name="x", owner="a@b.c"),))
    assert site.mailman.site_owner == "postmaster@example.org"


@pytest.mark.parametrize(("host", "text"), [("127.0.0.1", "127.0.0.1:25"), ("::1", "[::1]:25")])
def test_a_host_and_port_is_written_as_in_a_url(host: str, text: str) -> None:
    assert str(HostPort(host, 25)) == text
    assert HostPort(host, 25).bracketed == text.removesuffix(":25")


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.key)
def test_every_question_explains_itself_and_takes_its_own_default(field: object) -> None:
    found = next(one for one in FIELDS if one is field)
    assert found.title
    assert found.help.endswith(".")
    assert found.may_be
    assert check_field(found.key, found.default) is None
    assert all(check_field(found.key, choice) is None for choice in found.choices)


def test_the_questions_are_those_of_the_design() -> None:
    assert [field.key for field in FIELDS] == [
        "schema",
        "mail.hostname",
        "mail.domain",
        "mail.domain_class",
        "mail.mailbox",
        "mail.interfaces",
        "mail.networks",
        "mail.refused",
        "mailman.site_owner",
        "mailman.database",
        "mailman.lmtp",
        "mailman.rest",
        "mailman.refused",
        "lists.0.name",
        "lists.0.owner",
        "lists.0.subscription_policy",
        "check.subscribers",
        "check.limit",
    ]
