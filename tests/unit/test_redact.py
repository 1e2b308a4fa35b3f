"""What is known to be secret is nowhere in what is shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard.redact import HIDDEN, SHORTEST, Redactor

secrets = st.lists(st.text("ab$.\\(é", min_size=SHORTEST, max_size=9), min_size=1, max_size=4)
texts = st.text("ab$.\\(é \n", max_size=40)


@given(secrets, st.lists(texts, min_size=1, max_size=4))
def test_no_secret_is_left_in_a_text(known: list[str], around: list[str]) -> None:
    text = "".join(part + secret for part, secret in zip(around, known * 4, strict=False))
    shown = Redactor(known).text(text)
    assert not any(secret in shown for secret in known)
    assert HIDDEN in shown


@given(secrets, texts)
def test_a_text_without_a_secret_stays_as_it_is(known: list[str], text: str) -> None:
    if not any(secret in text for secret in known):
        assert Redactor(known).text(text) == text


@given(secrets, texts)
def test_twice_is_as_once(known: list[str], text: str) -> None:
    redactor = Redactor(known)
    assert redactor.text(redactor.text(text)) == redactor.text(text)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


def strings(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [found for pair in value.items() for part in pair for found in strings(part)]
    return [found for inner in value for found in strings(inner)] if isinstance(value, list) else []


@given(secrets, values)
def test_no_secret_is_left_in_nested_data(known: list[str], value: object) -> None:
    shown = Redactor(known).data({known[0]: [value, known[-1], (known[0], {"deep": known[0]})]})
    assert not [text for text in strings(shown) for secret in known if secret in text]


@given(values)
def test_data_keeps_its_form(value: object) -> None:
    assert Redactor().data(value) == value
    assert Redactor(["unrelated"]).data(value) == value


def test_the_longest_secret_is_hidden_whole() -> None:
    assert Redactor(["password", "password-of-the-database"]).text("password-of-the-database") == HIDDEN


def test_a_secret_that_is_part_of_the_mark_does_not_multiply_it() -> None:
    assert Redactor(["secret", "pass-word"]).text("pass-word, secret") == f"{HIDDEN}, {HIDDEN}"


def test_short_ones_do_not_tear_holes_into_words() -> None:
    redactor = Redactor(["a", "", "x" * (SHORTEST - 1)])
    assert redactor.text("a xxxxx") == "a xxxxx"


def test_what_is_learned_later_is_hidden_from_then_on() -> None:
    redactor = Redactor()
    assert redactor.text("token-1") == "token-1"
    redactor.learn("token-1")
    assert redactor.text("token-1") == HIDDEN


@pytest.mark.parametrize("word", ["abc12", "mailman", "x", "with blank"])
@pytest.mark.parametrize("line", ["admin_pass: {}", "-admin_pass: {}", "+smtp_pass = {}", " admin_pass={}"])
def test_a_password_in_a_setting_is_hidden_whatever_it_is(word: str, line: str) -> None:
    text = f"[webservice]\n{line.format(word)}\nport: 8001"
    shown = Redactor([word]).text(text)
    assert word not in shown.replace("webservice", "")
    assert (shown.startswith("[webservice]\n"), shown.endswith("\nport: 8001"), HIDDEN in shown) == (True, True, True)


def test_a_password_in_a_url_is_hidden_whatever_it_is() -> None:
    assert Redactor().text("url: postgresql://mailman:abc@db/lists") == f"url: postgresql://mailman:{HIDDEN}@db/lists"


def test_a_word_of_the_program_s_own_is_not_torn_out_of_everything() -> None:
    assert (
        Redactor(["mailman"]).text("mailman.configuration in /etc/mailman3") == "mailman.configuration in /etc/mailman3"
    )
