"""What stage 1 plans besides main.cf."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.doubles import MASTER, Kept, MemoryHost
from wizard.host import Host, Process
from wizard.mailman import cfg
from wizard.plan import Access, File, Rebuild, Service
from wizard.site import Site, changed
from wizard.stages import main_cf
from wizard.stages.postfix import rotation, tables
from wizard.stages.postfix.plan import plan

ALIASES = Path("/etc/aliases")
ANSWERS = "myhostname = mail.local.edu\nmynetworks = 127.0.0.0/8\ninet_interfaces = all\nhome_mailbox =\n"
ALIAS_TABLE = "alias_database = hash:/etc/aliases\ndefault_database_type = hash\n"
SERVICES = "smtp inet n - y - - smtpd\npostlog unix-dgram n - n - 1 postlogd\n"


@pytest.mark.parametrize(
    ("compiled", "expected"),
    [(False, [Rebuild, Service]), (True, [])],
    ids=["daemons have looked for it in vain", "nothing to do"],
)
def test_a_map_of_aliases_that_was_missing_is_opened_anew(
    monkeypatch: pytest.MonkeyPatch, *, compiled: bool, expected: list[type]
) -> None:
    monkeypatch.setattr(main_cf, "change", lambda *_: ())
    monkeypatch.setattr(tables, "parameters", lambda *_: ())
    monkeypatch.setattr(rotation, "plan", lambda *_: ())

    def postconf(argv: tuple[str, ...]) -> str:
        return SERVICES if "-M" in argv else ANSWERS + ALIAS_TABLE

    host = MemoryHost(running=(MASTER,), commands={"postconf": postconf})
    host.files |= {path: Kept(b"") for path in (ALIASES, *([Path("/etc/aliases.db")] if compiled else []))}
    changes = plan(Site(), host).changes
    assert [type(each) for each in changes] == expected
    assert all(each.action == "reload" for each in changes if isinstance(each, Service))


def test_a_line_that_keeps_mailman_from_making_a_missing_map_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Or neither stage could be mended: stage 2 mends that line, and waits for stage 1, which waits for the map."""
    monkeypatch.setattr(main_cf, "change", lambda *_: ())
    monkeypatch.setattr(rotation, "plan", lambda *_: ())

    def postconf(argv: tuple[str, ...]) -> str:
        maps = "transport_maps = hash:/var/lib/mailman3/data/postfix_lmtp\n"
        return SERVICES if "-M" in argv else f"{ANSWERS}{maps}alias_database =\ndefault_database_type = hash\n"

    host = MemoryHost(running=(MASTER,), commands={"postconf": postconf})
    host.files[cfg.PATH] = Kept(b"[mta]\nlmtp_port: 8024\n[broken\n")
    legible, made, *_ = plan(Site(), host).changes
    assert isinstance(legible, File)
    assert legible.after == b"[mta]\nlmtp_port: 8024\n# not a setting: [broken\n"
    assert isinstance(made, Rebuild)
    assert made.argv[-1] == "aliases"


@pytest.mark.parametrize(("mode", "wanted"), [(0o600, [0o644]), (0o640, [0o644]), (0o644, []), (0o664, [])])
def test_a_main_cf_that_nobody_may_read_is_opened(
    monkeypatch: pytest.MonkeyPatch, mode: int, wanted: list[int]
) -> None:
    monkeypatch.setattr(main_cf, "change", lambda *_: ())
    monkeypatch.setattr(tables, "parameters", lambda *_: ())
    monkeypatch.setattr(rotation, "plan", lambda *_: ())
    host = MemoryHost(commands={"postconf": lambda argv: SERVICES if "-M" in argv else ANSWERS + ALIAS_TABLE})
    host.files[main_cf.PATH].mode = mode
    changes = [each for each in plan(Site(), host).changes if isinstance(each, Access)]
    assert [each.mode for each in changes] == wanted
    assert all(each.reverse().mode == mode for each in changes)


@pytest.mark.parametrize(
    ("opened", "expected"), [("", [Service]), (".db", []), (".db (deleted)", [])], ids=["not", "open", "a newer one"]
)
def test_a_map_that_was_missing_when_postfix_looked_for_it_is_opened_anew(
    monkeypatch: pytest.MonkeyPatch, opened: str, expected: list[type]
) -> None:
    monkeypatch.setattr(main_cf, "change", lambda *_: ())
    monkeypatch.setattr(rotation, "plan", lambda *_: ())
    name = "/var/lib/mailman3/data/postfix_lmtp"

    def postconf(argv: tuple[str, ...]) -> str:
        told = f"{ANSWERS}transport_maps = hash:{name}\nalias_database =\ndefault_database_type = hash\n"
        return SERVICES if "-M" in argv else told

    def find(argv: tuple[str, ...]) -> str:
        assert argv[1] == "/proc/7/fd"
        return f"/dev/null\n{name}{opened}\n" if opened else "/dev/null\n"

    router = Process(7, MASTER.pid, "trivial-rewrite", ("trivial-rewrite",), "postfix", "sleeping", 0.0, 0.0)
    host = MemoryHost(running=(MASTER, router), commands={"postconf": postconf, "find": find})
    host.files |= {cfg.PATH: Kept(b"[mta]\nlmtp_port: 8024\n"), Path(name): Kept(b""), Path(f"{name}.db"): Kept(b"")}
    changes = plan(Site(), host).changes
    assert [type(each) for each in changes] == expected
    assert all(each.action == "reload" for each in changes if isinstance(each, Service))


@pytest.mark.parametrize(
    ("now", "wanted", "becomes"),
    [
        ("192.0.2.5", "192.0.2.5, 127.0.0.1", "$myhostname, 127.0.0.1"),
        ("192.0.2.5", "192.0.2.7, 127.0.0.1", "192.0.2.7, 127.0.0.1"),
        ("192.0.2.5, 127.0.0.1", "127.0.0.1", "127.0.0.1"),
        ("192.0.2.5", "all", "all"),
    ],
)
def test_interfaces_stay_as_they_are_written_where_one_is_added(
    monkeypatch: pytest.MonkeyPatch, now: str, wanted: str, becomes: str
) -> None:
    found: list[main_cf.Parameter] = []

    def change(_host: Host, _stage: int, parameters: tuple[main_cf.Parameter, ...]) -> tuple[File, ...]:
        found.extend(parameters)
        return ()

    monkeypatch.setattr(main_cf, "change", change)
    monkeypatch.setattr(tables, "parameters", lambda *_: ())
    monkeypatch.setattr(rotation, "plan", lambda *_: ())
    answers = ANSWERS.replace("= all", f"= {now}")
    host = MemoryHost(commands={"postconf": lambda argv: SERVICES if "-M" in argv else answers + ALIAS_TABLE})
    plan(changed(Site(), {"mail.interfaces": wanted}), host)
    (interfaces,) = (each for each in found if each.name == "inet_interfaces")
    assert interfaces.becomes("$myhostname") == becomes
