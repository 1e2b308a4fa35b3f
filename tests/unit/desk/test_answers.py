from __future__ import annotations

from pathlib import Path

import pytest

from tests.screens.desks import postconf
from tests.unit.doubles import Kept, MemoryHost
from wizard.desk.answers import LONGEST, Form
from wizard.desk.present import present
from wizard.errors import AnswerError
from wizard.site import FIELDS, ListAnswers, Site, changed

CFG = """[mailman]
site_owner: root@local.edu
[database]
url: postgresql://mailman:geheimes-Wort@db/mailman
[webservice]
port: 8002
"""


def form(**drafts: str) -> Form:
    return Form.of(Site(), {}, {key.replace("__", "."): text for key, text in drafts.items()})


def test_every_question_is_asked_in_some_stage() -> None:
    asked = {answer.key for number in range(1, 7) for answer in form().of_stage(number)}
    assert asked == {field.key for field in FIELDS if "." in field.key}


def test_what_is_typed_is_checked_on_its_own() -> None:
    typed = form().typed("mail.domain", "not a domain!")
    assert [answer.key for answer in typed.problems] == ["mail.domain"]
    with pytest.raises(AnswerError):
        typed.result()
    assert typed.typed("mail.domain", "local.edu").problems == ()


def test_what_is_typed_is_checked_with_the_others() -> None:
    typed = form().typed("mailman.rest", "127.0.0.1:8024")
    assert typed.problems
    assert "8024" in typed.problems[0].problem


def test_it_becomes_the_site_that_was_typed() -> None:
    typed = form(mail__domain="example.org", check__subscribers="5").result()
    assert (typed.mail.domain, typed.check.subscribers) == ("example.org", 5)


def test_a_second_list_has_its_own_fields() -> None:
    site = changed(Site(), {"lists.1.name": "writers"})
    assert isinstance(site.lists[1], ListAnswers)
    typed = Form.of(site, {}, {}).typed("lists.1.name", "singers").result()
    assert [each.name for each in typed.lists] == ["reading-group", "singers"]


def test_a_key_that_it_does_not_have_is_no_matter() -> None:
    assert form(nonsense="x") == form()


def test_control_characters_are_written_out() -> None:
    typed = form().typed("mail.hostname", "a\x1b[2J\nb")
    assert all(answer.text.isprintable() for answer in typed.answers)


def test_what_the_server_has() -> None:
    files = {Path("/etc/mailman3/mailman.cfg"): Kept(CFG.encode())}
    found = present(MemoryHost(files=files, commands={"postconf": postconf}), Site())
    assert found["mail.hostname"] == "mx1"
    assert found["mailman.rest"].endswith(":8002")
    assert found["mailman.site_owner"] == "root@local.edu"
    assert "geheim" not in found["mailman.database"]


def test_a_server_with_nothing_on_it_has_nothing() -> None:
    assert present(MemoryHost(files={}), Site()) == {}


def test_an_answer_that_is_too_long_is_told_and_nothing_is_cut_off() -> None:
    networks = ", ".join(["127.0.0.0/8", *(f"10.0.{number}.0/24" for number in range(40))])
    assert form().typed("mail.networks", networks).result().mail.networks[-1] == "10.0.39.0/24"
    typed = form().typed("mail.networks", networks * 20)
    assert [answer.problem for answer in typed.problems] == [f"{len(networks * 20)} characters: at most {LONGEST}"]


def test_what_is_saved_is_shown_without_its_password() -> None:
    site = changed(Site(), {"mailman.database": "postgresql://mailman:geheimes-Wort@db/mailman"})
    answer = Form.of(site, {}, {}).answer("mailman.database")
    assert answer is not None
    assert "geheim" in answer.saved
    assert "geheim" not in answer.shown
