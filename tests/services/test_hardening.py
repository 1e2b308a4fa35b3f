"""What a plan closes, takes back and would refuse from now on: told before it is done, and true after."""

from __future__ import annotations

import json
import smtplib
from collections.abc import Iterable

import pytest

from tests.services.inside import network_of
from tests.services.server import LIMIT, Report, Server
from wizard.site.hardening import POSTFIX

REFUSED = ("--set", "mail.refused=disable_vrfy_command", "--set", "mailman.refused=show_tracebacks")
DEDICATED = ("--set", "mail.domain_class=dedicated")
PEOPLE = ("ruth", "bob")
CERTIFICATE = """
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=mail.local.edu \
    -keyout /etc/ssl/private/mail.key -out /etc/ssl/certs/mail.pem 2> /dev/null
postconf -e smtpd_tls_cert_file=/etc/ssl/certs/mail.pem smtpd_tls_key_file=/etc/ssl/private/mail.key \
    smtpd_tls_security_level=encrypt
"""


@pytest.fixture(scope="module")
def refusing(server: Server) -> Report:
    """A server of which four stages are proven, two values of the hardening left as they were."""
    server.sh(f"for name in {' '.join(PEOPLE)}; do useradd --create-home $name; done")
    server.sh("sed -i '/^show_tracebacks/d; /^\\[webservice\\]/a show_tracebacks: yes' /etc/mailman3/mailman.cfg")
    server.sh("printf 'office: ruth\\n' >> /etc/aliases; newaliases")
    server.sh(CERTIFICATE)
    report = server.report("apply", "--yes", "--through", "4", *REFUSED)
    assert report.exit == 0, report.not_passed
    return report


def values(server: Server, *names: str) -> dict[str, str]:
    lines = server.sh(f"postconf {' '.join(names)}").splitlines()
    return {
        name: value.strip() for name, _, value in (line.partition("=") for line in lines) for name in [name.strip()]
    }


def planned(server: Server, run: str) -> list[str]:
    """Tell the reasons that the plans of a run gave."""
    made = (each for each in server.events(run) if each["kind"] == "plan.made")
    return [why for each in made for change in each["changes"] for why in change["why"]]


def test_each_value_that_this_version_has_is_set_but_those_that_are_refused(server: Server, refusing: Report) -> None:
    found = values(server, *POSTFIX)
    assert found["smtpd_forbid_bare_newline"] == "normalize"
    assert found["smtpd_forbid_unauth_pipelining"] == "yes"
    assert found["smtpd_tls_security_level"] == "may"
    assert "reject_unauth_destination" in found["smtpd_relay_restrictions"]
    assert found["disable_vrfy_command"] == "no"
    assert "show_tracebacks: yes" in server.text("etc/mailman3/mailman.cfg")
    reasons = planned(server, refusing.run)
    assert "disable_vrfy_command: refused by the answers (mail.refused), so it stays 'no'" in reasons
    assert "show_tracebacks: refused by the answers (mailman.refused), so it stays as it is" in reasons
    assert any(why.startswith("dmarc_mitigate_action: ") for why in reasons)
    assert "disable_vrfy_command: refused" in refusing.checks["postfix.configuration"].evidence


@pytest.mark.usefixtures("refusing")
def test_who_can_encrypt_may_and_nobody_must(server: Server) -> None:
    with network_of(server.lab), smtplib.SMTP("127.0.0.1", 25, timeout=LIMIT) as smtp:
        smtp.ehlo()
        assert smtp.has_extn("starttls")
        assert smtp.mail("")[0] == 250
        assert smtp.rcpt("ruth@local.edu")[0] == 250
        smtp.rset()
        smtp.starttls()
        smtp.ehlo()
        assert smtp.mail("")[0] == 250


@pytest.mark.usefixtures("refusing")
def test_a_name_that_is_none_of_them_is_a_bad_answer(server: Server) -> None:
    ended = server.wizard("plan", "--set", "mail.refused=smtpd_forbid_bare_newlines")
    assert ended.code == 2
    assert "mail.refused.0" in ended.stderr
    assert "smtpd_forbid_bare_newline," in ended.stderr


@pytest.mark.usefixtures("refusing")
def test_what_is_refused_no_more_is_planned(server: Server) -> None:
    (change,) = json.loads(server.wizard("plan", "--stage", "1", "--json").stdout)["changes"][:1]
    assert change["why"] == [f"disable_vrfy_command: {POSTFIX['disable_vrfy_command']}"]
    assert json.loads(server.wizard("plan", "--stage", "1", "--json", *REFUSED).stdout)["changes"] == []


@pytest.mark.usefixtures("refusing")
def test_what_somebody_has_changed_since_is_named_at_its_line(server: Server) -> None:
    server.sh("postconf -e enable_long_queue_ids=no; postfix reload")
    (change,) = json.loads(server.wizard("plan", "--stage", "1", "--json", *REFUSED).stdout)["changes"][:1]
    (line,) = (why for why in change["why"] if why.startswith("enable_long_queue_ids: "))
    assert "; it was changed since stage 4 was verified (" in line
    status = json.loads(server.wizard("status", "--json", *REFUSED).stdout)["stages"][0]
    assert status["drift"]["/etc/postfix/main.cf"] == ["enable_long_queue_ids changed"]
    report = server.report("apply", "--yes", "--through", "1", *REFUSED)
    assert report.exit == 0, report.not_passed
    assert line in planned(server, report.run)


def accepted(server: Server, addresses: Iterable[str]) -> set[str]:
    """Ask Postfix at RCPT."""
    with network_of(server.lab), smtplib.SMTP("127.0.0.1", 25, timeout=LIMIT) as smtp:
        smtp.ehlo()
        smtp.mail("")
        return {each for each in addresses if smtp.rcpt(each)[0] < 300}


@pytest.mark.usefixtures("refusing")
def test_whom_a_plan_would_refuse_is_named_before_and_refused_after(server: Server) -> None:
    theirs = [f"{user}@local.edu" for user in (*PEOPLE, "office", "postmaster")]
    others = ["ruth@mail.local.edu", "office@mail.local.edu", "reading-group@local.edu"]
    assert accepted(server, [*theirs, *others]) == {*theirs, *others}
    changes = json.loads(server.wizard("plan", "--json", *REFUSED, *DEDICATED).stdout)["changes"]
    (warning,) = {why for change in changes for why in change["why"] if why.startswith("warning: ")}
    named = set(warning.replace(",", " ").split())
    assert {*theirs} <= named, warning
    assert not named & {*others}

    report = server.report("apply", "--yes", "--through", "3", *REFUSED, *DEDICATED)

    assert report.exit == 0, report.not_passed
    assert warning in planned(server, report.run)
    assert accepted(server, [*theirs, *others]) == {*others}
