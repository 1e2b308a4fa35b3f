"""What the running Mailman has otherwise than it is written, told without a word of the secrets."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard.mailman import cfg, rest, running, settings
from wizard.mailman.cfg import Config
from wizard.site import Site

SITE = Site()
PASSWORD = "p" * settings.WEAKEST
CONFIG = cfg.parse(f"[webservice]\nadmin_pass: {PASSWORD}\n")
RIGHT = {(each.section, each.key): each.value for each in settings.wanted(SITE, CONFIG)}
keys = st.sampled_from(sorted(RIGHT))


def outdated(written: dict[tuple[str, str], str], present: dict[tuple[str, str], str]) -> set[tuple[str, str]]:
    return {(each.section, each.key) for each in running.outdated(SITE, CONFIG, written, present)}


@given(keys)
def test_a_value_of_an_earlier_start_is_named(name: tuple[str, str]) -> None:
    assert outdated(RIGHT, {**RIGHT, name: "another"}) == {name}


@given(keys)
def test_what_is_written_wrongly_too_is_not_a_matter_of_the_start(name: tuple[str, str]) -> None:
    wrong = {**RIGHT, name: "another"}
    assert outdated(wrong, wrong) == set()
    assert outdated(wrong, RIGHT) == set()


def test_values_that_will_do_are_no_difference() -> None:
    assert outdated(RIGHT, {**RIGHT, ("mta", "smtp_host"): "localhost"}) == set()


def test_what_is_not_told_is_not_compared() -> None:
    assert outdated(RIGHT, {}) == set()


@dataclass
class Learner:
    learnt: list[str] = field(default_factory=list)

    def __call__(self, *secrets: str) -> None:
        self.learnt += secrets


def test_secrets_are_learnt_before_anybody_sees_them(monkeypatch: pytest.MonkeyPatch) -> None:
    told = {
        "webservice": {"admin_pass": "the-password-of-the-start"},
        "database": {"url": "postgresql://u:pw%40start@db/x"},
        "mta": {"smtp_pass": "relay-password"},
    }
    asked: list[str] = []

    def configuration(_config: Config, section: str) -> dict[str, str]:
        asked.append(section)
        return told.get(section, {})

    monkeypatch.setattr(rest, "configuration", configuration)
    learner = Learner()
    found = running.read(SITE, CONFIG, learner)
    assert set(asked) == {section for section, _ in RIGHT}
    assert len(asked) == len(set(asked))
    assert found["webservice", "admin_pass"] == "the-password-of-the-start"
    assert set(learner.learnt) == {"the-password-of-the-start", "pw%40start", "pw@start", "relay-password"}
