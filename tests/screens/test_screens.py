"""The screens and the gate, on recorded runs and a machine in memory: what is shown, and what a key does."""

from __future__ import annotations

import json
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
from textual.events import Key
from textual.pilot import Pilot
from textual.widgets import Input, Static

from tests.screens.desks import AT, Server, living, postconf
from tests.screens.pictures import DARK, GLANCE, LIMIT, settled, shown, strips
from wizard.desk import LogBatch, LogLine, Seat, Standing
from wizard.errors import AnswerError
from wizard.screens import saying
from wizard.screens.app import WizardApp
from wizard.screens.dialogs import Page, Palette
from wizard.screens.lines import MOST, Line, Lines
from wizard.screens.panes import LogsPane
from wizard.screens.stage import StageScreen
from wizard.screens.terminal import SMALLEST
from wizard.screens.threads import LogReader
from wizard.stages import STAGES

SIZE = (80, 24)


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Server(tmp_path)


@asynccontextmanager
async def opened(
    server: Server, *, alone: int = 0, number: int = 0, watching: Path | None = None, size: tuple[int, int] = SIZE
) -> AsyncIterator[tuple[WizardApp, Pilot[int]]]:
    """Open the wizard; `number` is the event of a run up to which it must have been read."""
    app = WizardApp(server.desk(), alone=alone, watching=watching, terminal=DARK)
    async with app.run_test(size=size) as pilot:
        await settled(pilot, number)
        yield app, pilot


async def until(pilot: Pilot[int], seen: Callable[[], bool]) -> None:
    """Wait until something is seen on the screen."""
    for _ in range(round(LIMIT / GLANCE)):
        if seen():
            return
        await pilot.pause(GLANCE)
    assert isinstance(pilot.app, WizardApp)
    raise AssertionError(shown(pilot.app))


async def typed(pilot: Pilot[int], text: str) -> None:
    """Type into the field in focus, in place of what is there."""
    field = pilot.app.focused
    assert isinstance(field, Input)
    await pilot.press("end", "ctrl+u", *text)
    await until(pilot, lambda: field.value == text)


def _shows(app: WizardApp, text: str) -> bool:
    return text in shown(app)


def line(app: WizardApp, where: str) -> str:
    assert app.here is not None
    return str(app.here.query_one(where, Static).content)


class TestTheGate:
    async def test_it_begins_at_the_first_stage_that_is_not_verified(self, server: Server) -> None:
        server.verified(1, 2)
        async with opened(server) as (app, pilot):
            await until(pilot, lambda: "Stage 3" in shown(app))
            assert isinstance(app.screen, StageScreen)
            assert app.screen.stage is STAGES[2].outline

    @pytest.mark.parametrize("number", range(1, 7))
    async def test_it_is_shut_behind_a_stage_that_is_not_verified(self, server: Server, number: int) -> None:
        server.verified(*range(1, number))
        async with opened(server) as (app, pilot):
            await pilot.press(str(number), "f10")
            assert app.here is not None
            assert app.here.stage.number == number
            await until(pilot, lambda: f"the gate is shut: stage {number}" in line(app, "#status"))

    @pytest.mark.parametrize("number", range(1, 6))
    async def test_it_opens_behind_one_that_is(self, server: Server, number: int) -> None:
        server.verified(*range(1, number + 1))
        async with opened(server) as (app, pilot):
            await pilot.press(str(number), "f10")
            await until(pilot, lambda: app.here is not None and app.here.stage.number == number + 1)

    async def test_a_stage_that_failed_shuts_it_again_and_says_so(self, server: Server) -> None:
        server.verified(1, 3, failed=2)
        async with opened(server) as (app, pilot):
            await pilot.press("3", "f10")
            await until(pilot, lambda: "stage 2 (mailman) is failed" in line(app, "#status"))

    async def test_a_change_makes_what_stands_on_it_stale(self, server: Server) -> None:
        server.verified(1, 2)
        server.host.edit(Path("/etc/postfix/main.cf"))
        async with opened(server) as (app, pilot):
            assert "stale: changed since it was verified: /etc/postfix/main.cf" in line(app, "#standing")
            await pilot.press("f10")
            await until(pilot, lambda: "the gate is shut" in line(app, "#status"))

    async def test_it_goes_by_the_configuration_as_it_is_when_the_key_is_pressed(self, server: Server) -> None:
        server.verified(1, 2)
        async with opened(server) as (app, pilot):
            await until(pilot, lambda: app.gates.is_open(2))
            server.host.edit(Path("/etc/postfix/main.cf"))
            await pilot.press("2", "f10")
            await until(pilot, lambda: "the gate is shut: stage 1 (postfix) is stale" in line(app, "#status"))

    async def test_no_key_sets_up_a_stage_that_is_shut(self, server: Server) -> None:
        async with opened(server) as (app, pilot):
            await pilot.press("4", "f9")
            await pilot.pause()
            assert "the gate is shut: stage 1" in line(app, "#status")
            assert list(server.state.runs.iterdir()) == []


