"""Causes: told on evidence only, in the order of a message's way, and never of a stage that is not set up yet."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.unit.doubles import MASTER, Kept, MemoryHost, Recorder, check, engine, stage
from wizard import causes
from wizard.causes import CAUSES, Cause, Found, Ground, lists, mailman, shunt, tables, texts
from wizard.check import Findings
from wizard.diagnosis import CATALOGUE, Diagnosis
from wizard.errors import UnseenError
from wizard.facts import mailman_log, postfix_log
from wizard.facts.postfix_log import SYSTEMD
from wizard.host import Listener, Process
from wizard.logs import Logs
from wizard.mailman.cfg import Config
from wizard.mailman.lists import SiteList
from wizard.scene import Scene

OTHER = Process(99, 1, "nc", ("nc", "-l", "25"), "root", "sleeping", 0.0, 0.0)
LIMIT = 30.0
NOW = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)
VALUES = Found({"domain": "local.edu", "classes": "two"})
KNOWN = Diagnosis("MW104", "Open relay", "the cause", "the fix", ("a command",))


def scene(root: Path, number: int = 1, host: MemoryHost | None = None) -> Scene:
    here = stage(number, check())
    return engine(root, (here,), host).scene(here)


def codes(found: Findings) -> list[str]:
    return [each.code for each in found.causes]


def test_every_cause_has_texts_and_its_place() -> None:
    assert len({cause.code for cause in CAUSES}) == len(CAUSES)
    assert {cause.code for cause in CAUSES} <= {entry.code for entry in CATALOGUE}


def test_a_server_without_a_fault_has_none(tmp_path: Path) -> None:
    assert codes(causes.told(scene(tmp_path), None, LIMIT)) == []


def test_a_stopped_postfix(tmp_path: Path) -> None:
    found = causes.told(scene(tmp_path, host=MemoryHost(running=(), listening=())), None, LIMIT)
    assert codes(found) == ["MW102"]
    assert found.causes[0].evidence


@pytest.mark.parametrize(
    ("there", "said", "command"),
    [
        ([SYSTEMD], "", "journalctl -n 50 SYSLOG_FACILITY=2"),
        ([], "/var/log/postfix log", "tail -n 50 '/var/log/postfix log'"),
        ([], "", "tail -n 50 /var/log/mail.log"),
    ],
    ids=["journal", "a file", "nowhere"],
)
def test_the_log_that_this_server_has_is_the_one_to_see(
    tmp_path: Path, there: list[Path], said: str, command: str
) -> None:
    postconf = f"maillog_file = {said}\nsyslog_name = postfix\n"
    host = MemoryHost(running=(), listening=(), commands={"postconf": lambda _: postconf, "journalctl": lambda _: ""})
    host.files |= {path: Kept(b"") for path in there}
    (found,) = causes.found(Ground(scene(tmp_path, host=host)), [Cause("MW102", lambda _: Found())])
    assert found.see == ("postfix status", command)


def test_a_taken_port_is_told_from_a_stopped_postfix(tmp_path: Path) -> None:
    host = MemoryHost(running=(OTHER,), listening=(Listener("127.0.0.1", 25, OTHER.pid),))
    (diagnosis,) = causes.told(scene(tmp_path, host=host), None, LIMIT).causes
    assert diagnosis.code == "MW103"
    assert "nc (process 99)" in diagnosis.cause


def test_a_postfix_that_does_not_listen_on_loopback(tmp_path: Path) -> None:
    host = MemoryHost(
        running=(MASTER,),
        listening=(Listener("198.51.100.80", 25, MASTER.pid),),
        commands={"postconf": lambda _: "inet_interfaces = 198.51.100.80\n"},
    )
    assert "MW107" in codes(causes.told(scene(tmp_path, host=host), None, LIMIT))


@pytest.mark.parametrize("listening", [(), (Listener("::1", 25, MASTER.pid),)], ids=["master.cf", "inet_protocols"])
def test_listeners_that_inet_interfaces_does_not_keep_away(tmp_path: Path, listening: tuple[Listener, ...]) -> None:
    host = MemoryHost(
        running=(MASTER,),
        listening=listening,
        commands={"postconf": lambda _: "inet_interfaces = loopback-only\ninet_protocols = ipv6\n"},
    )
    assert "MW107" not in codes(causes.told(scene(tmp_path, host=host), None, LIMIT))


@pytest.mark.parametrize(
    ("line", "listening", "expected"),
    [
        ("smtp unix - - y - - smtp", (), True),
        ("smtp unix - - y - - smtp", (Listener("127.0.0.1", 25, OTHER.pid),), False),
        ("smtp inet n - y - - smtpd", (), False),
        ("127.0.0.1:25 inet n - y - 1 postscreen", (), False),
        ("", (), False),
    ],
    ids=["none", "somebody else's port", "smtp", "an address", "unreadable"],
)
def test_a_master_cf_without_a_service_on_port_25(
    tmp_path: Path, line: str, listening: tuple[Listener, ...], *, expected: bool
) -> None:
    host = MemoryHost(running=(MASTER, OTHER), listening=listening, commands={"postconf": lambda _: f"{line}\n"})
    assert ("MW116" in codes(causes.told(scene(tmp_path, host=host), None, LIMIT))) is expected


@pytest.mark.parametrize(
    ("told", "full"),
    [("9000000 4096 500 400", False), ("9000000 4096 0 0", False), ("9000000 4096 500 0", True), ("9 4096 5 4", True)],
    ids=["room", "btrfs", "no inodes", "no room"],
)
def test_a_full_queue_is_told_from_a_file_system_without_inodes(tmp_path: Path, *, told: str, full: bool) -> None:
    host = MemoryHost(
        running=(MASTER,),
        listening=(Listener("127.0.0.1", 25, MASTER.pid),),
        commands={
            "postconf": lambda _: "queue_directory = /q\nmessage_size_limit = 10240000\nqueue_minfree = 0\n",
            "stat": lambda _: f"{told}\n",
        },
    )
    assert ("MW109" in codes(causes.told(scene(tmp_path, host=host), None, LIMIT))) is full


@pytest.mark.parametrize("database", ["hash:/etc/aliases", ""])
def test_a_map_of_aliases_is_named_by_the_parameter_that_delivery_reads(tmp_path: Path, database: str) -> None:
    def postmap(_argv: tuple[str, ...]) -> str:
        raise OSError("postmap: fatal: open database /etc/aliases.db: No such file or directory")

    said = f"alias_database = {database}\nalias_maps = hash:/etc/aliases\n"
    host = MemoryHost(
        commands={"postconf": lambda argv: "hash\n" if "-m" in argv else said, "postmap": postmap},
    )
    host.files[Path("/etc/aliases")] = Kept(b"root: ann\n")
    (found,) = causes.found(Ground(scene(tmp_path, host=host)), [Cause("MW111", tables.unreadable)])
    assert found.cause.startswith("alias_maps names hash:/etc/aliases")
    assert found.fixable is bool(database)


def test_causes_of_later_stages_are_not_looked_for(tmp_path: Path) -> None:
    """Before stage 2 is applied there is no Mailman, and nothing is wrong with that."""
    assert codes(causes.told(scene(tmp_path, 1), None, LIMIT)) == []
    assert "MW201" in codes(causes.told(scene(tmp_path, 2), None, LIMIT))


def test_what_the_check_knows_has_its_place_among_them(tmp_path: Path) -> None:
    stopped = MemoryHost(running=(), listening=())
    assert codes(causes.told(scene(tmp_path, host=stopped), KNOWN, LIMIT)) == ["MW102", "MW104"]
    known = replace(KNOWN, code="MW102")
    assert codes(causes.told(scene(tmp_path, host=stopped), known, LIMIT)) == ["MW102"]


@pytest.mark.parametrize("error", [UnseenError("gone"), OSError(5, "no"), KeyError("x"), ValueError("x")])
def test_what_cannot_be_looked_at_is_no_cause(tmp_path: Path, error: Exception) -> None:
    def find(_ground: Ground) -> Found | None:
        raise error

    here = scene(tmp_path)
    assert list(causes.found(Ground(here), [Cause("MW102", find)])) == []
    assert isinstance(here.emit, Recorder)
    assert here.emit.of("note") == []


def test_a_defect_in_one_hides_no_other_and_is_told(tmp_path: Path) -> None:
    def find(_ground: Ground) -> Found | None:
        raise ZeroDivisionError("oh")

    here = scene(tmp_path)
    found = list(causes.found(Ground(here), [Cause("MW103", find), Cause("MW102", lambda _: Found())]))
    assert [each.code for each in found] == ["MW102"]
    assert isinstance(here.emit, Recorder)
    assert "ZeroDivisionError" in str(here.emit.of("note"))


def test_without_a_cause_the_newest_lines_are_told_and_the_warnings_before_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stamp, asked = "Nov 22 10:59:37", '[22/Nov/2026:10:59:37 +0000] "GET /3.1/lists HTTP/1.1" 200 1'
    warned = f"{stamp} mail postfix/qmgr[1]: warning: connect to transport private/lmtp: No such file or directory"
    later = [f"{stamp} mail postfix/smtpd[2]: connect from unknown[127.0.0.{number}]" for number in range(6)]
    postfix = postfix_log.parse([warned, *later], now=NOW, zone=UTC)
    said = mailman_log.parse([f"{stamp} 2026 (7) HOLD: it", *[asked] * 6], zone=UTC)
    monkeypatch.setattr(Logs, "postfix", lambda _: postfix)
    monkeypatch.setattr(Logs, "mailman", lambda _: said)
    told = causes.told(scene(tmp_path), None, LIMIT).lines
    assert told[0] == f"postfix/qmgr: {warned.partition(']: ')[2]}"
    assert told[1:4] == tuple(f"postfix/smtpd: {line.partition(']: ')[2]}" for line in later[-3:])
    assert [line.partition(": ")[2] for line in told[4:]] == ["HOLD: it"]


def test_one_that_hangs_keeps_nobody_waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()

    def hang(_ground: Ground) -> Found | None:
        release.wait(30)
        return Found()

    monkeypatch.setattr(causes, "CAUSES", (Cause("MW101", lambda _: VALUES), Cause("MW102", hang)))
    try:
        assert codes(causes.told(scene(tmp_path), None, 0.2)) == ["MW101"]
        assert [each.code for each in causes.standing(scene(tmp_path), 0.2)] == ["MW101"]
    finally:
        release.set()


@pytest.mark.parametrize(
    ("owner", "group", "mode", "expected"),
    [
        ("list", "list", 0o640, []),
        ("root", "list", 0o660, []),
        ("root", "list", 0o640, ["MW205"]),
        ("root", "root", 0o660, ["MW205"]),
        ("list", "list", 0o460, ["MW205"]),
    ],
)
def test_a_database_that_mailman_can_write_by_its_group_is_not_closed(
    tmp_path: Path, owner: str, group: str, mode: int, expected: list[str]
) -> None:
    host = MemoryHost()
    host.files[Path("/var/lib/mailman3/data/mailman.db")] = Kept(b"", mode, owner, group)
    ground = Ground(scene(tmp_path, 2, host))
    vars(ground).update(config=Config("", {}))
    assert [each.code for each in causes.found(ground, [Cause("MW205", mailman.database_closed)])] == expected


@pytest.mark.parametrize(
    ("key", "expected"),
    [("outgoing", ["MW210"]), ("incoming", ["MW210"]), ("configuration", ["MW210"]), ("smtp_port", ["MW212"])],
)
def test_a_setting_of_mailmans_way_to_postfix(tmp_path: Path, key: str, expected: list[str]) -> None:
    ground = Ground(scene(tmp_path, 2))
    vars(ground).update(config=Config("", {("mta", key): "another"}))
    assert [each.code for each in causes.found(ground, mailman.WORK)] == expected


def test_a_shunted_probe_is_told_with_what_threw_it(tmp_path: Path) -> None:
    assert shown(tmp_path, "RuntimeError: out of order") == ["MW406"]


def test_a_template_that_cannot_be_read_is_told_from_other_exceptions(tmp_path: Path) -> None:
    frame = '  File "/usr/lib/python3/dist-packages/mailman/model/template.py", line 176, in get'
    assert shown(tmp_path, frame, "UnicodeDecodeError: 'utf-8' codec can't decode byte 0xe9") == ["MW407"]


@pytest.mark.parametrize(
    ("sender", "probe", "settings", "expected"),
    [
        ("s1", "l1", {}, ["MW408"]),
        ("x", "l1", {}, []),
        ("s1", "l2", {}, []),
        ("s1", "l1", {"emergency": True}, ["MW403"]),
        ("s1", "l1", {"default_member_action": "hold"}, ["MW404"]),
    ],
    ids=["a subscriber", "a stranger", "another run's list", "emergency", "moderated members"],
)
def test_what_a_rule_holds_is_told_where_no_other_code_tells_it(
    tmp_path: Path, sender: str, probe: str, settings: dict[str, object], expected: list[str]
) -> None:
    ground = Ground(scene(tmp_path, 4, MemoryHost(commands={"useradd": lambda _: ""})))
    token = ground.token if probe == "l1" else "mwz_ffffffff"
    said = (
        f"Nov 22 10:59:37 2026 (7) HOLD: {token}_l1@local.edu post from {ground.token}_{sender}@local.edu held, "
        f"message-id=<{ground.token}.9@local.edu>: Message has more than 1 recipients"
    )
    there = SimpleNamespace(settings={"emergency": False, "default_member_action": "defer", **settings})
    listed = SiteList(ground.site.lists[0], "reading-group@local.edu", there)
    vars(ground).update(mailman_lines=mailman_log.parse([said]), lists=(listed,))
    wanted = [cause for cause in lists.LISTS if cause.code in {"MW403", "MW404", "MW504", "MW408"}]
    found = list(causes.found(ground, wanted))
    assert [each.code for each in found] == expected
    assert all("reading-group@local.edu" in each.cause for each in found)


def shown(root: Path, *rest: str) -> list[str]:
    """Give the codes for an exception that was logged and a probe that was shunted."""
    name = "1795345186.1+0123456789abcdef0123456789abcdef01234567"
    stamp = "Nov 22 10:59:37 2026 (7)"
    logged = (f"{stamp} Uncaught runner exception", "Traceback (most recent call last):", *rest)
    host = MemoryHost()
    ground = Ground(scene(root, 4, host))
    said = mailman_log.parse([*logged, f"{stamp} SHUNTING: {name}"])
    vars(ground).update(mailman_lines=said, config=Config("", {}), lists=())
    host.files[Path("/var/lib/mailman3/queue/shunt", f"{name}.pck")] = Kept(f"… {ground.token} …".encode())
    return [each.code for each in causes.found(ground, [*texts.CAUSES, *shunt.CAUSES])]


def test_somebody_who_waits_is_told_only_of_what_stands(tmp_path: Path) -> None:
    stopped = MemoryHost(running=(), listening=())
    assert [each.code for each in causes.standing(scene(tmp_path, host=stopped), LIMIT)] == ["MW102"]
    assert causes.standing(scene(tmp_path), LIMIT) == ()
