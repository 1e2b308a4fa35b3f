"""Whatever is typed: a valid site, or an error that names the key; and nothing that breaks out."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterator
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from wizard.errors import AnswerError, Problem
from wizard.site import FIELDS, SUBADDRESSES, Site, build, changed, check_field, dumps, load, loads

NOWHERE = Path("/nonexistent/site.toml")
NASTY = " \t\r\n\0\x1b\"'`$\\{}%|;&<>()!*?#,@:/[]"

keys = st.sampled_from([field.key for field in FIELDS])
defaults = st.sampled_from([field.default for field in FIELDS] + [c for field in FIELDS for c in field.choices])
texts = st.one_of(
    st.text(),
    st.text(alphabet=NASTY + string.ascii_letters + "0123456789.-_=~+é\udcff"),
    st.tuples(defaults, st.sampled_from(["", *NASTY, "\u2028", "é", "."]), defaults).map("".join),
    defaults,
)
letters = string.ascii_lowercase
labels = st.text(letters + "0123456789", min_size=1, max_size=8).map("x{}z".format)
domains = st.lists(labels, min_size=2, max_size=4).map(".".join)
addresses = st.tuples(st.text(letters + "0123456789+_", max_size=8).map("u{}".format), domains).map("@".join)
list_names = st.text(letters, max_size=8).map("l{}".format)
passwords = st.lists(st.sampled_from([*string.ascii_letters, "-", "_", "%40", "%2F", "%25"]), min_size=8).map("".join)


@st.composite
def sites(draw: st.DrawFn) -> Site:
    names = draw(st.lists(list_names, min_size=1, max_size=3, unique=True))
    password = draw(passwords)
    ports = draw(st.lists(st.integers(26, 65535), min_size=2, max_size=2, unique=True))
    counts = st.integers(1, 50)
    return build(
        {
            "mail": {
                "hostname": draw(domains.map(lambda name: f"mail.{name}")),
                "domain": draw(domains.map(lambda name: f"lists.{name}")),
                "domain_class": draw(st.sampled_from(["shared", "dedicated", "virtual"])),
                "mailbox": draw(st.sampled_from(["mbox", "maildir"])),
                "networks": ["127.0.0.0/8", *draw(st.lists(st.ip_addresses().map(str), max_size=3))],
            },
            "mailman": {
                "database": draw(st.sampled_from(["sqlite", f"postgresql://u:{password}@h/db"])),
                "lmtp": f"127.0.0.1:{ports[0]}",
                "rest": f"[::1]:{ports[1]}",
            },
            "lists": [
                {"name": name, **draw(st.fixed_dictionaries({}, optional={"owner": addresses}))} for name in names
            ],
            "check": {
                "subscribers": draw(counts | st.lists(addresses, min_size=1, max_size=4, unique=True)),
                "limit": draw(st.integers(1, 600)),
            },
        }
    )


def leaves(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from leaves(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from leaves(inner)
    else:
        yield str(value)


def attempt(made: Callable[[], Site]) -> Site | tuple[Problem, ...]:
    """Give what was made, or why not; every reason is fit for a line of a terminal."""
    try:
        return made()
    except AnswerError as error:
        reasons = error.problems
    assert reasons
    assert all(str(problem).isprintable() and len(problem.value) <= 60 for problem in reasons)
    return reasons


def harmless(site: Site) -> bool:
    database = site.mailman.database
    plain = site.model_dump(mode="json", exclude={"mailman": {"database"}})
    return (
        all(re.fullmatch(r"[A-Za-z0-9._@+=~:/\[\]-]+", text, re.ASCII) for text in leaves(plain))
        and not any(text.startswith(("-", "=", "~", "+", "@")) for text in leaves(plain))
        and re.fullmatch(r"[A-Za-z0-9._@~:/\[\]?&=-]+", re.sub("%[0-9A-Fa-f]{2}", "", database), re.ASCII) is not None
    )


@given(key=keys, text=texts)
def test_any_text_is_a_valid_site_or_an_error_that_names_its_key(key: str, text: str) -> None:
    made = attempt(lambda: load(NOWHERE, [f"{key}={text}"]))
    if isinstance(made, Site):
        assert harmless(made)
        assert check_field(key, text) is None
        assert loads(dumps(made)) == made
    else:
        assert any(f"{problem.key}.".startswith(f"{key}.") for problem in made)


@given(key=st.text(), text=texts)
def test_any_key_is_known_or_named(key: str, text: str) -> None:
    attempt(lambda: load(NOWHERE, [f"{key}={text}"]))


@given(text=st.text() | st.text(alphabet=NASTY + "abcdefghilmnorstx=0123456789.-"))
def test_any_file_is_a_site_or_an_error(text: str) -> None:
    made = attempt(lambda: loads(text))
    if isinstance(made, Site):
        assert harmless(made)
        assert loads(dumps(made, text)) == made


toml = st.recursive(
    st.none().map(lambda _none: 1) | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
sections = st.sampled_from(["schema", "mail", "mailman", "lists", "check"])


@given(answers=st.dictionaries(sections, toml, min_size=1))
def test_answers_of_any_shape_are_a_site_or_an_error(answers: dict[str, object]) -> None:
    made = attempt(lambda: build(answers))
    if not isinstance(made, Site):
        assert {problem.key.split(".")[0] for problem in made} <= {*answers}


@settings(max_examples=25)
@given(site=sites(), other=sites())
def test_what_is_saved_is_what_is_loaded(site: Site, other: Site) -> None:
    assert loads(dumps(site)) == site
    assert loads(dumps(other, dumps(site))) == other
    assert changed(site, {}) == site
    assert dumps(site, dumps(site)) == dumps(site)


@given(site=sites())
def test_a_site_holds_nothing_that_breaks_out(site: Site) -> None:
    assert harmless(site)
    for spec in site.lists:
        for suffix in SUBADDRESSES:
            address = site.list_address(spec, suffix)
            assert len(address) <= 254
            assert len(address.partition("@")[0]) <= 64


@given(password=passwords)
def test_a_password_is_never_shown(password: str) -> None:
    site = changed(Site(), {"mailman.database": f"postgresql://u:{password}@h/db"})
    assert password in site.secrets()
    assert password not in repr(site)
    for broken in (
        f"postgresql://u:{password}@h",
        f"postgresql://u:{password}",
        f"postgres://u:{password}@h/db",
    ):
        found = check_field("mailman.database", broken)
        assert found is not None
        assert password not in str(found)
