"""The lists' domain changes its address class, there and back, and other domains keep their mail."""

from __future__ import annotations

import pytest

from tests.services.server import Report, Server

MAIN_CF = "etc/postfix/main.cf"
DEDICATED = ("--set", "mail.domain_class=dedicated")
DOMAINS = "/var/lib/mailman3/data/postfix_domains"


def applied(server: Server, *answers: str) -> Report:
    return server.report("apply", "--yes", "--through", "3", *answers)


def relayed(server: Server) -> str:
    return server.sh("postconf -h relay_domains").strip()


@pytest.fixture(scope="module")
def dedicated(server: Server) -> None:
    """A server whose list domain is relayed, beside another domain whose recipients have a map."""
    server.sh("postconf -e relay_domains=other.example 'relay_recipient_maps=inline:{@other.example=OK}'")
    report = applied(server, *DEDICATED)
    assert report.exit == 0, report.not_passed
    assert relayed(server) == f"other.example, hash:{DOMAINS}"


@pytest.mark.usefixtures("dedicated")
def test_a_domain_is_given_back_to_the_users_and_the_other_one_stays(server: Server) -> None:
    report = applied(server)
    assert report.exit == 0, report.not_passed
    assert relayed(server) == "other.example"
    again = applied(server, *DEDICATED)
    assert again.exit == 0, again.not_passed


@pytest.mark.usefixtures("dedicated")
def test_a_domain_without_a_recipient_map_is_not_cut_off(server: Server) -> None:
    server.sh("postconf -e relay_domains=other.example; postconf -X relay_recipient_maps; postfix reload")
    before = server.text(MAIN_CF)
    ended = server.wizard("apply", "--yes", "--plain", "--through", "3", *DEDICATED)
    assert (ended.code, server.text(MAIN_CF)) == (3, before), ended.stdout
    assert "relay_domains holds other.example" in ended.stderr
    planned = server.wizard("plan", "--plain", "--stage", "3", *DEDICATED)
    assert "'apply' refuses this: relay_domains holds other.example" in " ".join(planned.stderr.split())
    assert "nothing was changed" in ended.stderr
