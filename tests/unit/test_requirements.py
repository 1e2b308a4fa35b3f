"""What is there already is not cut off: a plan that would is refused before anything is touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.doubles import MemoryHost, Planned, engine, stage
from wizard.errors import RefusedError
from wizard.host import Host
from wizard.site import Site, build
from wizard.stages.lmtp import others
from wizard.stages.postfix import recipients
from wizard.stages.postfix.plan import missing_services


def host(**values: str) -> MemoryHost:
    """A machine on which postconf tells these values."""

    def postconf(words: tuple[str, ...]) -> str:
        return "".join(f"{name} = {values.get(name, '')}\n" for name in words if not name.startswith(("-", "postconf")))

    return MemoryHost(commands={"postconf": postconf})


def site(domain_class: str) -> Site:
    return build({"mail": {"domain": "lists.example.org", "hostname": "mx.example.org", "domain_class": domain_class}})


CLASSES = [
    ("dedicated", "relay_domains", "relay_recipient_maps"),
    ("virtual", "virtual_mailbox_domains", "virtual_mailbox_maps"),
]


@pytest.mark.parametrize(("domain_class", "domains", "maps"), CLASSES)
class TestOtherDomains:
    def test_without_a_map_of_their_recipients_they_would_be_cut_off(
        self, domain_class: str, domains: str, maps: str
    ) -> None:
        with pytest.raises(RefusedError, match=rf"{domains} holds other\.org, and {maps} is empty"):
            others.require(site(domain_class), host(**{domains: "lists.example.org other.org"}))

    def test_with_one_they_keep_their_mail(self, domain_class: str, domains: str, maps: str) -> None:
        others.require(site(domain_class), host(**{domains: "other.org", maps: "hash:/etc/postfix/people"}))

    def test_this_machine_s_own_domains_are_known_by_another_map(
        self, domain_class: str, domains: str, maps: str
    ) -> None:
        assert maps
        own = "mx.example.org localhost"
        others.require(site(domain_class), host(**{domains: own, "mydestination": own}))

    def test_the_lists_own_domain_is_no_other(self, domain_class: str, domains: str, maps: str) -> None:
        assert maps
        mailmans = "hash:/var/lib/mailman3/data/postfix_domains"
        others.require(site(domain_class), host(**{domains: f"lists.example.org, {mailmans}"}))


@pytest.mark.parametrize("value", ["-", "+-", "-+"])
@pytest.mark.parametrize("domain_class", ["shared", "dedicated", "virtual"])
def test_addresses_that_are_split_at_dashes_are_no_lists_(domain_class: str, value: str) -> None:
    with pytest.raises(RefusedError, match="splits LIST-confirm"):
        others.require(site(domain_class), host(recipient_delimiter=value))


class TestUsersThatNoTableKnows:
    @pytest.mark.parametrize("name", recipients.DELIVERING)
    def test_they_would_be_refused(self, name: str) -> None:
        with pytest.raises(RefusedError, match=f"{name} = somewhere"):
            recipients.require(Site(), host(**{name: "somewhere"}))

    @pytest.mark.parametrize("name", recipients.DELIVERING)
    def test_with_a_table_they_are_known(self, name: str) -> None:
        recipients.require(Site(), host(**{name: "somewhere", "local_recipient_maps": "hash:/etc/postfix/people"}))

    def test_most_have_none(self) -> None:
        recipients.require(Site(), host())


def test_it_is_asked_of_every_stage_before_the_first_is_applied(tmp_path: Path) -> None:
    def refuse(_site: Site, _host: Host) -> None:
        raise RefusedError("would cut somebody off")

    first = Planned()
    stages = (stage(1, plan=first), stage(2, require=refuse))
    with pytest.raises(RefusedError):
        engine(tmp_path, stages).apply(1, 2, lambda _plan: True)
    assert first.asked == 0


@pytest.mark.parametrize("name", ["smtp", "25", "127.0.0.1:smtp", "[::1]:25", "mx.example.org:25"])
def test_the_port_for_mail_has_many_spellings(name: str) -> None:
    def postconf(words: tuple[str, ...]) -> str:
        return f"{name} inet n - y - - smtpd\npostlog unix-dgram n - n - 1 postlogd\n" if "-M" in words else ""

    assert missing_services(MemoryHost(commands={"postconf": postconf})) == {}