class TestARunThatWasRecorded:
    async def test_every_check_of_every_stage_is_shown_with_its_evidence(self, server: Server) -> None:
        server.verified(1, 2, 3, 4, 5, 6)
        directory = server.recorded()
        number = len((directory / "events.jsonl").read_text().splitlines())
        async with opened(server, number=number) as (app, pilot):
            for stage in STAGES:
                await pilot.press(str(stage.number), "f6")
                title = stage.checks[-1].title
                await until(pilot, partial(_shows, app, title))
                view = app.view.stage(stage.number)
                assert [check.id for check in view.checks] == [check.id for check in stage.checks]
                assert {check.state for check in view.checks} == {"pass"}
                assert view.checks[-1].evidence[0][:40] in shown(app)

    async def test_the_mails_way_lights_up(self, server: Server) -> None:
        directory = server.recorded('"id": "broadcast.delivery", "outcome"')
        with living(directory):
            number = len((directory / "events.jsonl").read_text().splitlines())
            async with opened(server, number=number) as (app, pilot):
                await pilot.press("5", "f6")
                await until(pilot, lambda: "3 of 3 mailboxes" in shown(app))
                way = line(app, "#way")
                assert way.count("✔") == 6
                assert "■■■" in way

    async def test_a_plan_that_waits_is_brought_into_view_and_answered_once(self, server: Server) -> None:
        directory = server.recorded('"kind": "plan.made"')
        asked = {"schema": 1, "number": 99, "at": "2026-11-22T14:00:00+00:00", "kind": "plan.waiting"}
        with (directory / "events.jsonl").open("a") as file:
            file.write(json.dumps({**asked, "stage": 1, "question": 1, "text": "== file /etc/x\n-old\n+new"}) + "\n")
        with living(directory):
            async with opened(server, number=99) as (app, pilot):
                await until(pilot, lambda: "shall these changes be made" in shown(app))
                assert "+new" in shown(app)
                await pilot.press("f9")
                await until(pilot, (directory / "answer-1").exists)
                assert (directory / "answer-1").read_bytes() == b"yes"

    async def test_a_run_that_was_killed_is_told(self, server: Server) -> None:
        directory = server.recorded('"kind": "stage.started"')
        (directory / "output").write_text("Killed\n")
        server.verified(1)
        async with opened(server) as (_, pilot):
            await pilot.press("f4")
            await pilot.press("q")
        async with opened(server, number=2) as (app, pilot):
            await until(pilot, lambda: "the run ended without a word: Killed" in line(app, "#status"))

    async def test_what_is_no_event_is_no_matter(self, server: Server) -> None:
        directory = server.recorded()
        log = directory / "events.jsonl"
        good = log.read_text().splitlines(keepends=True)
        log.write_text("".join([*good[:20], "\x00\x1b[2J{half\n", '{"number": 1}\n', "[]\n", *good[20:], '{"numb']))
        server.verified(1)
        async with opened(server) as (_, pilot):
            await pilot.press("f3")
            await pilot.press("q")
        async with opened(server, number=len(good)) as (app, pilot):
            assert app.view.finished
            await until(pilot, lambda: f"event log of run {directory.name} is damaged" in line(app, "#status"))


