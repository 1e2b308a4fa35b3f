"""From nothing to the report by keys alone, over ssh on 80 columns and 24 rows; then that server broken, and lost.

Of the connection's cuts, some stages' are tried for every change, and all with --full.
"""

from __future__ import annotations

import json

import pytest

from tests.services.server import Server
from tests.terminal.link import Link
from tests.terminal.terminal import Terminal
from tests.terminal.walking import NEW, ON, RUN_LIMIT, WAITS, opened, set_up, to_pane
from wizard.faults import FAULTS
from wizard.stages import STAGES

LAST = len(STAGES)
NAME = "lists.local.edu"
FORGOTTEN = next(each for each in FAULTS if each.name == "transport-map-forgotten")
IN_FULL = "takes too long for every change; the full suite (--full), which README documents, tries it"
USUAL = frozenset({3})
FIELDS = {1: "mail.hostname", 2: "mailman.site_owner", 3: "mail.hostname", 4: "lists.0.name", 5: "check", 6: "check"}


@pytest.fixture(scope="module")
def walked(sshd: Link) -> dict[int, str]:
    """Walk through all six stages, and return the last screen of each; the report's is number 7."""
    terminal = opened(sshd.open())
    seen = {}
    for stage in STAGES:
        terminal.wait(f"stage {stage.number}, {stage.name}: open")
        terminal.wait(NEW)
        if stage.number == 1:
            name_the_host(terminal)
        set_up(terminal)
        seen[stage.number] = terminal.text
        terminal.keys("F10")
    terminal.wait("Esc back")
    seen[LAST + 1] = terminal.text
    sshd.close()
    sshd.no_screen()
    return seen


def name_the_host(terminal: Terminal) -> None:
    """Type an answer of stage 1."""
    terminal.keys("F4")
    terminal.wait("mail.hostname")
    terminal.wait("default:")
    terminal.keys("End", "^U")
    terminal.wait("✘")
    terminal.keys(NAME)
    terminal.wait_gone("✘")
    terminal.keys("^S")
    terminal.wait("saved in")


def test_the_six_stages_by_keys_alone(walked: dict[int, str], server: Server) -> None:
    for stage in STAGES:
        text = walked[stage.number]
        assert f"stage {stage.number}, {stage.name}: verified" in text
        assert "FAIL" not in text
    assert "verified" in walked[LAST + 1]  # the report
    assert server.sh("postconf -h myhostname").strip() == NAME
    assert [row["state"] for row in status(server)] == ["verified"] * LAST


def status(server: Server) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = json.loads(server.wizard("status", "--json").stdout)["stages"]
    return rows


@pytest.mark.usefixtures("walked")
def test_a_broken_server_is_held_at_stage_3_and_put_in_order_from_there(link: Link, server: Server) -> None:
    server.sh(FORGOTTEN.breaks)
    terminal = opened(link.open())
    terminal.keys("3")
    terminal.wait("stage 3, lmtp")
    terminal.keys("F8")
    terminal.wait(ON)
    terminal.wait(FORGOTTEN.code, RUN_LIMIT)
    terminal.wait("FAIL")
    terminal.wait_gone(ON)

    terminal.keys("F10")
    terminal.wait("the gate is shut: stage")
    assert "stage 3, lmtp" in terminal.text

    terminal.keys("F9")
    terminal.wait(WAITS, RUN_LIMIT)
    terminal.wait("transport_maps")
    terminal.keys("F9")
    terminal.wait("stage 3, lmtp: verified", RUN_LIMIT)
    terminal.wait_gone(ON)
    assert FORGOTTEN.code not in terminal.text
    assert "hash:" in server.sh("postconf -h transport_maps")


@pytest.mark.usefixtures("walked")
@pytest.mark.parametrize("number", range(1, LAST + 1))
def test_a_connection_cut_in_a_stage(link: Link, number: int, pytestconfig: pytest.Config) -> None:
    if number not in USUAL and not pytestconfig.getoption("full"):
        pytest.skip(IN_FULL)
    terminal = opened(link.open())
    terminal.keys(str(number))
    terminal.wait(f"stage {number}, {STAGES[number - 1].name}")
    terminal.keys("F8")
    terminal.wait(f"{ON}: stage {number}")
    to_pane(terminal, "F4", link, "answers")
    terminal.wait(FIELDS[number])
    terminal.keys("End", "7")
    terminal.wait(lambda: link.place().get("drafts"))
    to_pane(terminal, "F6", link, "check")
    (run,) = link.runs

    terminal.cut()

    link.no_screen()
    assert link.runs in ([run], [])
    again = opened(link.open())
    again.wait(f"stage {number}, ")
    again.wait("PASS", RUN_LIMIT)
    again.wait_gone(ON, RUN_LIMIT)
    again.keys("F4")
    again.wait("saved:")
    again.keys("End", "\x7f")
    again.wait_gone("saved:")
    again.wait(lambda: not link.place().get("drafts"))
    link.no_run()
