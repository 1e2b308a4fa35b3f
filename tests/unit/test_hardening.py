"""What closes a server to strangers: planned where it is known, refused by name, and told either way."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.unit.doubles import Kept, MemoryHost
from wizard.errors import AnswerError
from wizard.facts import runners
from wizard.mailman import settings
from wizard.mailman.cfg import Config
from wizard.report.server import answers
from wizard.site import Site, build, changed, dumps, loads
from wizard.site.hardening import MAILMAN, MAILMAN_CFG, POSTFIX
from wizard.stages import main_cf
from wizard.stages.mailman.plan import plan as mailman_plan
from wizard.stages.postfix import hardening
from wizard.stages.subscription.plan import plan as subscription_plan

BOOKWORM = {
    "smtpd_relay_restrictions": "permit_mynetworks permit_sasl_authenticated defer_unauth_destination",
    "smtpd_forbid_bare_newline": "no",
    "smtpd_forbid_bare_newline_reject_code": "550",
    "smtpd_forbid_unauth_pipelining": "no",
    "disable_vrfy_command": "no",
    "smtpd_tls_security_level": "",
}
TRIXIE = {**BOOKWORM, "smtpd_forbid_bare_newline": "normalize", "smtpd_forbid_unauth_pipelining": "yes"}
CFG = Path("/etc/mailman3/mailman.cfg")


def refusing(**names: str) -> Site:
    return build({table: {"refused": [name]} for table, name in names.items()})


def becomes(values: Mapping[str, str], site: Site | None = None, *, certificate: bool = True) -> dict[str, str]:
    found = hardening.parameters(site or Site(), values, certificate=certificate)
    return {each.name: value for each, value in main_cf.edits(found, values).items()}


def test_each_value_is_planned_with_its_reason() -> None:
    assert becomes(BOOKWORM) == {
        "smtpd_relay_restrictions": "permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination",
        "smtpd_forbid_bare_newline": "normalize",
        "smtpd_forbid_unauth_pipelining": "yes",
        "disable_vrfy_command": "yes",
        "smtpd_tls_security_level": "may",
    }
    found = hardening.parameters(Site(), BOOKWORM, certificate=True)
    assert {each.name: each.why for each in found} == dict(POSTFIX)


def test_what_a_newer_version_does_by_itself_is_left_alone() -> None:
    assert becomes(TRIXIE).keys() == {"smtpd_relay_restrictions", "disable_vrfy_command", "smtpd_tls_security_level"}


def test_an_older_version_has_only_what_it_knows() -> None:
    first = {name: value for name, value in BOOKWORM.items() if "forbid" not in name}
    assert becomes(first).keys() == {"smtpd_relay_restrictions", "disable_vrfy_command", "smtpd_tls_security_level"}
    between = {name: value for name, value in BOOKWORM.items() if not name.endswith("reject_code")}
    assert becomes(between)["smtpd_forbid_bare_newline"] == "yes"


@pytest.mark.parametrize("value", ["yes", "normalize", "reject"])
def test_a_stricter_rule_for_lone_line_feeds_stays(value: str) -> None:
    assert "smtpd_forbid_bare_newline" not in becomes({**BOOKWORM, "smtpd_forbid_bare_newline": value})


@pytest.mark.parametrize(
    ("before", "certificate"), [("encrypt", True), ("none", True), ("", False), ("encrypt", False)]
)
def test_encryption_is_offered_with_a_certificate_and_never_demanded(before: str, *, certificate: bool) -> None:
    found = becomes({**BOOKWORM, "smtpd_tls_security_level": before}, certificate=certificate)
    assert found.get("smtpd_tls_security_level") == ("may" if certificate else None)


def test_a_certificate_is_one_that_is_there() -> None:
    path = Path("/etc/ssl/certs/mail.pem")
    host = MemoryHost(commands={"postconf": lambda _: f"smtpd_tls_cert_file = {path}\nsmtpd_tls_chain_files =\n"})
    assert not hardening.certificate(host)
    host.files[path] = Kept(b"")
    assert hardening.certificate(host)


@pytest.mark.parametrize("name", POSTFIX)
def test_each_is_refused_by_itself_and_that_is_told(name: str) -> None:
    site = refusing(mail=name)
    assert becomes(BOOKWORM, site).keys() == BOOKWORM.keys() - {name, hardening.NORMALIZES}
    (why,) = hardening.refused(site, BOOKWORM)
    assert why.what == name
    assert "refused by the answers (mail.refused), so it stays " in why.reason
    assert repr(BOOKWORM[name] or "empty") in why.reason


def test_what_a_check_needs_is_told_with_the_refusal() -> None:
    (why,) = hardening.refused(refusing(mail="smtpd_relay_restrictions"), BOOKWORM)
    assert "postfix.relay passes only" in why.reason


def test_what_this_version_lacks_is_not_told_to_stay() -> None:
    assert list(hardening.refused(refusing(mail="disable_vrfy_command"), {})) == []


@pytest.mark.parametrize("name", ["admin_pass", "show_tracebacks", "email_commands_max_lines"])
def test_a_setting_of_mailman_is_refused_by_itself(name: str) -> None:
    weak = Config("", {("webservice", "admin_pass"): "short", ("webservice", "show_tracebacks"): "yes"})
    every = {each.key for each in settings.wanted(Site(), weak)}
    assert {each.key for each in settings.wanted(refusing(mailman=name), weak)} == every - {name}
    (file,) = (each for each in mailman_plan(refusing(mailman=name), server()).changes if each.kind == "file")
    assert any(why.what == name and "refused by the answers" in why.reason for why in file.why)


def server() -> MemoryHost:
    own = {runners.PACKAGE / name: Kept(b"[runner.in]\nclass: x\n") for name in ("schema.cfg", "mailman.cfg")}
    return MemoryHost(files={CFG: Kept(b"[webservice]\nadmin_pass: short\n", 0o644), **own}, running=())


def test_who_may_read_mailmans_file_is_refused_by_itself() -> None:
    (closed,) = (each for each in mailman_plan(Site(), server()).changes if each.kind == "file")
    assert (closed.mode, closed.was) == (0o640, (0o644, "root", "root"))
    (kept,) = (each for each in mailman_plan(refusing(mailman=MAILMAN_CFG), server()).changes if each.kind == "file")
    assert (kept.mode, kept.group, kept.was) == (0o644, "root", None)
    assert any("mailman.files passes only" in why.reason for why in kept.why)


def test_what_lists_do_about_dmarc_is_refused_by_itself() -> None:
    def planned(site: Site) -> set[str]:
        found = subscription_plan(site, MemoryHost()).changes
        return {each.key for each in found if each.kind == "mailman"}

    assert planned(Site()) == {"subscription_policy", "dmarc_mitigate_action"}
    assert planned(refusing(mailman="dmarc_mitigate_action")) == {"subscription_policy"}


@pytest.mark.parametrize(("table", "known"), [("mail", POSTFIX), ("mailman", MAILMAN)])
def test_only_what_is_planned_can_be_refused(table: str, known: Mapping[str, str]) -> None:
    with pytest.raises(AnswerError) as caught:
        build({table: {"refused": ["disable_vrfy_comand"]}})
    (problem,) = caught.value.problems
    assert (problem.key, problem.value) == (f"{table}.refused.0", "'disable_vrfy_comand'")
    assert problem.may_be == f"one of {', '.join(known)}"


def test_it_is_kept_in_the_file_and_told_in_the_report() -> None:
    site = changed(Site(), {"mail.refused": "disable_vrfy_command, smtpd_tls_security_level"})
    assert loads(dumps(site)) == site
    assert changed(site, {"mail.refused": ""}) == changed(site, {"mail.refused": "[]"}) == Site()
    others = answers(site)["others"]
    assert isinstance(others, dict)
    assert others["Refused hardening"] == "disable_vrfy_command, smtpd_tls_security_level"
    assert "Refused hardening" not in str(answers(Site()))
