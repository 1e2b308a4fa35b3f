from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard.errors import CommandError
from wizard.facts import maps
from wizard.localhost import LocalHost

from .recorded import DEBIAN_12, DEBIAN_13, recording, telling

TABLE = "hash:/var/lib/mailman3/data/postfix_lmtp"
KEYS = ("reading-group@local.edu", "nope@local.edu", "reading-group-join@local.edu")


@pytest.mark.parametrize("release", [DEBIAN_12, DEBIAN_13])
def test_found_keys_only(release: str) -> None:
    host = telling(recording("postmap-q.txt", release))
    assert maps.lookups(host, TABLE, KEYS) == {
        "reading-group@local.edu": "lmtp:[127.0.0.1]:8024",
        "reading-group-join@local.edu": "lmtp:[127.0.0.1]:8024",
    }
    argv, stdin, _ = host.calls[0]
    assert argv == ("postmap", "-q", "-", TABLE)
    assert stdin == "reading-group@local.edu\nnope@local.edu\nreading-group-join@local.edu\n"


def test_not_found_is_none_also_with_a_warning() -> None:
    said = (
        "postmap: warning: database /var/lib/mailman3/data/postfix_lmtp.db is older than source file "
        "/var/lib/mailman3/data/postfix_lmtp\n"
    )
    assert maps.lookup(telling(code=1, err=said), TABLE, "nope@local.edu") is None


@pytest.mark.parametrize(
    "said",
    [
        "postmap: fatal: open database /nonexistent.db: No such file or directory",
        "postmap: fatal: open database /var/lib/mailman3/data/postfix_lmtp.db: Permission denied",
        "postmap: fatal: unsupported dictionary type: foo",
        "postmap: fatal: connect #11 to subsystem /var/spool/postfix/private/proxymap: Connection refused",
    ],
)
def test_a_table_that_cannot_be_read_is_an_error(said: str) -> None:
    warned = f"postmap: warning: something else\n{said}\n"
    with pytest.raises(CommandError) as caught:
        maps.lookup(telling(code=1, err=warned), TABLE, "nope@local.edu")
    assert said in str(caught.value)


def test_postmap_missing_or_too_slow_is_an_error() -> None:
    for code in (127, 124, -9):
        with pytest.raises(CommandError):
            maps.lookup(telling(code=code), TABLE, "x")


@pytest.mark.parametrize("key", ["", "a\nb", "a\tb", "a\0b", "a\rb"])
def test_a_key_that_would_be_two_is_refused(key: str) -> None:
    host = telling()
    with pytest.raises(ValueError, match="not a key"):
        maps.lookup(host, TABLE, key)
    assert host.calls == []


def test_compiled_state(tmp_path: Path) -> None:
    source, compiled = tmp_path / "map", tmp_path / "map.lmdb"
    table = f"lmdb:{source}"
    host = LocalHost()
    assert not maps.compiled_state(host, table).current
    source.write_text("a b\n")
    os.utime(source, (2000.0, 2000.5))
    assert not maps.compiled_state(host, table).current
    compiled.write_text("")
    os.utime(compiled, (2000.0, 2000.0))
    stale = maps.compiled_state(host, table)
    assert stale == maps.CompiledState(source, 2000.5, compiled, 2000.0, stale.now)
    assert not stale.current
    os.utime(compiled, (2000.0, 2000.5))
    assert maps.compiled_state(host, f"proxy:{table}").current
    assert maps.compiled_state(host, f"texthash:{source}").current


def test_a_source_of_tomorrow_is_not_compiled_again_and_again(tmp_path: Path) -> None:
    """No map that is made today is ever current then; one that is missing is made."""
    source, compiled = tmp_path / "map", tmp_path / "map.db"
    source.write_text("a b\n")
    os.utime(source, (0, LocalHost().now().timestamp() + 86400))
    assert not maps.compiled_state(LocalHost(), f"hash:{source}").hopeless
    compiled.write_text("")
    found = maps.compiled_state(LocalHost(), f"hash:{source}")
    assert (found.current, found.hopeless) == (False, True)
    os.utime(source)
    assert not maps.compiled_state(LocalHost(), f"hash:{source}").hopeless


@pytest.mark.parametrize("table", ["", "hash", "hash:", ":/a", "inline:{a=b}", "unix:passwd.byname"])
def test_tables_that_are_no_file(table: str) -> None:
    with pytest.raises(ValueError, match="lookup table"):
        maps.compiled_state(LocalHost(), table)


@given(st.text())
def test_nothing_crashes_the_parser(text: str) -> None:
    maps.parse_answers(text)
