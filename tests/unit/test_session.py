"""What is remembered of a proof, and when it no longer holds."""

from __future__ import annotations

import json
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.doubles import MAIN_CF, Kept, MemoryHost
from wizard import drift, session
from wizard.mailman import cfg
from wizard.session import Session, Verified
from wizard.site import Site, build
from wizard.stages import STAGES
from wizard.state import State
from wizard.status import status


def verified(stage: int, *, passed: bool = True, **parts: str) -> Verified:
    return Verified(stage, "2026-11-22T08:00:00+00:00", "a-run", passed, parts)


names = st.text("ab/.", min_size=1, max_size=4)
records = st.builds(
    Verified, st.integers(1, 6), st.text(max_size=5), st.text(max_size=5), st.booleans(), st.dictionaries(names, names)
)


class TestFile:
    @given(st.lists(records, max_size=6))
    def test_what_was_saved_is_loaded(self, entries: list[Verified]) -> None:
        known = Session()
        for each in entries:
            known = known.record(each)
        with tempfile.TemporaryDirectory() as root:
            path = Path(root) / "session.json"
            session.save(known, path)
            assert session.load(path) == known

    def test_it_is_root_s_alone(self, tmp_path: Path) -> None:
        session.save(Session(), tmp_path / "session.json")
        assert (tmp_path / "session.json").stat().st_mode & 0o777 == 0o600

    def test_without_a_file_nothing_is_verified(self, tmp_path: Path) -> None:
        assert session.load(tmp_path / "session.json") == Session()
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"{",
            b"\xff\xfe",
            b"[]",
            b"null",
            b"{}",
            b'{"stages": []}',
            b'{"stages": {"1": {}}}',
            b'{"stages": {"one": {"stage": 1, "at": "", "run": "", "passed": true, "parts": {}}}}',
            b'{"stages": {"1": {"stage": 1, "at": "", "run": "", "passed": true, "parts": null}}}',
            b'{"stages": {"1": {"stage": 1, "at": "", "run": "", "passed": true, "parts": "x"}}}',
            b'{"stages": {"1": {"stage": null, "at": "", "run": "", "passed": true, "parts": {}}}}',
        ],
    )
    def test_a_corrupt_file_is_set_aside_and_proves_nothing(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "session.json"
        path.write_bytes(content)
        assert session.load(path) == Session()
        assert path.read_bytes() == content
        session.save(Session(), path)
        assert (tmp_path / "session.corrupt").read_bytes() == content

    def test_whoever_sets_it_aside_says_so_and_who_reads_it_meanwhile_does_not_mind(self, tmp_path: Path) -> None:
        path = tmp_path / "session.json"
        ended = threading.Event()

        def read() -> int:
            reads = 0
            while not ended.is_set():
                assert session.load(path) == Session()
                reads += 1
            return reads

        with ThreadPoolExecutor() as beside:
            readers = [beside.submit(read) for _ in range(2)]
            for _ in range(50):
                path.write_text("{")
                assert session.set_aside(path).startswith("session.json is damaged")
                assert not path.exists()
            ended.set()
            assert all(reader.result() for reader in readers)

    def test_only_true_is_passed(self, tmp_path: Path) -> None:
        path = tmp_path / "session.json"
        entry = {"stage": 1, "at": "", "run": "", "passed": "false", "parts": {}}
        path.write_text(json.dumps({"stages": {"1": entry}}))
        assert not session.load(path).stages[1].passed


class TestStale:
    def test_every_part_that_changed_is_named(self) -> None:
        known = Session().record(verified(1, a="1", b="2", c="3"))
        assert known.stale(1, {"a": "1", "b": "x", "d": "4"}) == ("b", "c")

    def test_what_is_not_known_is_not_stale(self) -> None:
        assert Session().stale(1, {"a": "1"}) == ()


class TestParts:
    def test_it_has_what_every_stage_stands_on(self) -> None:
        host = MemoryHost()
        for path in (MAIN_CF, MAIN_CF.with_name("master.cf"), cfg.PATH):
            host.edit(path)
        assert {name for stage in STAGES for name in stage.depends} <= set(session.parts(host, Site()))

    def test_a_file_that_is_not_there_is_absent(self) -> None:
        host = MemoryHost(files={})
        assert session.chosen(session.parts(host, Site()), [str(MAIN_CF)]) == {str(MAIN_CF): "absent"}

    @pytest.mark.parametrize(
        ("answers", "part"),
        [
            ({"mail": {"interfaces": "all"}}, "site.mail"),
            ({"mailman": {"lmtp": "127.0.0.1:8124"}}, "site.mailman"),
            ({"lists": [{"name": "other"}]}, "site.lists"),
            ({"check": {"subscribers": 4}}, "site.check"),
        ],
    )
    def test_an_answer_changes_its_part_alone(self, answers: dict[str, object], part: str) -> None:
        host = MemoryHost()
        before, after = session.parts(host, Site()), session.parts(host, build(answers))
        assert [name for name in before if before[name] != after[name]] == [part]

    def test_a_changed_database_url_is_noticed_and_not_told(self) -> None:
        urls = [f"postgresql://u:pass-word-{number}@h/db" for number in (1, 2)]
        first, second = (session.parts(MemoryHost(), build({"mailman": {"database": url}})) for url in urls)
        assert first["site.mailman"] != second["site.mailman"]
        assert "pass-word" not in str(first)

    @pytest.mark.parametrize("path", [MAIN_CF, cfg.PATH])
    def test_a_changed_file_changes_its_part(self, path: Path) -> None:
        host = MemoryHost()
        before = session.parts(host, Site())
        host.edit(path)
        after = session.parts(host, Site())
        assert {name for name in after if after[name] != before.get(name)} == {str(path)}


class TestStatus:
    def rows(self, root: Path, known: Session, host: MemoryHost | None = None) -> list[dict[str, object]]:
        state = State(root)
        session.save(known, state.session)
        found = status(Site(), host or MemoryHost(), state)
        assert found["schema"] == 1
        rows = found["stages"]
        assert isinstance(rows, list)
        assert found["verified"] is all(row["state"] == "verified" for row in rows)
        return rows

    def proven(self, *numbers: int, host: MemoryHost) -> Session:
        known, now = Session(), session.parts(host, Site())
        for number in numbers:
            parts = session.chosen(now, STAGES[number - 1].depends)
            known = known.record(Verified(number, "then", "a-run", passed=True, parts=parts))
        return known

    def states(self, rows: list[dict[str, object]]) -> list[object]:
        return [row["state"] for row in rows]

    def test_at_first_only_stage_1_is_open(self, tmp_path: Path) -> None:
        rows = self.rows(tmp_path, Session())
        assert self.states(rows) == ["open", *["shut"] * 5]
        assert rows[0] == {"stage": 1, "name": "postfix", "state": "open", "at": None, "why": None, "drift": {}}

    def test_the_stage_after_the_verified_ones_is_open(self, tmp_path: Path) -> None:
        host = MemoryHost()
        rows = self.rows(tmp_path, self.proven(1, 2, host=host), host)
        assert self.states(rows) == ["verified", "verified", "open", "shut", "shut", "shut"]
        assert rows[0]["at"] == "then"

    def test_all_six(self, tmp_path: Path) -> None:
        host = MemoryHost()
        assert self.states(self.rows(tmp_path, self.proven(*range(1, 7), host=host), host)) == ["verified"] * 6

    def test_six_proofs_of_two_runs_do_not_verify_the_whole(self, tmp_path: Path) -> None:
        host = MemoryHost()
        known = self.proven(*range(1, 7), host=host)
        parts = session.chosen(session.parts(host, Site()), STAGES[5].depends)
        state = State(tmp_path)
        session.save(known.record(Verified(6, "later", "another-run", passed=True, parts=parts)), state.session)
        found = status(Site(), host, state)
        assert found["verified"] is False

    def test_what_changed_is_named(self, tmp_path: Path) -> None:
        host = MemoryHost()
        known = self.proven(*range(1, 7), host=host)
        host.edit(MAIN_CF)
        rows = self.rows(tmp_path, known, host)
        assert self.states(rows) == ["stale", "verified", "stale", "stale", "stale", "stale"]
        assert rows[0]["why"] == f"changed since it was verified: {MAIN_CF}"

    def test_which_settings_changed_is_named(self, tmp_path: Path) -> None:
        written = {"mynetworks": "127.0.0.0/8", "relayhost": "", "myorigin": "local.edu"}

        def postconf(words: tuple[str, ...]) -> str:
            return "".join(f"{name} = {value}\n" for name, value in written.items()) if words[1] == "-n" else ""

        host = MemoryHost(commands={"postconf": postconf})
        host.files[cfg.PATH] = Kept(b"[webservice]\nadmin_pass: a-secret\nport: 8001\n")
        settings = drift.settings(host)
        known = Session()
        for each in self.proven(1, 2, host=host).stages.values():
            known = known.record(replace(each, settings=settings))
        assert "a-secret" not in str(known)
        host.edit(MAIN_CF)
        host.files[cfg.PATH] = Kept(b"[webservice]\nadmin_pass: another\nport: 8001\n")
        written |= {"mynetworks": "0.0.0.0/0", "inet_protocols": "all"}
        del written["myorigin"]
        first, second = self.rows(tmp_path, known, host)[:2]
        assert first["drift"] == {str(MAIN_CF): ["inet_protocols added", "mynetworks changed", "myorigin taken out"]}
        assert first["why"] == (
            f"changed since it was verified: {MAIN_CF} (inet_protocols added, mynetworks changed, myorigin taken out)"
        )
        assert second["drift"] == {str(cfg.PATH): ["[webservice] admin_pass changed"]}

    def test_a_failed_stage_names_its_run_and_shuts_the_next(self, tmp_path: Path) -> None:
        rows = self.rows(tmp_path, Session().record(verified(1, passed=False)))
        assert self.states(rows)[:2] == ["failed", "shut"]
        assert rows[0]["why"] == "its checks did not pass in run a-run"
