"""Who may read and write Mailman's files: what is broken is named, and what is put right is broken no more."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.doubles import Kept, MemoryHost
from wizard.host import FileState
from wizard.mailman import cfg, ownership
from wizard.mailman.ownership import Rule

CONFIG = cfg.parse("")
DATABASE = CONFIG.data_dir / "mailman.db"
LOG = CONFIG.log_dir / "smtp.log"
QUEUE = CONFIG.queue_dir / "in"
RULES = {
    rule.path: rule
    for rule in ownership.rules(MemoryHost(files={path: Kept(b"") for path in (DATABASE, LOG, QUEUE)}), CONFIG)
}
RIGHT = FileState("file", 0o640, "root", "list", 0, 0, 0, 0.0)
names = st.sampled_from(["root", "list", "adm", "users", "alice"])
states = st.builds(
    lambda mode, owner, group: replace(RIGHT, mode=mode, owner=owner, group=group), st.integers(0, 0o7777), names, names
)


def test_every_place_has_its_rule() -> None:
    directories = {cfg.PATH.parent, CONFIG.var_dir, CONFIG.queue_dir, CONFIG.log_dir, CONFIG.data_dir}
    assert set(RULES) == {*directories, cfg.PATH, DATABASE, LOG, QUEUE}


@given(st.sampled_from(sorted(RULES.values(), key=lambda rule: rule.path)), states)
def test_what_is_mended_is_broken_no_more(rule: Rule, state: FileState) -> None:
    mode, owner, group = rule.mended(state)
    assert rule.broken(replace(state, mode=mode, owner=owner, group=group)) == ()
    if not rule.broken(state):
        assert (mode, owner, group) == (state.mode, state.owner, state.group)


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (RIGHT, ()),
        (replace(RIGHT, owner="list"), ()),
        (replace(RIGHT, mode=0o600, group="users"), ()),
        (replace(RIGHT, group="users"), ("is open (r--) to the group users, not list or root",)),
        (replace(RIGHT, owner="alice"), ("belongs to alice, not to list or root",)),
        (replace(RIGHT, mode=0o660), ("has mode 0660",)),
        (replace(RIGHT, mode=0o644, group="users"), ("has mode 0644",)),
    ],
)
def test_the_file_with_the_password(state: FileState, said: tuple[str, ...]) -> None:
    assert RULES[cfg.PATH].broken(state) == tuple(f"{cfg.PATH} {text}" for text in said)


@pytest.mark.parametrize("mode", [0o777, 0o775, 0o757, 0o1777])
def test_nobody_else_may_write_beside_the_configuration(mode: int) -> None:
    rule, state = RULES[cfg.PATH.parent], replace(RIGHT, mode=mode, group="root")
    assert any(f"has mode {mode:04o}" in said for said in rule.broken(state))
    assert not rule.mended(state)[0] & 0o022


def test_logs_may_be_read_by_those_who_read_logs() -> None:
    theirs = replace(RIGHT, owner="list", group="adm", mode=0o660)
    assert RULES[LOG].broken(theirs) == ()
    assert RULES[DATABASE].broken(theirs) != ()


@pytest.mark.parametrize(
    ("kept", "open_to_all"),
    [(b"[webservice]\nadmin_pass: in-use-now\n", True), (b"[webservice]\nadmin_pass: an-older-one\n", False)],
)
def test_the_package_s_copy_is_closed_while_its_password_is_in_use(kept: bytes, open_to_all: bool) -> None:  # noqa: FBT001 (the answer)
    host = MemoryHost(files={ownership.PACKAGED: Kept(kept)})
    rules = {rule.path: rule for rule in ownership.rules(host, cfg.parse("[webservice]\nadmin_pass: in-use-now\n"))}
    assert (ownership.PACKAGED in rules) is open_to_all
    if open_to_all:
        state = replace(RIGHT, mode=0o644, group="root")
        assert rules[ownership.PACKAGED].broken(state) == (f"{ownership.PACKAGED} has mode 0644",)
        assert rules[ownership.PACKAGED].mended(state) == (0o600, "root", "root")
