from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard.errors import CommandError
from wizard.facts import postconf

from .recorded import DEBIAN_12, DEBIAN_13, recording, telling

RELEASES = pytest.mark.parametrize("release", [DEBIAN_12, DEBIAN_13])


@pytest.mark.parametrize(
    ("release", "count", "local"),
    [
        (DEBIAN_12, 23, "$myhostname, local.edu, localhost"),
        (DEBIAN_13, 25, "$myhostname, mail.local.edu, localhost.local.edu, , localhost, local.edu"),
    ],
)
def test_explicit_settings_as_written(release: str, count: int, local: str) -> None:
    found = postconf.parse_settings(recording("postconf-n.txt", release))
    assert len(found) == count
    assert found["mydestination"] == local
    assert found["relayhost"] == ""
    assert found["header_checks"] == ""


@RELEASES
def test_value_over_several_lines_and_comments_is_one(release: str) -> None:
    found = postconf.parse_settings(recording("postconf-n.txt", release))
    assert found["smtpd_client_restrictions"] == (
        "permit_mynetworks, check_client_access inline:{ { 192.0.2.1 = REJECT no } }, permit"
    )


@pytest.mark.parametrize(
    ("release", "count", "version", "local"),
    [
        (DEBIAN_12, 1043, "3.7.11", "mail.local.edu, local.edu, localhost"),
        (DEBIAN_13, 967, "3.10.13", "mail.local.edu, mail.local.edu, localhost.local.edu, , localhost, local.edu"),
    ],
)
def test_effective_settings_are_expanded(release: str, count: int, version: str, local: str) -> None:
    found = postconf.parse_settings(recording("postconf-x.txt", release))
    assert len(found) == count
    assert found["mail_version"] == version
    assert found["mydestination"] == local
    assert found["syslog_name"] == "postfix"
    assert found["virtual_alias_maps"] == ""


@pytest.mark.parametrize(("release", "count"), [(DEBIAN_12, 32), (DEBIAN_13, 26)])
def test_services(release: str, count: int) -> None:
    found = postconf.parse_services(recording("postconf-M.txt", release))
    assert len(found) == count
    assert found[0] == postconf.Service(
        name="smtp",
        kind="inet",
        private=False,
        unprivileged=None,
        chroot=True,
        wakeup=None,
        processes=None,
        command="smtpd",
    )
    woken = next(each for each in found if each.name == "tlsmgr")
    assert (woken.wakeup, woken.processes) == ("1000?", 1)
    last = found[-1]
    assert (last.name, last.program) == ("submission", "smtpd")
    assert last.command.endswith("-o syslog_name=postfix/submission")


@pytest.mark.parametrize(
    ("release", "relays"),
    [
        (DEBIAN_12, "postfix/$service_name"),
        (DEBIAN_13, "${multi_instance_name?{$multi_instance_name}:{postfix}}/$service_name"),
    ],
)
def test_overrides(release: str, relays: str) -> None:
    assert postconf.parse_overrides(recording("postconf-P.txt", release)) == {
        ("relay/unix", "syslog_name"): relays,
        ("submission/inet", "smtpd_client_restrictions"): "permit_mynetworks, reject",
        ("submission/inet", "syslog_name"): "postfix/submission",
    }


@RELEASES
def test_map_types(release: str) -> None:
    assert {"hash", "btree", "inline", "texthash"} <= postconf.map_types(telling(recording("postconf-m.txt", release)))


def test_commands() -> None:
    host = telling("mail_version = 3.7.11\n")
    assert postconf.version(host) == "3.7.11"
    postconf.settings(host, config=Path("/etc/staged"), names=("myhostname", "mydestination"))
    postconf.explicit(host)
    postconf.services(host)
    postconf.overrides(host)
    assert [argv for argv, _, _ in host.calls] == [
        ("postconf", "-d", "mail_version"),
        ("postconf", "-c", "/etc/staged", "-x", "myhostname", "mydestination"),
        ("postconf", "-n"),
        ("postconf", "-M"),
        ("postconf", "-P"),
    ]


def test_unreadable_configuration_says_why() -> None:
    said = "postconf: fatal: open /nonexistent/main.cf: No such file or directory\n"
    with pytest.raises(CommandError, match=r"open /nonexistent/main\.cf"):
        postconf.explicit(telling(code=1, err=said))


def test_version_missing() -> None:
    with pytest.raises(CommandError, match="mail_version"):
        postconf.version(telling("postconf: warning: mail_version: unknown parameter\n"))


@given(st.text())
def test_nothing_crashes_the_parsers(text: str) -> None:
    postconf.parse_settings(text)
    postconf.parse_overrides(text)
    for service in postconf.parse_services(text):
        assert service.program


@given(st.lists(st.text(alphabet=" -yn0?x\t\x85", min_size=1), min_size=8, max_size=10))
def test_nothing_crashes_on_eight_fields(fields: list[str]) -> None:
    for service in postconf.parse_services(" ".join(fields)):
        assert service.program


@given(st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True), st.text().filter(lambda text: "\n" not in text))
def test_any_value_comes_back(name: str, value: str) -> None:
    assert postconf.parse_settings(f"{name} = {value}\n") == {name: value.strip()}
