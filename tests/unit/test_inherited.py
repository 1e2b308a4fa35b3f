"""Answers that nobody gave: what a server that lives has stands in for them, and what nobody decided does not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.unit.doubles import Kept, MemoryHost
from wizard import inherited
from wizard.errors import AnswerError
from wizard.host import Listener
from wizard.inherited import Before, Inherited
from wizard.mailman import cfg
from wizard.site import Given, value_of

PACKAGED = {
    "compatibility_level": "3.6",
    "inet_interfaces": "all",
    "mydestination": "$myhostname, lab, localhost.localdomain, , localhost",
    "myhostname": "lab.example.org",
    "mynetworks": "127.0.0.0/8 [::ffff:127.0.0.0]/104 [::1]/128",
    "recipient_delimiter": "+",
    "relayhost": "",
    "smtpd_banner": "$myhostname ESMTP $mail_name (Debian/GNU)",
}
LIVED = {**PACKAGED, "message_size_limit": "52428800"}


def server(settings: Mapping[str, str], config: str = "", **names: str) -> MemoryHost:
    """Make a machine with these settings in main.cf, of which `postconf -x` tells the same, and this mailman.cfg."""

    def postconf(argv: tuple[str, ...]) -> str:
        told = settings if "-n" in argv else {"home_mailbox": "", **settings}
        wanted = told.keys() if "-n" in argv else argv[2:]
        return "".join(f"{name} = {told[name]}\n" for name in wanted if name in told)

    def getent(argv: tuple[str, ...]) -> str:
        return "".join(f"{names[argv[-1]]} {kind}\n" for kind in ("STREAM", "DGRAM")) if argv[-1] in names else ""

    host = MemoryHost(commands={"postconf": postconf, "getent": getent})
    if config:
        host.files[cfg.PATH] = Kept(config.encode())
    return host


def settled(host: MemoryHost, answers: Mapping[str, object] | None = None, path: Path = Path("/nowhere")) -> Inherited:
    return inherited.settled(Given(dict(answers or {})), host, path)


@pytest.mark.parametrize(
    ("name", "value", "key", "text"),
    [
        ("mynetworks", "127.0.0.0/8 10.20.0.0/16 [::1]/128", "mail.networks", "127.0.0.0/8, 10.20.0.0/16, [::1]/128"),
        ("mynetworks", "127.0.0.0/8, cidr:/etc/postfix/lan", "mail.networks", "127.0.0.0/8, cidr:/etc/postfix/lan"),
        ("mynetworks", "!10.0.0.5 10.0.0.0/8 127.0.0.1", "mail.networks", "!10.0.0.5/32, 10.0.0.0/8, 127.0.0.1/32"),
        ("mynetworks", "/etc/postfix/networks", "mail.networks", "/etc/postfix/networks"),
        ("inet_interfaces", "all", "mail.interfaces", "all"),
        ("inet_interfaces", "192.0.2.5, localhost", "mail.interfaces", "192.0.2.5, localhost"),
        ("inet_interfaces", "192.0.2.5", "mail.interfaces", "192.0.2.5, 127.0.0.1"),
        ("inet_interfaces", "mx.example.org localhost", "mail.interfaces", "192.0.2.7, localhost"),
        ("home_mailbox", "Maildir/", "mail.mailbox", "maildir"),
        ("home_mailbox", ".mail/in/", "mail.mailbox", "~/.mail/in/"),
        ("home_mailbox", "Mailbox", "mail.mailbox", "~/Mailbox"),
        ("myhostname", "MX.example.org", "mail.hostname", "mx.example.org"),
    ],
)
def test_what_main_cf_has_stays(name: str, value: str, key: str, text: str) -> None:
    host = server({**LIVED, name: value}, **{"mx.example.org": "192.0.2.7"})
    found = settled(host)
    assert value_of(found.site, key) == text
    assert key in found.kept
    assert any(line.startswith(f"{key} is not answered, so it stays") for line in found.told())


@pytest.mark.parametrize(
    "change",
    [
        {},
        {
            "myhostname": "vps7.example.net",
            "mydestination": "$myhostname, vps7.example.net, localhost.example.net, , lab",
        },
        {"smtpd_tls_cert_file": "/etc/ssl/certs/ssl-cert-snakeoil.pem"},
    ],
)
def test_what_the_package_wrote_was_decided_by_nobody(change: Mapping[str, str]) -> None:
    found = settled(server({**PACKAGED, **change}))
    assert (found.site.mail.hostname, found.site.mail.interfaces) == ("mail.local.edu", "loopback-only")
    assert not found.kept


@pytest.mark.parametrize(
    "change",
    [
        {"mynetworks": "127.0.0.0/8 10.0.0.0/8"},
        {"relayhost": "[smart.example]"},
        {"mydomain": "local.edu"},
        {"mydestination": "$myhostname, example.org, lab, localhost"},
    ],
)
def test_one_line_of_somebodys_makes_it_a_server_that_lives(change: Mapping[str, str]) -> None:
    assert settled(server({**PACKAGED, **change})).kept["mail.interfaces"] == "all"


def test_an_answer_that_was_given_wins() -> None:
    host = server({**LIVED, "mynetworks": "127.0.0.0/8 10.20.0.0/16"}, "[mta]\nlmtp_port: 8124\n")
    given = Given({"mail": {"networks": ["127.0.0.0/8"]}}, (("mailman.lmtp", "127.0.0.1:8024"),))
    found = inherited.settled(given, host, Path("/nowhere"))
    assert found.site.mail.networks == ("127.0.0.0/8",)
    assert str(found.site.mailman.lmtp) == "127.0.0.1:8024"
    assert found.site.mail.interfaces == "all"


@pytest.mark.parametrize(
    ("name", "value", "key", "default"),
    [
        ("mynetworks", "0.0.0.0/0", "mail.networks", "127.0.0.0/8, [::1]/128"),
        ("mynetworks", "10.0.0.0/8", "mail.networks", "127.0.0.0/8, [::1]/128"),
        ("myhostname", "localhost", "mail.hostname", "mail.local.edu"),
        ("home_mailbox", "../x", "mail.mailbox", "mbox"),
    ],
)
def test_what_is_no_answer_is_replaced_and_told(name: str, value: str, key: str, default: str) -> None:
    found = settled(server({**LIVED, name: value}))
    assert value_of(found.site, key) == default
    assert [each.key for each in found.replaced] == [key]
    assert any(line.startswith(f"{key} is not answered, and what the server has cannot stay") for line in found.told())


def test_mailman_keeps_its_ports_its_owner_and_its_database() -> None:
    config = (
        "[mailman]\nsite_owner: hostmaster@local.edu\n"
        "[database]\nclass: mailman.database.postgresql.PostgreSQLDatabase\n"
        "url: postgresql://mm:Ahc8ooth0ahv@db.local.edu/mm\n"
        "[mta]\nlmtp_port: 8124\nlmtp_host: localhost\n[webservice]\nhostname: ::1\nport: 8101\n"
    )
    host = server(PACKAGED, config)
    found = settled(host)
    mailman = found.site.mailman
    assert (str(mailman.lmtp), str(mailman.rest)) == ("127.0.0.1:8124", "[::1]:8101")
    assert mailman.site_owner == "hostmaster@local.edu"
    assert mailman.database == "postgresql://mm:Ahc8ooth0ahv@db.local.edu/mm"
    assert found.site.secrets() == ("Ahc8ooth0ahv",)
    assert "Ahc8ooth0ahv" not in "\n".join(found.told())


@pytest.mark.parametrize("there", [True, False])
def test_a_database_elsewhere_stays_where_there_is_one(*, there: bool) -> None:
    host = server(PACKAGED, "[database]\nurl: sqlite:////srv/lists/mm.db\n")
    if there:
        host.files[Path("/srv/lists/mm.db")] = Kept(b"")
    assert settled(host).site.mailman.database == ("sqlite:////srv/lists/mm.db" if there else "sqlite")


@pytest.mark.parametrize("url", ["mysql+pymysql://mm:Ahc8ooth0ahv@localhost/mm", "postgresql://mm:mm@localhost/mm"])
def test_a_database_that_cannot_stay_is_never_replaced_unasked(url: str) -> None:
    host = server(PACKAGED, f"[database]\nurl: {url}\n")
    found = settled(host)  # to look at the server, no answer is needed
    with pytest.raises(AnswerError) as caught:
        found.require()
    assert [each.key for each in caught.value.problems] == ["mailman.database"]
    assert "Ahc8ooth0ahv" not in str(caught.value)
    answered = settled(host, {"mailman": {"database": "sqlite"}})
    answered.require()
    assert answered.site.mailman.database == "sqlite"


def test_a_database_s_file_with_settings_behind_it_is_never_replaced_unasked() -> None:
    host = server(PACKAGED, "[database]\nurl: sqlite:////srv/lists/mm.db?timeout=30\n")
    host.files[Path("/srv/lists/mm.db")] = Kept(b"")
    with pytest.raises(AnswerError, match=r"mailman\.database"):
        settled(host).require()


def test_ports_that_change_places_both_stay() -> None:
    found = settled(server(PACKAGED, "[mta]\nlmtp_port: 8001\n[webservice]\nport: 8024\n"))
    assert (found.site.mailman.lmtp.port, found.site.mailman.rest.port) == (8001, 8024)


def test_what_was_there_before_the_first_change_is_remembered(tmp_path: Path) -> None:
    path = tmp_path / "inherited.json"
    before = server({**LIVED, "mynetworks": "127.0.0.0/8 10.20.0.0/16"})
    site = settled(before, path=path).site
    inherited.remember(before, site, path)
    assert path.stat().st_mode & 0o777 == 0o600

    drifted = server({**LIVED, "mynetworks": "127.0.0.0/8 0.0.0.0/1", "inet_interfaces": "loopback-only"})
    inherited.remember(drifted, site, path)
    assert settled(drifted, path=path).site == site


def test_of_a_domain_that_comes_later_it_is_what_the_server_has_then(tmp_path: Path) -> None:
    path = tmp_path / "inherited.json"
    host = server({**LIVED, "relay_domains": "one.example.org two.example.org"})
    for domain in ("one.example.org", "two.example.org"):
        found = settled(host, {"mail": {"domain": domain}}, path)
        assert found.site.mail.domain_class == "dedicated"
        inherited.remember(host, found.site, path)

    drifted = server({**LIVED, "virtual_mailbox_domains": "one.example.org two.example.org"})
    for domain in ("one.example.org", "two.example.org"):
        assert settled(drifted, {"mail": {"domain": domain}}, path).site.mail.domain_class == "dedicated"


def test_of_a_domain_that_was_in_no_class_it_is_the_default_whatever_came_of_it(tmp_path: Path) -> None:
    path, answers = tmp_path / "inherited.json", {"mail": {"domain": "one.example.org"}}
    inherited.remember(server(LIVED), settled(server(LIVED), answers, path).site, path)
    drifted = server({**LIVED, "relay_domains": "one.example.org"})
    assert settled(drifted, answers, path).site.mail.domain_class == "shared"


def test_of_a_list_that_comes_later_it_is_what_mailman_has_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, there = tmp_path / "inherited.json", {"owner": "hk@local.edu", "subscription_policy": "moderate"}
    host = server(LIVED, "[webservice]\nport: 8101\n")
    monkeypatch.setattr(MemoryHost, "listeners", lambda _: (Listener("127.0.0.1", 8101, None),))
    monkeypatch.setattr("wizard.mailman.rest.connect", lambda *_, **__: None)
    monkeypatch.setattr(
        "wizard.mailman.answered.by_lists",
        lambda _, site: {site.list_address(each): there for each in site.lists if each.name != "new"},
    )
    inherited.remember(host, settled(host, {"lists": [{"name": "new"}]}, path).site, path)
    assert json.loads(path.read_bytes())["lists"] == {"new@local.edu": {}}

    found = settled(host, {"lists": [{"name": "new"}, {"name": "old"}]}, path)
    assert [each.subscription_policy for each in found.site.lists] == ["confirm", "moderate"]
    inherited.remember(host, found.site, path)
    there["subscription_policy"] = "open"
    assert settled(host, {"lists": [{"name": "old"}]}, path).site.lists[0].subscription_policy == "moderate"


def test_what_is_remembered_is_told_as_of_then(tmp_path: Path) -> None:
    path = tmp_path / "inherited.json"
    inherited.remember(server(LIVED), settled(server(LIVED), path=path).site, path)
    line = "mail.interfaces is not answered, so it stays what the server had before the first change: all"
    assert line in settled(server(LIVED), path=path).told()


def test_a_new_server_has_nothing_to_remember_and_stays_at_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "inherited.json"
    inherited.remember(MemoryHost(), Given({}).site(), path)
    assert json.loads(path.read_bytes())["answers"] == {}
    assert settled(server(LIVED), path=path).site == Given({}).site()


@pytest.mark.parametrize("content", [b"", b"{}", b'{"answers": 1, "classes": {}, "lists": {}}', b"[]", b"\xff"])
def test_a_damaged_memory_is_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "inherited.json"
    path.write_bytes(content)
    assert settled(server(LIVED), path=path).site.mail.interfaces == "all"
    inherited.remember(server(LIVED), Given({}).site(), path)
    assert json.loads(path.read_bytes())["answers"]["mail.interfaces"] == "all"


def test_lists_are_asked_for_again_until_mailman_tells_them(tmp_path: Path) -> None:
    path = tmp_path / "inherited.json"
    silent = server(PACKAGED, "[webservice]\nport: 8101\n")
    found = settled(silent, path=path)
    assert found.unanswered == ("lists.0.owner", "lists.0.subscription_policy")
    inherited.remember(silent, found.site, path)
    assert json.loads(path.read_bytes())["lists"] == {}
    said: list[str] = []
    assert inherited.met(found.site, silent, path, found.unanswered, said.append) == found.site

    told = json.loads(path.read_bytes())
    there = {"reading-group@local.edu": {"owner": "hk@local.edu", "subscription_policy": "moderate"}}
    path.write_text(json.dumps({**told, "lists": there}))
    met = inherited.met(found.site, silent, path, found.unanswered[1:], said.append)
    assert (met.lists[0].owner, met.lists[0].subscription_policy) == ("postmaster@local.edu", "moderate")
    assert said == ["lists.0.subscription_policy is not answered, so it stays what the server has: moderate"]


def test_what_was_answered_of_a_list_is_not_asked_for() -> None:
    found = settled(MemoryHost(), {"lists": [{"name": "a", "owner": "a@b.c"}, {"name": "b"}]})
    assert found.unanswered == ("lists.0.subscription_policy", "lists.1.owner", "lists.1.subscription_policy")


def test_classes_and_lists_are_known_by_their_names() -> None:
    before = Before(
        classes={"lists.local.edu": "dedicated"},
        lists={"b@lists.local.edu": {"owner": "bo@local.edu", "subscription_policy": "moderate"}},
    )
    site = Given({"mail": {"domain": "lists.local.edu"}, "lists": [{"name": "a"}, {"name": "b"}]}).site()
    assert before.to(site) == {
        "mail.domain_class": "dedicated",
        "lists.1.owner": "bo@local.edu",
        "lists.1.subscription_policy": "moderate",
    }
    assert before.to(Given({"mail": {"domain": "other.edu"}}).site()) == {}
