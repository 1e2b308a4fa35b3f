"""What probes have made is written down first, and removed at the next start; nothing else ever is."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.doubles import MemoryHost, Recorder
from wizard.mailman import cfg
from wizard.probes import inventory, remains, source
from wizard.probes.ledger import PREFIX, Ledger, Made

TOKEN, OTHER = f"{PREFIX}0123abcd", f"{PREFIX}4567ef89"
TEMPORARY, SIXTH = source.TEMPORARY[4], source.TEMPORARY[6]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "probes.json"


class TestLedger:
    def test_what_was_noted_is_known_to_the_next_start(self, path: Path) -> None:
        ledger = Ledger(path)
        ledger.note(user=f"{TOKEN}_s1")
        ledger.note(mailing_list=f"{TOKEN}_l1@local.edu")
        for address in (TEMPORARY, SIXTH, TEMPORARY):
            ledger.note(source=address)
        ledger.note_address(f"{TOKEN}_s1@local.edu")
        assert Ledger(path).made == ledger.made
        assert ledger.made == Made(
            (f"{TOKEN}_s1",), (f"{TOKEN}_l1@local.edu",), (f"{TOKEN}_s1@local.edu",), (TEMPORARY, SIXTH)
        )
        assert path.stat().st_mode & 0o777 == 0o600

    def test_what_was_struck_is_not(self, path: Path) -> None:
        ledger = Ledger(path)
        ledger.note(user=f"{TOKEN}_s1")
        ledger.note(user=f"{TOKEN}_s2")
        ledger.strike(f"{TOKEN}_s1")
        assert Ledger(path).made.users == (f"{TOKEN}_s2",)

    def test_when_nothing_is_left_there_is_no_file(self, path: Path) -> None:
        ledger = Ledger(path)
        ledger.note(source=TEMPORARY)
        assert path.exists()
        ledger.strike(TEMPORARY)
        assert not path.exists()
        assert not ledger.made

    @pytest.mark.parametrize("what", ["user", "mailing_list"])
    @pytest.mark.parametrize("name", ["root", "reading-group@local.edu", "", "xmwz_1"])
    def test_what_is_not_a_probe_s_is_refused(self, path: Path, what: str, name: str) -> None:
        with pytest.raises(ValueError, match="is not a probe's name"):
            Ledger(path).note(**{what: name})
        assert not path.exists()

    @pytest.mark.parametrize(
        "content",
        ["", "{", "[]", "null", "{}", '{"users": [1], "lists": [], "addresses": [], "sources": []}',
         '{"users": null, "lists": [], "addresses": [], "sources": []}', "\x00"],
    )  # fmt: skip
    def test_a_corrupt_file_is_set_aside(self, path: Path, content: str) -> None:
        path.write_text(content)
        assert not Ledger(path).made
        assert path.with_suffix(".corrupt").read_text() == content

    def test_a_file_that_somebody_wrote_names_nothing_but_probes(self, path: Path) -> None:
        content = {
            "users": ["root", f"{TOKEN}_s1"],
            "lists": ["staff@local.edu"],
            "addresses": [],
            "sources": ["10.0.0.1", "2001:db8::78"],
        }
        path.write_text(json.dumps(content))
        assert Ledger(path).made == Made(users=(f"{TOKEN}_s1",))


class TestSweep:
    def host(self, **commands: Any) -> MemoryHost:
        return MemoryHost(commands={"userdel": lambda _: "", "postsuper": lambda _: "", **commands})

    def test_without_remains_nothing_is_done(self, path: Path) -> None:
        host, emit = self.host(), Recorder()
        remains.sweep(host, Ledger(path), emit)
        assert host.calls == []
        assert emit.events == []

    def test_everything_of_a_killed_run_is_removed(self, path: Path) -> None:
        shown = f"lo UNKNOWN 127.0.0.1/8 {TEMPORARY}/32 ::1/128 {SIXTH}/128 "
        queued = {"queue_name": "deferred", "queue_id": "QID", "arrival_time": 1, "message_size": 1,
                  "sender": f"{TOKEN}_s1@local.edu", "recipients": [{"address": "a@b.c"}]}  # fmt: skip
        host = self.host(ip=lambda _: shown, postqueue=lambda _: json.dumps(queued))
        ledger, emit = Ledger(path), Recorder()
        ledger.note(user=f"{TOKEN}_s1", mailing_list=f"{TOKEN}_l1@local.edu", source=TEMPORARY)
        ledger.note(source=SIXTH)
        ledger.note_address("mwz_0000000a_s9@local.edu")
        remains.sweep(host, ledger, emit)
        assert not Ledger(path).made
        assert ("postsuper", "-d", "QID") in host.calls
        assert ("ip", "address", "del", f"{TEMPORARY}/32", "dev", "lo") in host.calls
        assert ("ip", "address", "del", f"{SIXTH}/128", "dev", "lo") in host.calls
        assert TOKEN in str(emit.of("note")[0]["text"])

    def test_mail_of_others_is_left_alone(self, path: Path) -> None:
        queued = {"queue_name": "deferred", "queue_id": "QID", "arrival_time": 1, "message_size": 1,
                  "sender": "mwz_@local.edu", "recipients": [{"address": "a@b.c"}]}  # fmt: skip
        host = self.host(postqueue=lambda _: json.dumps(queued))
        ledger = Ledger(path)
        ledger.note(user=f"{TOKEN}_s1")
        remains.sweep(host, ledger, Recorder())
        assert not [words for words in host.calls if words[0] == "postsuper"]

    def test_addresses_alone_are_removed_as_well(self, path: Path) -> None:
        ledger = Ledger(path)
        ledger.note_address("mwz_0000000a_s9@local.edu")
        remains.sweep(self.host(), ledger, Recorder())
        assert not Ledger(path).made

    def test_what_is_still_at_work_is_left_alone(self, path: Path) -> None:
        ledger, emit = Ledger(path), Recorder()
        for token in (TOKEN, OTHER):
            ledger.note(user=f"{token}_s1", mailing_list=f"{token}_l1@local.edu")
            ledger.note_address(f"{token}_s1@local.edu")
        remains.sweep(self.host(), ledger, emit, but=TOKEN)
        assert ledger.made == Made((f"{TOKEN}_s1",), (f"{TOKEN}_l1@local.edu",), (f"{TOKEN}_s1@local.edu",))
        remains.remove(self.host(), ledger, emit, TOKEN)
        assert not ledger.made

    def test_a_mailman_that_does_not_answer_is_asked_once(self, path: Path) -> None:
        host, ledger, emit = self.host(), Ledger(path), Recorder()
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
        text = f"[webservice]\nhostname: 127.0.0.1\nport: {port}\n"
        host.write(cfg.PATH, text.encode(), mode=0o640, owner="root", group="list")
        ledger.note(user=f"{TOKEN}_s1", mailing_list=f"{TOKEN}_l1@local.edu")
        for number in range(20):
            ledger.note_address(f"{TOKEN}_s{number}@local.edu")
        remains.sweep(host, ledger, emit)
        first, second = (str(event["text"]) for event in emit.of("note"))
        assert TOKEN in first
        assert second == (
            "21 lists and addresses stay in Mailman until it answers: "
            "Mailman's REST interface does not answer: connection refused"
        )
        assert ledger.made.lists
        assert not ledger.made.users

    def test_what_cannot_be_removed_stays_for_the_next_start(self, path: Path) -> None:
        ledger, emit = Ledger(path), Recorder()
        ledger.note(source=TEMPORARY)
        remains.sweep(self.host(), ledger, emit)  # there is no ip(8)
        assert Ledger(path).made.sources == (TEMPORARY,)
        assert "could not be removed yet" in str(emit.of("note")[0]["text"])


names = st.frozensets(st.sampled_from(["alice", "bob", f"{TOKEN}_s1", f"{TOKEN}_x", "carol"]))
inventories = st.dictionaries(st.sampled_from(["accounts", "lists"]), names)


class TestInventory:
    @given(inventories)
    def test_the_same_has_no_difference(self, found: dict[str, frozenset[str]]) -> None:
        assert inventory.differences(found, found) == ()

    @given(inventories, inventories, st.frozensets(st.sampled_from(["alice", "bob"])))
    def test_every_difference_that_probes_make_is_named(
        self, before: dict[str, frozenset[str]], after: dict[str, frozenset[str]], touched: frozenset[str]
    ) -> None:
        said = inventory.differences(before, after, touched)
        others = inventory.of_others(before, after, touched)
        for what in before.keys() | after.keys():
            then, now = before.get(what, frozenset()), after.get(what, frozenset())
            for name in then - now:
                assert f"{what}: {name} was there before and is gone" in (said if name in touched else others)
            assert all(f"{what}: {name} was left by a probe" in said for name in now - then if name.startswith(PREFIX))
        assert not set(said) & set(others)

    def test_a_member_who_leaves_meanwhile_is_not_blamed_on_the_probes(self) -> None:
        before = {
            "members": frozenset({"staff.local.edu member bob@local.edu"}),
            "held": frozenset({"staff@local.edu <1@x>"}),
        }
        after: dict[str, frozenset[str]] = {"members": frozenset(), "held": frozenset()}
        assert inventory.differences(before, after) == ()
        assert len(inventory.of_others(before, after)) == 2

    def test_one_whom_the_answers_name_is(self) -> None:
        before = {"members": frozenset({"staff.local.edu member bob@local.edu"})}
        said = inventory.differences(before, {"members": frozenset()}, {"bob", "bob@local.edu"})
        assert said == ("members: staff.local.edu member bob@local.edu was there before and is gone",)

    def test_what_others_made_meanwhile_is_no_residue(self) -> None:
        assert inventory.differences({"lists": frozenset()}, {"lists": frozenset({"new@local.edu"})}) == ()

    @given(inventories)
    def test_without_a_token_nothing_carries_it(self, found: dict[str, frozenset[str]]) -> None:
        left = inventory.without(found, TOKEN)
        assert left.keys() == found.keys()
        assert not any(TOKEN in name for each in left.values() for name in each)

    def test_a_machine_without_mailman(self) -> None:
        host = MemoryHost()
        assert inventory.take(host)["accounts"] == {"root"}
        assert "lists" not in inventory.take(host)
