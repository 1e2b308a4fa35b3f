"""Lessons and drills on the stage screens: what is shown, what a key does, and what the session is asked for."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from tests.screens.desks import Server, lines, living
from tests.screens.pictures import DARK, GLANCE, LIMIT, settled, shown
from tests.screens.test_screens import until
from wizard import events, i18n
from wizard.desk import RunView
from wizard.screens.app import WizardApp
from wizard.screens.dialogs import Page, Question
from wizard.screens.lesson import Causes
from wizard.training import briefing, progress
from wizard.training.briefing import Ask, Briefing
from wizard.training.drill import choose
from wizard.training.judge import Verdict
from wizard.training.load import BUILT_IN, load
from wizard.training.progress import Journal
from wizard.training.turn import Turn
from wizard.training.tutor import Tutor

COURSE = load(BUILT_IN)
SIZE = (100, 40)
assert GLANCE < LIMIT


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Server(tmp_path)


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    yield
    i18n.use("en")


def lesson(language: str = "en") -> Briefing:
    begun = datetime.now(UTC).isoformat()
    return replace(briefing.of_lesson(COURSE, COURSE.lessons[2], "wendy", language), begun=begun)


def drill() -> Briefing:
    told = briefing.of_drill(COURSE, choose(COURSE, fault="emergency", seed="1"), "wendy", "en")
    return replace(told, begun=datetime.now(UTC).isoformat())


@asynccontextmanager
async def opened(
    server: Server, told: Briefing, size: tuple[int, int] = SIZE
) -> AsyncIterator[tuple[WizardApp, Pilot[int], Tutor]]:
    desk = server.desk()
    tutor = Tutor(told, Journal.open(server.root), desk, server.host, Turn(server.root / "turn"))
    tutor.journal("begun", name=told.name, what="drill" if tutor.drill else "lesson")
    app = WizardApp(desk, alone=0 if tutor.drill else told.stage, tutor=tutor, terminal=DARK)
    async with app.run_test(size=size) as pilot:
        await settled(pilot, 0)
        yield app, pilot, tutor


def says(app: WizardApp, where: str) -> str:
    assert app.here is not None
    return str(app.here.query_one(where, Static).content)


async def test_a_lesson_is_on_its_stages_screen_with_its_task_and_its_keys(server: Server) -> None:
    async with opened(server, lesson()) as (app, pilot, _):
        await until(pilot, lambda: "From Postfix to Mailman" in shown(app))
        assert "wendy  lesson 3: From Postfix to Mailman" in says(app, "#top")
        assert all(word in says(app, "#keys") for word in ("F2 shell", "F8 check", "h hint", "x commands", "^R reset"))
        await until(pilot, lambda: "your task ends this page" in says(app, "#status"))
        await pilot.press("f6")
        await until(pilot, lambda: "F3 has your task" in says(app, "#status"))


async def test_hints_and_commands_come_one_by_one_on_the_page(server: Server) -> None:
    async with opened(server, lesson()) as (app, pilot, tutor):
        await pilot.press("h")
        await until(pilot, lambda: "Hint 1/3" in shown(app))
        await pilot.press("x")
        await until(pilot, lambda: "mailman create" in shown(app) or "reading-group@local.edu" in shown(app))
        for _ in range(3):
            await pilot.press("h")
        await until(pilot, lambda: "no more hints" in says(app, "#status"))
        assert len(tutor.hints) == 3
        assert len(tutor.steps) == 1
    here = progress.load(server.root)[0].here
    assert here is not None
    assert (here.hints, here.shown) == (3, 1)


async def test_a_reset_is_asked_for_and_asks_first(server: Server) -> None:
    async with opened(server, lesson()) as (app, pilot, _):
        await pilot.press("ctrl+r")
        await until(pilot, lambda: isinstance(app.screen, Question))
        await pilot.press("n")
        assert app.return_value is None
        await pilot.press("ctrl+r")
        await until(pilot, lambda: isinstance(app.screen, Question))
        await pilot.press("y")
    assert app.return_value == Ask.RESET


async def test_the_next_lesson_is_for_who_has_passed_this_one(server: Server) -> None:
    async with opened(server, lesson()) as (app, pilot, _):
        await pilot.press("f10")
        await until(pilot, lambda: "not passed yet" in says(app, "#status"))
    async with opened(server, replace(lesson(), passed=True)) as (app, pilot, _):
        await pilot.press("f10")
    assert app.return_value == Ask.NEXT


async def test_the_examiners_word_is_said_once(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    judged: list[str] = []

    def judge(_tutor: Tutor, view: RunView) -> Verdict:
        judged.append(view.name)
        return Verdict(passed=False, why=("stage 3: Mailman's maps: fail",))

    monkeypatch.setattr(Tutor, "judged", judge)
    async with opened(server, lesson()) as (app, pilot, _):
        assert app.training is not None
        directory = server.state.runs / "a-run"
        app.training.began(directory)
        for _ in range(2):
            app.training.seen(RunView(name="a-run", finished=True))
            app.training.seen(RunView(name="another", finished=True))
        await until(pilot, lambda: "not yet: stage 3" in says(app, "#status"))
    assert judged == ["a-run"]


async def test_a_drill_shows_the_symptom_and_takes_the_cause(server: Server) -> None:
    server.verified(1, 2, 3, 4)
    async with opened(server, drill()) as (app, pilot, tutor):
        await until(pilot, lambda: "Nothing that I post comes out" in shown(app))
        await until(pilot, lambda: "find the cause" in says(app, "#status"))
        await pilot.press("g")
        await until(pilot, lambda: isinstance(app.screen, Causes))
        right = [each.fault for each in tutor.briefing.choices].index("emergency")
        await pilot.press(*["down"] * right, "enter")
        await until(pilot, lambda: "right: now mend it" in says(app, "#status"))
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, Question))
        await pilot.press("y")
        await until(pilot, lambda: isinstance(app.screen, Page) and "emergency moderation" in shown(app))


async def test_a_drill_plans_nothing_and_mends_nothing_until_it_is_over(server: Server) -> None:
    async with opened(server, drill()) as (app, pilot, _):
        await until(pilot, lambda: "Drill, level 2" in says(app, "#top"))
        await pilot.press("f5")
        await until(pilot, lambda: "in a drill nothing is planned" in shown(app))
        assert not app.plans
        await pilot.press("f9")
        await until(pilot, lambda: "in a drill nothing is planned" in says(app, "#status"))
        assert not app.run_is_on
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, Question))
        await pilot.press("y")
        await until(pilot, lambda: isinstance(app.screen, Page))
        await pilot.press("escape", "f3", "f5")
        await until(pilot, lambda: "in a drill nothing is planned" not in shown(app))


async def test_a_drills_clock_goes_on(server: Server) -> None:
    begun = (datetime.now(UTC) - timedelta(seconds=58)).isoformat()
    async with opened(server, replace(drill(), begun=begun)) as (app, pilot, _):
        await until(pilot, lambda: "wendy  1:0" in says(app, "#top"))


async def test_a_check_that_was_killed_gives_its_turn_back(server: Server) -> None:
    async with opened(server, drill()) as (app, _pilot, tutor):
        assert app.training is not None
        directory = server.state.runs / "a-run"
        tutor.held = tutor.turn.take()
        app.training.began(directory)
        app.training.lost(server.state.runs / "another")
        assert tutor.turn.take(wait=False) is None
        app.training.lost(directory)
        held = tutor.turn.take(wait=False)
        assert held is not None
        os.close(held)


async def test_who_waits_for_a_turn_asks_once(server: Server) -> None:
    async with opened(server, lesson()) as (app, pilot, tutor):
        held = tutor.turn.take()
        assert held is not None
        await pilot.press("f8")
        await until(pilot, lambda: "waiting for a turn" in says(app, "#status"))
        assert app.training is not None
        assert app.training.begins
        await pilot.press("f3", "f8")
        await until(pilot, lambda: "waiting for a turn" in says(app, "#status"))
        tutor.desk = server.desk("false")
        os.close(held)
        await until(pilot, lambda: app.training is not None and not app.training.begins)


async def test_in_a_drill_the_screen_goes_with_the_checks(server: Server) -> None:
    directory = server.recorded("stage.started")
    with living(directory):
        async with opened(server, drill()) as (app, pilot, _):
            await until(pilot, lambda: app.running_stage == 1)
            await pilot.press("f6")
            with (directory / events.FILE).open("a", encoding="utf-8") as file:
                file.writelines(lines("stage.started", 2)[len(lines("stage.started")) :])
            await until(pilot, lambda: app.here is not None and app.here.stage.number == 2)
            await until(pilot, lambda: app.here is not None and app.here.pane == "check")
            await pilot.press("f3")
            with (directory / events.FILE).open("a", encoding="utf-8") as file:
                file.writelines(lines("stage.started", 4)[len(lines("stage.started", 2)) :])
            await until(pilot, lambda: app.running_stage == 3)
            assert app.here is not None
            assert app.here.stage.number == 2


async def test_chinese_is_as_wide_as_it_is_drawn(server: Server) -> None:
    i18n.use("zh")
    async with opened(server, lesson("zh"), size=(80, 24)) as (app, pilot, _):
        await until(pilot, lambda: "从 Postfix 到 Mailman" in shown(app).replace("  ", " "))
        assert "h 提示" in says(app, "#keys")
        await pilot.click("#panes", offset=(14, 0))  # each Chinese letter is two columns wide
        await until(pilot, lambda: app.here is not None and app.here.pane == "answers")


async def test_without_training_its_keys_do_nothing(server: Server) -> None:
    app = WizardApp(server.desk(), terminal=DARK)
    async with app.run_test(size=SIZE) as pilot:
        await settled(pilot, 0)
        await pilot.press("h", "x", "g", "ctrl+r")
        assert app.return_value is None
        assert not isinstance(app.screen, Question)


async def test_help_tells_the_keys_of_training(server: Server) -> None:
    async with opened(server, lesson()) as (app, pilot, _):
        await pilot.press("f1")
        await until(pilot, lambda: "F8 asks the examiner" in " ".join(shown(app).split()))


async def test_a_drill_that_is_passed_says_what_it_was(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Tutor, "judged", lambda *_: Verdict(passed=True, beside=("main.cf x",)))
    async with opened(server, drill()) as (app, pilot, _):
        assert app.training is not None
        app.training.began(server.state.runs / "a-run")
        app.training.seen(RunView(name="a-run", finished=True))
        await until(pilot, lambda: "The shortest way to mend it" in shown(app) and "main.cf x" in shown(app))
