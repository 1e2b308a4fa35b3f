"""Servers that people have run for years: set up and proven, and brought back to what they were."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.services.server import Server
from tests.transaction.whole import whole
from wizard.facts import answered
from wizard.mailman.answered import PLACEHOLDER

SERVERS = sorted(path for path in (Path(__file__).parent / "lived_in").iterdir() if path.is_dir())
"""Each with files of /etc, ``setup.sh`` that makes the rest and starts what runs, and answers where they matter."""
LISTS = "SELECT name FROM sqlite_master WHERE name = 'mailinglist'"
POLICIES = "SELECT list_id, subscription_policy FROM mailinglist"
MAIN_CF = "etc/postfix/main.cf"
USUAL = {"01-comments", "07-lists", "10-stopped"}
"""Those that are tried for every change."""


def moved_in(server: Server, data: Path) -> None:
    """Make the server what the data says."""
    for path in sorted((data / "etc").rglob("*") if (data / "etc").exists() else ()):
        target = server.path(f"etc/{path.relative_to(data / 'etc')}")
        if path.is_dir():
            target.mkdir(exist_ok=True)
        else:
            target.write_bytes(path.read_bytes())
            target.chmod(0o644)
    shutil.copyfile(data / "setup.sh", server.path("root/setup.sh"))
    server.sh("bash -e /root/setup.sh > /root/setup.out 2>&1 < /dev/null || { cat /root/setup.out; exit 1; }")


def decisions(server: Server) -> frozenset[str]:
    """Tell what answers decide that these servers' admins do not give: none of it is the wizard's to change."""
    config = server.mailman()
    owner = {config.get("mailman", "site_owner")} - {PLACEHOLDER}
    policies = server.rows(POLICIES) if server.rows(LISTS) else ()
    main_cf = server.sh(f"postconf {' '.join(answered.NAMES)}").splitlines() if server.path(MAIN_CF).exists() else ()
    return frozenset((*main_cf, *policies, *owner, f"LMTP at {config.lmtp[1]}", f"REST at {config.rest[1]}"))


@pytest.mark.parametrize("data", SERVERS, ids=lambda data: data.name)
def test_a_server_is_proven_and_comes_back_as_it_was(server: Server, data: Path, *, full: bool) -> None:
    if not full and data.name not in USUAL:
        pytest.skip("takes too long for every change; the full suite (--full), which README documents, tries it")
    moved_in(server, data)
    before, decided = whole(server), decisions(server)
    if (data / "site.toml").exists():
        shutil.copyfile(data / "site.toml", server.path("root/site.toml"))
    answers = ("--answers", "/root/site.toml") if (data / "site.toml").exists() else ()

    report = server.report("apply", "--yes", *answers, *(() if full else ("--through", "4")))
    assert report.exit == 0, (report.not_passed, server.events(report.run)[-1])
    changed = whole(server)
    assert before.unlike(changed)
    assert decided <= decisions(server)

    ended = server.wizard("undo", "1", "--yes", "--json", *answers)
    assert ended.code == 0, ended.said
    assert "\n".join(before.unlike(whole(server))) == ""