class TestAnswers:
    async def test_what_is_wrong_is_said_while_it_is_typed(self, server: Server) -> None:
        async with opened(server) as (app, pilot):
            await pilot.press("f4", "!")
            await until(pilot, lambda: "✘" in shown(app))
            assert "letters, digits" in shown(app)
            await pilot.press("f9")
            assert "mail.hostname" in line(app, "#status")
            assert not server.site.exists()

    async def test_they_are_saved_and_there_again(self, server: Server) -> None:
        async with opened(server) as (app, pilot):
            await pilot.press("f4")
            await typed(pilot, "lists.example.edu")
            await pilot.press("tab")
            await typed(pilot, "example.edu")
            await pilot.press("ctrl+s")
            await until(pilot, lambda: f"saved in {server.site}"[:70] in line(app, "#status"))
        assert 'hostname = "lists.example.edu"' in server.saved()

    @pytest.mark.parametrize("onwards", ["tab", "enter"])
    async def test_what_comes_in_one_burst_happens_in_the_order_it_was_typed_in(
        self, server: Server, onwards: str
    ) -> None:
        async with opened(server) as (app, pilot):
            await pilot.press("f4")
            for key in ("end", "ctrl+u", *"mx.edu", onwards, "ctrl+u", *"a.edu", "ctrl+s"):
                app.post_message(Key(key, key if len(key) == 1 else None))
            await until(pilot, lambda: bool(server.saved()))
        lines = server.saved().splitlines()
        assert {'hostname = "mx.edu"', 'domain = "a.edu"'} <= set(lines)

    async def test_who_comes_before_the_fields_are_there_can_type_when_they_are(self, server: Server) -> None:
        known = threading.Event()

        def late(words: tuple[str, ...]) -> str:
            known.wait(LIMIT)
            return postconf(words)

        server.host.commands["postconf"] = late
        app = WizardApp(server.desk(), alone=1, terminal=DARK)
        async with app.run_test(size=SIZE) as pilot:
            await pilot.press("f4")
            assert app.focused is None
            known.set()
            await until(pilot, lambda: isinstance(app.focused, Input))

    async def test_a_choice_is_made_with_the_arrow_keys(self, server: Server) -> None:
        async with opened(server) as (app, pilot):
            await pilot.press("f4", "tab", "tab", "right")
            await until(pilot, lambda: app.form is not None and app.form.changes == {"mail.domain_class": "dedicated"})

    async def test_what_was_typed_and_the_place_come_back(self, server: Server) -> None:
        async with opened(server) as (app, pilot):
            await pilot.press("f4", "x")
            await until(pilot, lambda: bool(app.form and app.form.changes))
            await pilot.press("f7", "f4")
            await until(pilot, (server.state.root / "place.json").exists)
            await until(pilot, lambda: "mail.hostname" in (server.state.root / "place.json").read_text())
        async with opened(server) as (app, _):
            assert app.here is not None
            assert app.here.pane == "answers"
            assert app.form is not None
            assert app.form.changes == {"mail.hostname": "mail.local.edux"}

    async def test_what_was_typed_is_kept_also_if_the_server_is_slow_and_the_screen_left(self, server: Server) -> None:
        place = server.state.root / "place.json"
        kept = {"schema": 1, "stage": 1, "pane": "answers", "drafts": {"mail.hostname": "mx.edu"}, "theme": ""}
        place.write_text(json.dumps(kept))
        known = threading.Event()

        def late(words: tuple[str, ...]) -> str:
            known.wait(LIMIT)
            return postconf(words)

        server.host.commands["postconf"] = late
        app = WizardApp(server.desk(), terminal=DARK)
        async with app.run_test(size=SIZE) as pilot:
            await pilot.press("f6")
            await until(pilot, lambda: '"check"' in place.read_text())
            assert app.form is None
            known.set()
            await until(pilot, lambda: app.form is not None and app.form.changes == kept["drafts"])
        assert json.loads(place.read_text())["drafts"] == kept["drafts"]

    async def test_who_comes_back_to_the_answers_can_type(self, server: Server) -> None:
        kept = {"schema": 1, "stage": 1, "pane": "answers", "drafts": {"mail.hostname": "mx.edu"}, "theme": ""}
        (server.state.root / "place.json").write_text(json.dumps(kept))
        async with opened(server) as (app, pilot):
            await until(pilot, lambda: isinstance(app.focused, Input))
            await typed(pilot, "qpnr.edu")

    async def test_the_place_is_written_down_before_the_screen_ends(self, server: Server) -> None:
        async with opened(server) as (_, pilot):
            await pilot.press("f6", "q")
            await pilot.pause()
            assert '"pane": "check"' in (server.state.root / "place.json").read_text()

    async def test_a_password_is_shown_to_whoever_edits_it_alone(self, server: Server) -> None:
        server.site.write_text('schema = 1\n[mailman]\ndatabase = "postgresql://mailman:geheimes-Wort@db/mailman"\n')
        async with opened(server) as (app, pilot):
            await pilot.press("2", "f4")
            await until(pilot, lambda: "Database" in shown(app))
            assert "geheim" not in shown(app)
            await pilot.press("tab")
            await until(pilot, lambda: "geheim" in shown(app))
            await pilot.press("x", "tab")
            await until(pilot, lambda: "geheim" not in shown(app))

    async def test_a_place_that_cannot_be_read_is_set_aside(self, server: Server) -> None:
        (server.state.root / "place.json").write_text('{"stage": "th')
        async with opened(server) as (app, _):
            assert "place.json is damaged: set aside as place.corrupt" in line(app, "#status")

    async def test_wrong_answers_end_the_screen_and_are_told_by_the_command_line(self, server: Server) -> None:
        server.site.write_text('schema = 1\n[mail]\nhostname = "no name"\n')
        app = WizardApp(server.desk(), terminal=DARK)
        async with app.run_test(size=SIZE) as pilot:
            for _ in range(round(LIMIT / GLANCE)):
                if app.trouble is not None:
                    break
                await pilot.pause(GLANCE)
        assert isinstance(app.trouble, AnswerError)
        assert "no name" in str(app.trouble)


