"""Plans and changes as data: shown, reversed, and never a secret in them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.unit.doubles import MemoryHost, stage
from wizard import diff, planning
from wizard.localhost import LocalHost
from wizard.mailman import cfg
from wizard.plan import Change, Directory, File, MailmanObject, Packages, Plan, Rebuild, Service, Why
from wizard.redact import HIDDEN, Redactor
from wizard.session import Session
from wizard.site import Site, build

PATH = Path("/etc/postfix/main.cf")
contents = st.none() | st.binary(max_size=60) | st.text("ab\r\n\x0b\x85\u2028é", max_size=20).map(str.encode)
ids = st.tuples(st.integers(0, 0o777), st.sampled_from(["root", "list"]), st.sampled_from(["root", "list"]))


@st.composite
def files(draw: st.DrawFn) -> File:
    new, old = draw(ids), draw(ids)
    before, after = draw(contents), draw(contents)
    assume(not (before is None and after is None))
    was = old if old != new and before is not None and after is not None else None
    return File(1, PATH, before, after, *new, (), was=was)


why = st.just((Why("this", "for a reason"),))
changes: st.SearchStrategy[Change] = st.one_of(
    files(),
    st.builds(Directory, st.just(2), st.just(Path("/run/x")), st.just(0o755), st.just("a"), st.just("b"), why),
    st.builds(Rebuild, st.just(3), st.just("maps"), st.just(("postmap", "x")), st.just("list"), why),
    st.builds(
        Service,
        st.just(3),
        st.sampled_from(["postfix", "mailman3"]),
        st.sampled_from(["start", "stop", "reload", "restart", "enable", "disable"]),
        why,
    ),
    st.builds(
        MailmanObject,
        st.just(4),
        st.sampled_from(["domain", "list", "owner", "setting"]),
        st.just("local.edu"),
        st.just("key"),
        st.none() | st.just("old"),
        st.just("new"),
        why,
    ),
)


@given(changes)
def test_the_reverse_of_the_reverse_is_the_change(change: Change) -> None:
    reverse = change.reverse()
    assert reverse is not None
    assert reverse.reverse() == change


@given(changes)
def test_a_reverse_is_about_the_same(change: Change) -> None:
    reverse = change.reverse()
    assert reverse is not None
    assert (reverse.kind, reverse.target, reverse.stage) == (change.kind, change.target, change.stage)


def test_packages_are_not_taken_away_again() -> None:
    plan = Plan(1, (Packages(1, ("postfix",), ()),))
    assert [change.reverse() for change in plan.changes] == [None]


@given(st.lists(changes, max_size=4))
def test_a_plan_as_json_has_every_change(made: list[Change]) -> None:
    plan = Plan(1, tuple(made))
    rows: list[dict[str, Any]] = json.loads(json.dumps(plan.data()))
    assert [(row["kind"], row["target"]) for row in rows] == [(each.kind, each.target) for each in made]
    assert all(row["diff"] == each.diff() for row, each in zip(rows, made, strict=True))
    assert bool(plan) is bool(made)
    assert all(f"== {each.kind} {each.target}" in plan.text() for each in made)


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        (Packages(1, ("postfix", "x"), ()), "+ postfix (not installed)\n+ x (not installed)"),
        (Directory(1, Path("/run/x"), 0o755, "list", "adm", ()), "+ /run/x 0755 list:adm"),
        (Directory(1, Path("/run/x"), 0o755, "list", "adm", (), remove=True), "- /run/x 0755 list:adm"),
        (Rebuild(1, "maps", ("postmap", "f"), None, ()), "! postmap f"),
        (Service(1, "postfix", "reload", ()), "! reload postfix"),
        (MailmanObject(1, "domain", "local.edu", after="present"), "+ domain local.edu = present"),
        (MailmanObject(1, "setting", "a@b.c", "k", "old", "new"), "- setting a@b.c k = old\n+ setting a@b.c k = new"),
        (File(1, PATH, b"a\n", b"a\n", 0o640, "root", "list", (), was=(0o644, "root", "root")),
         "- 0644 root:root\n+ 0640 root:list"),
        (File(1, PATH, None, b"x\n", 0o640, "root", "list", ()), f"--- /dev/null\n+++ {PATH}\n@@ -0,0 +1 @@\n+x"),
    ],
    ids=lambda value: getattr(value, "kind", ""),
)  # fmt: skip
def test_what_is_shown_of_a_change(change: Change, shown: str) -> None:
    assert change.diff() == shown


def test_reasons_are_shown_with_the_change() -> None:
    change = Service(1, "postfix", "start", (Why("start", "it does not run"),))
    assert Plan(1, (change,)).text() == "== service postfix\n# start: it does not run\n! start postfix\n"


class TestDiff:
    @given(contents, contents)
    def test_it_is_empty_only_for_equal_contents(self, before: bytes | None, after: bytes | None) -> None:
        assert (diff.unified("name", before, after) == "") is (before == after)

    @given(
        st.lists(st.text("ab\r\x0b\x85\u2028+-@ ", max_size=6), max_size=6),
        st.lists(st.text("ab\r\x0b\x85\u2028+-@ ", max_size=6), max_size=6),
    )
    def test_it_holds_every_line_that_comes_or_goes(self, old: list[str], new: list[str]) -> None:
        before, after = ("".join(f"{line}\n" for line in lines) for lines in (old, new))
        lines = diff.unified("name", before.encode(), after.encode()).split("\n")[2:]
        assert set(old) - set(new) <= {line[1:] for line in lines if line.startswith("-")}
        assert set(new) - set(old) <= {line[1:] for line in lines if line.startswith("+")}

    def test_a_change_of_the_lines_ends_is_shown(self) -> None:
        assert diff.unified("n", b"a\r\n", b"a\n") == "--- n\n+++ n\n@@ -1 +1 @@\n-a\r\n+a"

    def test_a_missing_end_is_shown_as_diff_shows_it(self) -> None:
        assert diff.unified("n", b"a", b"a\n").split("\n")[3:] == ["-a", "\\ No newline at end of file", "+a"]

    @pytest.mark.parametrize(
        ("before", "after", "shown"),
        [
            (None, b"", "--- /dev/null\n+++ n"),
            (b"", None, "--- n\n+++ /dev/null"),
            (b"\xff\n", b"\\xff\n", "--- n\n+++ n"),
        ],
    )
    def test_a_change_without_a_line_is_shown_by_its_head(
        self, before: bytes | None, after: bytes | None, shown: str
    ) -> None:
        assert diff.unified("n", before, after) == shown

    def test_other_bytes_than_text_are_shown(self) -> None:
        assert diff.unified("n", None, b"a\xff\n").endswith("+a\\xff")


@pytest.mark.parametrize(("names", "after", "warned"), [(1, b"new", False), (2, b"new", True), (2, b"old", False)])
def test_a_file_with_several_names_is_warned_of(tmp_path: Path, names: int, after: bytes, *, warned: bool) -> None:
    path = tmp_path / "main.cf"
    path.write_bytes(b"old")
    for number in range(1, names):
        (tmp_path / f"main.cf.{number}").hardlink_to(path)
    file = File(1, path, b"old", after, 0o644, "root", "root", (Why("x", "y"),))
    planned = stage(1, plan=lambda _site, _host: Plan(1, (file,)))
    text = planning.make(planned, Site(), LocalHost(), Redactor(), Session()).text()
    assert ("has 2 names (hard links)" in text) is warned


class TestSecrets:
    PASSWORD = "the-old-rest-password"

    def host(self) -> MemoryHost:
        made = MemoryHost()
        made.write(
            cfg.PATH, f"[webservice]\nadmin_pass: {self.PASSWORD}\n".encode(), mode=0o640, owner="root", group="list"
        )
        return made

    def plan(self, site: Site, host: MemoryHost) -> tuple[Plan, Redactor]:
        before = host.read(cfg.PATH)
        after = (
            b"[webservice]\nadmin_pass: a-new-password-of-the-plan\n"
            b"[database]\nurl: postgresql://u:s3cr%40tive@db/mailman\n[mta]\nsmtp_pass: relay-password\n"
        )
        change = File(2, cfg.PATH, before, after, 0o640, "root", "list", ())
        redactor = Redactor()
        return planning.make(
            stage(2, plan=lambda _site, _host: Plan(2, (change,))), site, host, redactor, Session()
        ), redactor

    def test_neither_old_nor_new_ones_are_in_what_is_shown(self) -> None:
        plan, redactor = self.plan(Site(), self.host())
        for shown in (redactor.text(plan.text()), json.dumps(redactor.data(plan.data()))):
            assert HIDDEN in shown
            for secret in (self.PASSWORD, "a-new-password-of-the-plan", "s3cr%40tive", "s3cr@tive", "relay-password"):
                assert secret not in shown
        written = plan.changes[0]
        assert isinstance(written, File)
        assert b"a-new-password-of-the-plan" in (written.after or b"")

    def test_those_of_the_answers_are_not(self) -> None:
        site = build({"mailman": {"database": "postgresql://mailman:pa%24%24w0rd-x@db/mailman"}})
        _, redactor = self.plan(site, self.host())
        assert redactor.text("pa$$w0rd-x pa%24%24w0rd-x") == f"{HIDDEN} {HIDDEN}"

    @pytest.mark.parametrize("url", ["postgresql://u:[bad-password/db", "x://[", "://", "", "http://u:pw-pw-pw@h:x/"])
    def test_a_url_that_is_none_is_no_defect(self, url: str) -> None:
        host = self.host()
        host.write(cfg.PATH, f"[database]\nurl: {url}\n".encode(), mode=0o640, owner="root", group="list")
        self.plan(Site(), host)
