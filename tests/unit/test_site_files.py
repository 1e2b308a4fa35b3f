"""site.toml as a file: what cannot be read, and what stays when it is written."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from wizard.errors import AnswerError, Problem, RefusedError
from wizard.localhost import LocalHost
from wizard.site import Site, changed, dumps, load, loads, save

ORIGINAL = """\
# our list server
schema = 1
mail.domain = "local.edu"  # ours since 1998

[mailman]  # see the wiki
site_owner = "postmaster@local.edu"
rest = '127.0.0.1:8001'

[[lists]]  # books
name = "reading-group"

# and films
[[lists]]
name = "film-group"  # Fridays
owner = "bob@local.edu"

[check]
subscribers = [
    "a@local.edu",  # Ann
]
"""


@dataclass(frozen=True, slots=True)
class WritingHost(LocalHost):
    """Writes as whoever runs the tests, and remembers as whom it should have."""

    written: list[tuple[Path, int, str, str]] = field(default_factory=list)
    fault: OSError | None = None

    def write(self, path: Path, content: bytes, *, mode: int, owner: str, group: str) -> None:
        if self.fault:
            raise self.fault
        self.written.append((path, mode, owner, group))
        path.write_bytes(content)


def problems(path: Path, content: bytes | None = None) -> tuple[Problem, ...]:
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(AnswerError) as caught:
        load(path, required=True)
    assert all(str(one).isprintable() for one in caught.value.problems)
    return caught.value.problems


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "site.toml"


def test_no_file_is_all_defaults_unless_it_was_named(path: Path) -> None:
    assert load(path) == Site()
    (found,) = problems(path)
    assert found == Problem("--answers", repr(str(path)), "a file that exists")


def test_an_empty_file_is_all_defaults(path: Path) -> None:
    path.write_bytes(b"\xef\xbb\xbf\r\n")
    assert load(path, required=True) == Site()


def test_overrides_win_over_the_file(path: Path) -> None:
    path.write_text(ORIGINAL)
    site = load(path, ["mail.domain=example.org", "lists.1.name=cinema", "lists.2.name=third"])
    assert site.mail.domain == "example.org"
    assert [spec.name for spec in site.lists] == ["reading-group", "cinema", "third"]
    assert site.lists[1].owner == "bob@local.edu"


@pytest.mark.parametrize(
    ("content", "may_be"),
    [
        (b"[mail\n", "TOML (https://toml.io): line 1, column 6"),
        (b"[mail]\ndomain = local.edu\n", "line 2, column 10: Invalid value"),
        (b"[mail]\n[mail]\n", "line 2, column 6: Cannot declare"),
        (b'schema = "', "end of document: Unterminated string"),
        (b"a\0b = 1", "line 1, column 2"),
        (b"schema = " + b"9" * 5000, "TOML"),
        (b"schema = " + b"[" * 100_000, "nested less deeply"),
        (b"[mail]\ndomain = '\xff'", "in UTF-8; byte 17 is not"),
        (b"#" * ((1 << 20) + 1), "at most 1048576 bytes"),
    ],
)
def test_a_file_that_is_not_toml_is_refused_with_its_place(path: Path, content: bytes, may_be: str) -> None:
    (found,) = problems(path, content)
    assert (found.key, found.value) == ("--answers", repr(str(path)))
    assert may_be in found.may_be


def test_a_directory_instead_of_a_file_is_refused(path: Path) -> None:
    path.mkdir()
    (found,) = problems(path)
    assert found == Problem("--answers", repr(str(path)), "a TOML file; this is a directory")


def test_a_pipe_is_not_waited_for(path: Path) -> None:
    os.mkfifo(path)
    (found,) = problems(path)
    assert "not a regular file" in found.may_be


@pytest.mark.parametrize(("name", "why"), [("a" * 300, "too long"), ("a\0b", "embedded null")])
def test_a_file_that_cannot_be_read_is_refused_with_the_reason(path: Path, name: str, why: str) -> None:
    (found,) = problems(path.with_name(name))
    assert "a file that can be read" in found.may_be
    assert why in found.may_be


def test_a_file_without_permission_is_refused_with_the_reason(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.touch()

    def forbid(*_args: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", forbid)
    (found,) = problems(path)
    assert found.may_be == "a file that can be read: Permission denied"


@pytest.mark.parametrize(
    ("text", "key", "value", "may_be"),
    [
        ("mail = 3", "mail", "3", "a table, [mail]"),
        ("mail = 'x'\n", "mail", "'x'", "a table, [mail]"),
        ("lists = []", "lists", "[]", "one [[lists]] table or more"),
        ("lists = 1", "lists", "1", "one [[lists]] table or more"),
        ("lists = [1]", "lists.0", "1", "one [[lists]] table or more"),
        ("[lists]\nname = 'x'", "lists", "a table", "one [[lists]] table or more"),
        ("[[lists]]", "lists.0.name", "nothing", "a list's name"),
        ("[mial]\ndomain = 'x.y'", "mial", "a table", "did you mean mail?"),
        ("[mail]\nnetworks = '127.0.0.0/8'", "mail.networks", "'127.0.0.0/8'", "a list of networks"),
        ("[mail]\nnetworks = ['127.0.0.0/8', 1]", "mail.networks.1", "1", "a list of networks"),
        ("[mail]\ndomain = 1979-05-27", "mail.domain", "datetime.date(1979, 5, 27)", "a fully qualified"),
        ("[mailman]\nlmtp = 8024", "mailman.lmtp", "8024", "an address and a port"),
        ("[mailman]\ndatabase = ['postgresql://u:p@h']", "mailman.database", "a list", "sqlite, or"),
        ("[check]\ncount = 3", "check.count", "'3'", "not a key"),
        ("schema = true", "schema", "True", "1, the only form"),
    ],
)
def test_a_value_of_another_type_is_named(text: str, key: str, value: str, may_be: str) -> None:
    with pytest.raises(AnswerError) as caught:
        loads(text)
    (found,) = caught.value.problems
    assert found.key == key
    assert found.value.strip("'") == value.strip("'")
    assert may_be in found.may_be


@pytest.mark.parametrize("text", ["mail = 3", "lists = 3", "lists = [3]"])
def test_an_override_does_not_hide_a_section_that_is_no_table(path: Path, text: str) -> None:
    path.write_text(text)
    with pytest.raises(AnswerError, match="table"):
        load(path, ["mail.domain=example.org", "lists.0.name=x"])


def test_a_fresh_file_explains_every_key_and_loads_as_it_was() -> None:
    text = dumps(Site())
    assert loads(text) == Site()
    assert '# site_owner = "postmaster@local.edu"\n' in text
    assert all(len(line) <= 110 for line in text.splitlines())


def test_what_did_not_change_stays_byte_for_byte() -> None:
    assert dumps(loads(ORIGINAL), ORIGINAL) == ORIGINAL


def test_only_what_changed_is_written() -> None:
    site = changed(loads(ORIGINAL), {"mail.domain": "example.org", "lists.1.owner": "carol@local.edu"})
    expected = (
        ORIGINAL.replace('mail.domain = "local.edu"', 'mail.domain = "example.org"')
        .replace("postmaster@local.edu", "postmaster@example.org")
        .replace("bob@local.edu", "carol@local.edu")
    )
    assert dumps(site, ORIGINAL) == expected


def test_new_keys_and_lists_are_added_and_comments_stay() -> None:
    site = changed(loads(ORIGINAL), {"mail.mailbox": "maildir", "check.limit": "9", "lists.2.name": "third-group"})
    text = dumps(site, ORIGINAL)
    assert loads(text) == site
    for comment in ("# our list server", "# ours since 1998", "# see the wiki", "# Fridays", "# Ann"):
        assert comment in text


def test_a_list_that_goes_takes_only_its_own_table() -> None:
    site = loads(ORIGINAL).model_copy(update={"lists": loads(ORIGINAL).lists[1:]})
    text = dumps(site, ORIGINAL)
    assert loads(text) == site
    assert "# Fridays" in text
    assert "reading-group" not in text


@pytest.mark.parametrize(
    "original",
    [
        "",
        "# only a comment",
        "mail = {domain = 'a.b'}\nlists = [{name = 'x'}]\n",
        "colour = 'red'\n[mail]\ndomian = 'x'\n",
        "[mail]\ndomain = 'not valid'\n",
        "mail = 3\n",
        "check.limit = 5\nmail.domain = 'a.b'\ncheck.subscribers = 4\n",
    ],
)
def test_any_toml_can_be_saved_over(original: str) -> None:
    site = changed(Site(), {"mail.domain": "example.org", "lists.1.name": "x", "check.limit": "7"})
    assert loads(dumps(site, original)) == site


def test_broken_toml_is_not_saved_over(path: Path) -> None:
    path.write_text("[mail\n# a comment worth keeping")
    with pytest.raises(AnswerError, match="line 1"):
        save(Site(), path, WritingHost())
    assert path.read_text() == "[mail\n# a comment worth keeping"


def test_a_file_that_is_not_text_is_not_saved_over(path: Path) -> None:
    path.write_bytes(b"\xff")
    with pytest.raises(AnswerError, match="UTF-8"):
        save(Site(), path, WritingHost())


def test_the_file_is_written_for_root_alone(path: Path) -> None:
    host = WritingHost()
    target = path.parent / "new" / "site.toml"
    save(Site(), target, host)
    assert host.written == [(target, 0o600, "root", "root")]
    assert load(target, required=True) == Site()
    target.write_text(ORIGINAL)
    save(loads(ORIGINAL), target, host)
    assert target.read_text() == ORIGINAL


def test_a_full_disk_is_a_refusal(path: Path) -> None:
    with pytest.raises(RefusedError, match="No space left"):
        save(Site(), path, WritingHost(fault=OSError(28, "No space left on device")))
    assert not path.exists()