class TestTwoTerminals:
    async def test_the_second_is_read_only_and_takes_over(self, server: Server) -> None:
        first = Seat(server.state.root)
        async with opened(server) as (app, pilot):
            assert "read-only (t takes over)" in line(app, "#top")
            assert "t take over" in line(app, "#keys")
            await pilot.press("f8")
            assert "read-only" in line(app, "#status")
            await pilot.press("t", "y")
            await until(pilot, lambda: app.in_control)
            assert not first.held
            await until(pilot, lambda: "read-only" not in line(app, "#top"))
            first.take()
            await until(pilot, lambda: "read-only" in line(app, "#top"))
        first.leave()

    async def test_a_full_disk_keeps_it_from_taking_over_and_is_told(
        self, server: Server, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = Seat(server.state.root)
        async with opened(server) as (app, pilot):

            def full() -> None:
                raise OSError(28, "No space left on device")

            monkeypatch.setattr(app.desk, "take_over", full)
            await pilot.press("t", "y")
            await until(pilot, lambda: "No space left" in line(app, "#status"))
        first.leave()

    async def test_watch_shows_a_run_and_changes_nothing(self, server: Server) -> None:
        directory = server.recorded()
        async with opened(server, watching=directory) as (app, pilot):
            await until(pilot, lambda: app.view.finished)
            await pilot.press("f9", "t")
            await pilot.pause()
            assert not app.in_control
            assert list(server.state.runs.iterdir()) == [directory]


class TestOneStageAlone:
    async def test_it_opens_at_once_and_stays(self, server: Server) -> None:
        async with opened(server, alone=3) as (app, pilot):
            assert app.here is not None
            assert app.here.stage.number == 3
            await pilot.press("5")
            assert app.here.stage.number == 3
            assert "stage 3 and those before it are open" in line(app, "#status")

    async def test_what_it_depends_on_can_be_looked_at_and_mended_from_there(self, server: Server) -> None:
        async with opened(server, alone=3) as (app, pilot):
            await pilot.press("1")
            await until(pilot, lambda: app.here is not None and app.here.stage.number == 1)
            await pilot.press("3")
            await until(pilot, lambda: app.here is not None and app.here.stage.number == 3)

    async def test_it_says_which_stage_has_stopped_a_run_that_was_to_set_this_one_up(self, server: Server) -> None:
        server.verified(1, failed=2)
        ended = (
            {"kind": "run.started", "run": "a-run", "command": "apply", "first": 3, "last": 3},
            {"kind": "stage.started", "stage": 2, "name": "mailman"},
            {"kind": "run.finished", "exit": 1, "verified": False, "changed": 0, "error": None, "stages": []},
        )
        directory = server.recorded(count=0)
        words = (
            json.dumps({"schema": 1, "number": number, "at": "2026-11-22T14:00:00+00:00", **event})
            for number, event in enumerate(ended, 1)
        )
        (directory / "events.jsonl").write_text("".join(f"{word}\n" for word in words))
        async with opened(server, alone=3, number=3) as (app, pilot):
            await until(pilot, lambda: "stage 2 stopped the run" in line(app, "#status"))
            assert "key 2 shows it" in line(app, "#status")

    async def test_it_shows_what_it_depends_on(self, server: Server) -> None:
        server.verified(1, failed=2)
        async with opened(server, alone=3) as (app, pilot):
            await pilot.press("f6")
            await until(pilot, lambda: "depends on stage 1, postfix: verified" in shown(app))
            assert "depends on stage 2, mailman: failed: its checks did not pass in run a-run" in shown(app)


class TestTheReport:
    async def test_it_is_of_the_run_that_verified_all_also_after_one_stage_was_checked_again(
        self, server: Server
    ) -> None:
        server.verified(1, 2, 3, 4, 5, 6)
        whole = server.recorded()
        (whole / "report.md").touch()
        later = server.recorded(name="20261122T150000Z-000000")
        log = later / "events.jsonl"
        log.write_text(log.read_text().replace('"verified": true', '"verified": false'))
        async with opened(server) as (app, pilot):
            await pilot.press("6", "f10")
            await until(pilot, lambda: "Saved in" in shown(app))
            # Wherever the path is broken, and beside the scroll bar.
            assert whole.name in "".join(char for char in shown(app) if "!" <= char <= "~")

    async def test_it_is_shown_once_however_often_the_key_is_pressed(self, server: Server) -> None:
        server.verified(1, 2, 3, 4, 5, 6)
        server.recorded()
        async with opened(server) as (app, pilot):
            await pilot.press("6", "f10", "f10", "f10")
            await until(pilot, lambda: "Esc back" in shown(app))
            await pilot.pause(GLANCE)
            await pilot.press("escape")
            await until(pilot, lambda: "F3 Why" in shown(app))


class TestABurstOfKeys:
    async def test_the_checks_are_gone_through_also_before_they_are_laid_out(self, server: Server) -> None:
        async with opened(server) as (app, pilot):
            for number in range(1, 7):
                for key in (str(number), "f3", "f6", "pagedown", "pageup", "pagedown", "f4", "f6", "pagedown"):
                    app.post_message(Key(key, None))
            await until(pilot, lambda: app.here is not None and app.here.stage.number == 6 and app.here.pane == "check")
            await pilot.press("home")

    async def test_the_command_palette_is_gone_through_also_before_it_is_laid_out(self, server: Server) -> None:
        async with opened(server) as (app, pilot):
            for key in ("ctrl+p", "pagedown", "pagedown", "x", "pagedown", "backspace", "pagedown", "pageup", "down"):
                app.post_message(Key(key, key if len(key) == 1 else None))
            await until(pilot, lambda: isinstance(app.screen, Palette))
            await pilot.press("pagedown", "escape", "escape")
            await until(pilot, lambda: isinstance(app.screen, StageScreen))


class TestWhatIsSaid:
    async def test_a_page_lets_no_key_do_what_is_not_seen(self, server: Server) -> None:
        async with opened(server) as (app, pilot):
            await pilot.press("f1", "f9", "3")
            await until(pilot, lambda: "Esc back" in shown(app))
            assert app.here is not None
            assert app.here.stage.number == 1
            assert not list(server.state.runs.glob("*"))

    async def test_a_damaged_session_is_told_also_beside_a_run_that_has_ended(self, server: Server) -> None:
        """Where the stages stand is looked at from two sides then."""
        server.recorded()
        (server.state.root / "session.json").write_text("{half")
        async with opened(server) as (app, pilot):
            await until(pilot, lambda: "session.json is damaged: set aside" in line(app, "#status"))

    async def test_letters_of_a_search_are_keys_of_the_screen_where_nothing_is_looked_for(self, server: Server) -> None:
        server.verified(1)
        async with opened(server) as (app, pilot):
            await pilot.press("1", "f3", "n")
            await until(pilot, lambda: app.here is not None and app.here.stage.number == 2)

    async def test_that_a_check_saves_what_was_typed_is_said(self, server: Server) -> None:
        async with opened(server) as (app, pilot):
            await pilot.press("f4")
            await typed(pilot, "mx.edu")
            await pilot.press("f8")
            await until(pilot, lambda: f"what was typed is saved in {server.site}"[:70] in line(app, "#status"))
        assert 'hostname = "mx.edu"' in server.saved()

    async def test_what_was_wrong_is_not_said_of_what_is_right(self, server: Server) -> None:
        async with opened(server) as (app, pilot):
            await pilot.press("f4")
            await typed(pilot, "bad host")
            await pilot.press("f9")
            await until(pilot, lambda: "mail.hostname: " in line(app, "#status"))
            await pilot.press("ctrl+u", *"mx.edu")
            await until(pilot, lambda: "mail.hostname: " not in line(app, "#status"))

    async def test_damaged_files_are_told_one_after_another(self, server: Server) -> None:
        directory = server.recorded()
        number = len((directory / "events.jsonl").read_text().splitlines())
        for name in ("place.json", "session.json"):
            (server.state.root / name).write_text("{half")
        async with opened(server, number=number) as (app, pilot):
            assert "place.json is damaged: set aside as place.corrupt" in shown(app).splitlines()[-2]
            await pilot.press("f3")
            said = line(app, "#status")
            assert "session.json is damaged: set aside as session.corrupt, no stage is verified" in said

    async def test_a_stage_that_was_verified_is_not_called_unchecked(self, server: Server) -> None:
        server.verified(1)
        async with opened(server) as (app, pilot):
            await pilot.press("1", "f6")
            await until(pilot, lambda: "Not checked in this run; verified 2026-" in shown(app))

    async def test_the_seconds_left_are_seen_before_however_long_words(self, server: Server) -> None:
        directory = server.recorded('"kind": "stage.started"')
        text = "waiting for Mailman's answer to a wrong token for mwz_697b0488_x@local.edu, at most 30 s"
        waits = {"schema": 1, "number": 99, "at": AT, "kind": "check.progress", "text": text, "limit": 30}
        with (directory / "events.jsonl").open("a") as file:
            file.write(json.dumps(waits) + "\n")
        with living(directory):
            async with opened(server, number=99) as (app, pilot):
                await until(pilot, lambda: " s left" in shown(app))

    async def test_it_does_not_cover_what_a_run_does_for_long(
        self, server: Server, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(saying, "LASTS", 2.0)
        directory = server.recorded('"kind": "stage.started"')
        with living(directory):
            async with opened(server, number=2) as (app, pilot):
                await pilot.press("f9")
                assert "a run is on" in line(app, "#status")
                await until(pilot, lambda: "Ctrl+X stops it" not in line(app, "#status"))

    async def test_the_keys_named_are_those_that_work_in_a_field(self, server: Server) -> None:
        async with opened(server) as (app, pilot):
            assert " q quit" in line(app, "#keys")
            await pilot.press("f4")
            await until(pilot, lambda: "^Q quit" in line(app, "#keys"))
            await pilot.press("tab", "tab")
            await until(pilot, lambda: " q quit" in line(app, "#keys"))
            await pilot.press("f7", "slash")
            await until(pilot, lambda: "Esc close" in line(app, "#keys") and "^Q quit" in line(app, "#keys"))

    async def test_a_stage_that_is_open_is_not_said_to_keep_a_gate_shut_by_that(self, server: Server) -> None:
        async with opened(server) as (app, pilot):
            await until(pilot, lambda: app.stood)
            await pilot.press("f10")
            await until(pilot, lambda: "stage 1 (postfix) is not verified yet" in line(app, "#status"))
            await pilot.press("2")
            await until(pilot, lambda: "stage 1 (postfix) comes first" in line(app, "#status"))

    @pytest.mark.parametrize("width", [60, 64, 72, 79])
    async def test_the_signs_of_all_stages_are_seen_in_any_width(self, server: Server, width: int) -> None:
        server.verified(1, 2, 3, 4, 5, 6)
        async with opened(server, size=(width, 20)) as (app, pilot):
            await until(pilot, lambda: shown(app).splitlines()[1].count("✔") == len(STAGES))

    async def test_a_reason_is_seen_beside_the_servers_value_in_the_smallest_window(self, server: Server) -> None:
        async with opened(server, size=SMALLEST) as (app, pilot):
            await pilot.press("f4")
            await typed(pilot, "xn--a.-.edu")
            await until(pilot, lambda: "RFC 5890" in shown(app) and "server: mx1" in shown(app))

    async def test_a_long_line_of_a_page_is_shown_whole(self, server: Server) -> None:
        async with opened(server) as (app, pilot):
            app.push_screen(Page("Report", f"Seen:\n\n```\n{'word ' * 40}end-of-it\n```\n"))
            await until(pilot, lambda: "end-of-it" in shown(app))


class TestLogs:
    async def test_what_comes_while_another_pane_is_shown_is_there_when_they_are_come_back_to(
        self, server: Server, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        came: list[LogBatch] = []
        monkeypatch.setattr(LogReader, "_read", lambda _self: None)
        monkeypatch.setattr(LogReader, "taken", lambda _self: [came.pop(0) for _ in tuple(came)])
        directory = server.recorded('"id": "broadcast.delivery", "outcome"')
        with living(directory):
            number = len((directory / "events.jsonl").read_text().splitlines())
            async with opened(server, number=number) as (app, pilot):
                for pane, text in (("f7", "first"), ("f6", "second"), ("f6", "third"), ("f7", "fourth")):
                    await pilot.press(pane)
                    came.append(LogBatch((LogLine("postfix", None, text),)))
                    app.redraw()
                    await until(pilot, lambda: not came)
                assert app.here is not None
                log = app.here.query_one("#log", Lines)
                await until(pilot, lambda: " fourth" in log.texts)
                assert [text for text in log.texts if " run:" not in text] == [" first", " second", " third", " fourth"]
                assert sum(" run:" in text for text in log.texts) == len(app.view.notes)

    async def test_what_is_wrapped_is_shown_whole_whatever_was_shown_before(self, server: Server) -> None:
        async with opened(server) as (app, pilot):
            await pilot.press("f5")
            assert app.here is not None
            diff = app.here.query_one("#diff", Lines)
            text = "".join(f"{number:04}" for number in range(200))
            for lines in ([], [Line(text)] * 20):
                diff.replace(lines)
                await pilot.pause()
            await until(pilot, lambda: text[:70] in shown(app))
            rows = [row[: SIZE[0] - 1] for row in shown(app).splitlines()]  # without the scroll bar
            first = next(number for number, row in enumerate(rows) if row.startswith("0000"))
            assert text.startswith(rows[first] + "".join(row[2:] for row in rows[first + 1 : first + 4]))

    @pytest.mark.parametrize("source", ["", "b"])
    async def test_the_newest_are_shown_whatever_went_before_them(self, server: Server, source: str) -> None:
        async with opened(server) as (app, pilot):
            await pilot.press("f7")
            assert app.here is not None
            log = app.here.query_one("#log", Lines)
            log.only(source)
            added = [Line(f"{number} {'x' * (number % 300)}", source="ab"[number % 2]) for number in range(MOST + 700)]
            for start in range(0, len(added), 450):
                log.add(added[start : start + 450])
            wanted = [each.text for each in added[-MOST:] if source in {"", each.source}]
            assert log.texts == wanted
            drawn = log.virtual_size.height
            log.only("a")
            log.only(source)
            assert log.virtual_size.height == drawn
            await until(pilot, lambda: f"{MOST + 699} x" in shown(app))

    async def test_what_is_looked_for_is_found_where_a_line_is_wrapped(self, server: Server) -> None:
        async with opened(server) as (app, pilot):
            await pilot.press("f7")
            assert app.here is not None
            log = app.here.query_one("#log", Lines)
            log.add([Line("x" * 74 + " status=deferred " + "y" * 200 + " status=deferred"), Line("nothing")])
            await pilot.press("slash", *"status=deferred", "enter")
            await until(pilot, lambda: "1 line(s) have 'status=deferred'" in line(app, "#logs-head"))

    async def test_words_are_not_parted_where_the_causes_are_read(self, server: Server) -> None:
        async with opened(server) as (app, pilot):
            await pilot.press("f6")
            assert app.here is not None
            detail = app.here.query_one("#detail", Lines)
            detail.replace([Line("the answer is none, and " * 8)])
            await until(pilot, lambda: "the answer" in shown(app))
            rows = [row.strip() for row in shown(app).splitlines() if "answer" in row or "none" in row]
            assert set(" ".join(rows).split()) == {"the", "answer", "is", "none,", "and"}


class TestTheFrame:
    async def test_too_small_is_said_and_passes(self, server: Server) -> None:
        async with opened(server) as (app, pilot):
            await pilot.resize_terminal(50, 15)
            await until(pilot, lambda: "too small" in shown(app))
            await pilot.resize_terminal(60, 20)
            await until(pilot, lambda: "too small" not in shown(app) and "F1 help" in shown(app))

    async def test_a_log_keeps_no_more_lines_than_it_must(self, server: Server) -> None:
        async with opened(server) as (app, pilot):
            await pilot.press("f7")
            assert app.here is not None
            lines = app.here.query_one("#log", Lines)
            lines.replace([])
            for begin in range(0, MOST + 100, 100):
                lines.add(Line(f"line {number}") for number in range(begin, begin + 100))
            assert (len(lines.texts), lines.texts[-1]) == (MOST, f"line {MOST + 99}")

    async def test_who_reads_back_in_a_full_log_stays_there(self, server: Server) -> None:
        async with opened(server) as (app, pilot):
            await pilot.press("f7")
            assert app.here is not None
            lines = app.here.query_one("#log", Lines)
            lines.replace(Line(f"line {number}") for number in range(MOST))
            lines.scroll_to(y=3000, animate=False, force=True)
            await until(pilot, lambda: "line 3000" in shown(app))
            lines.add(Line(f"later {number}") for number in range(1000))
            await until(pilot, lambda: lines.scroll_offset.y == 2000)
            assert "line 3000" in shown(app)

    async def test_a_line_is_marked_also_if_its_queue_id_is_known_later(self, server: Server) -> None:
        async with opened(server) as (app, pilot):
            await pilot.press("f7")
            assert app.here is not None
            pane = app.here.query_one(LogsPane)
            pane.add(LogBatch((LogLine("postfix", None, "smtpd: 4jXABC: client=x"), LogLine("postfix", None, "other"))))
            await until(pilot, lambda: " smtpd: 4jXABC" in shown(app))
            pane.mark(frozenset({"4jXABC"}))
            await until(pilot, lambda: "▸smtpd: 4jXABC" in shown(app))
            assert shown(app).count("▸") == 2  # and in the words that say what it means

    async def test_help_and_back(self, server: Server) -> None:
        async with opened(server) as (app, pilot):
            await pilot.press("f6", "f1")
            await until(pilot, lambda: "The mail's way on top" in shown(app))
            await pilot.press("escape")
            await until(pilot, lambda: "F8 check" in shown(app))

    async def test_tab_goes_through_all_panes(self, server: Server) -> None:
        async with opened(server) as (app, pilot):
            seen = []
            for _ in range(30):
                assert app.here is not None
                seen.append(app.here.pane)
                await pilot.press("tab")
            assert list(dict.fromkeys(seen)) == ["why", "answers", "changes", "check", "logs"]

    async def test_leaving_while_a_run_is_on_is_asked(self, server: Server) -> None:
        directory = server.recorded('"kind": "check.started"')
        with living(directory):
            async with opened(server, number=5) as (app, pilot):
                await pilot.press("q")
                await until(pilot, lambda: "It goes on without this screen" in shown(app))
                await pilot.press("n")
                await until(pilot, lambda: "F1 help" in shown(app))

    async def test_a_word_from_elsewhere_is_no_markup_and_no_control(self, server: Server) -> None:
        directory = server.recorded('"kind": "stage.started"')
        evil = "[red]\x1b]0;x\x07[/red] [@click=app.exit]\u202e"
        said = {"schema": 1, "at": "2026-11-22T14:00:00+00:00", "stage": 1, "id": "postfix.smtp", "title": evil}
        ended = {"seconds": 1, "outcome": "fail", "evidence": [evil], "diagnosis": None, "also": []}
        with (directory / "events.jsonl").open("a") as file:
            file.write(json.dumps({**said, "number": 98, "kind": "check.started"}) + "\n")
            file.write(json.dumps({**said, **ended, "number": 99, "kind": "check.finished"}) + "\n")
        with living(directory):
            async with opened(server, number=99) as (app, pilot):
                await pilot.press("f6")
                await until(pilot, lambda: "[red]" in shown(app))
                assert "\x1b" not in shown(app)
                assert "\u202e" not in shown(app)


class TestWhereAStageStands:
    SETTINGS = "mydestination, relay_domains, local_recipient_maps, recipient_delimiter, transport_maps"
    CHANGED = f"changed since it was verified: /etc/postfix/main.cf ({SETTINGS}), /etc/mailman3/mailman.cfg"

    @pytest.mark.parametrize("size", [SIZE, SMALLEST])
    @pytest.mark.parametrize(
        ("state", "why", "words"),
        [
            ("stale", CHANGED, f"stale: {CHANGED}"),
            ("failed", "its checks did not pass in run 20261123T004042Z-a1b2c3", "failed: its checks did not pass"),
            ("shut", "", "shut: a stage before it is not verified"),
            ("open", "", "open"),
        ],
    )
    async def test_all_of_it_is_seen(
        self, server: Server, state: str, why: str, words: str, size: tuple[int, int]
    ) -> None:
        async with opened(server, size=size) as (app, pilot):
            await pilot.press("4")
            stands(app, Standing(4, "subscription", state, AT, why))
            await pilot.pause()
            seen = " ".join(shown(app).split())
            assert f"stage 4, subscription: {words}" in seen
            assert why in seen
            assert "Stage 4: join and leave by mail" in seen
            assert "q quit" in seen

    async def test_of_a_very_long_reason_it_is_said_that_there_is_more(self, server: Server) -> None:
        async with opened(server, size=SMALLEST) as (app, pilot):
            await pilot.press("4")
            stands(
                app, Standing(4, "subscription", "stale", AT, ", ".join(f"a_setting_{number}" for number in range(90)))
            )
            await until(pilot, lambda: rows(app) == SMALLEST[1] // 2)
            assert "('mailman-wizard status' tells all)" in " ".join(shown(app).split())

    async def test_it_takes_as_many_rows_as_there_is_need_of(self, server: Server) -> None:
        async with opened(server) as (app, pilot):
            await pilot.press("4")
            stands(app, Standing(4, "subscription", "stale", AT, self.CHANGED))
            await pilot.pause()
            assert len(line(app, "#standing").splitlines()) == rows(app) == 3
            await pilot.resize_terminal(*SMALLEST)
            await until(pilot, lambda: len(line(app, "#standing").splitlines()) == rows(app) == 4)
            stands(app, Standing(4, "subscription", "open"))
            await until(pilot, lambda: rows(app) == 1)


def stands(app: WizardApp, standing: Standing) -> None:
    """Let one stage stand elsewhere."""
    app.standing = tuple(standing if each.number == standing.number else each for each in app.standing)
    assert app.here is not None
    app.here.show()


def rows(app: WizardApp) -> int:
    assert app.here is not None
    return app.here.query_one("#standing").size.height


async def test_a_key_that_works_no_more_looks_so(server: Server) -> None:
    server.verified(1)
    async with opened(server) as (app, pilot):
        await pilot.press("1")
        await until(pilot, lambda: ("F10", True) in bold(app))
        stands(app, Standing(1, "postfix", "stale", AT))
        await until(pilot, lambda: ("F10", False) in bold(app))


def bold(app: WizardApp) -> list[tuple[str, bool]]:
    """The keys on the last line, and whether each is bold there."""
    return [(each.text.strip(), bool(each.style and each.style.bold)) for each in strips(app)[-1] if each.text.strip()]


async def test_the_page_of_a_stage_is_copied_whole(server: Server) -> None:
    async with opened(server) as (app, pilot):
        await pilot.press("1", "f3", "c")
        await until(pilot, lambda: "copied" in line(app, "#status"))
        assert app.clipboard.startswith("Stage 1: local mail works\n")
        assert "on every block list a day later." in app.clipboard
        assert STAGES[0].checks[-1].title in app.clipboard
