"""``train`` outside of a lab: what a course is, what a trainee has done in it, and their session."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from wizard import i18n, packages
from wizard.commands.call import Call
from wizard.commands.wizard import full_screen
from wizard.errors import AnswerError, ExitCode, Problem, RefusedError
from wizard.i18n import _
from wizard.lab import rootless
from wizard.training import load, progress, summary
from wizard.training.course import Course
from wizard.training.drill import choose
from wizard.training.progress import LESSON, Progress
from wizard.training.session import Given, Session


def train(call: Call) -> int:
    """Do what is asked for of a course.

    Raises:
        WizardError: it cannot be done; the message says why.
    """
    options = call.options
    if options.validate is not None:
        return _validate(call, Path(options.validate))
    course = load.load(Path(options.course) if options.course else load.BUILT_IN)
    rootless.require()
    who = progress.trainee(options.trainee)
    call.state.prepare()
    home = progress.home(call.state.training, who, course.name)
    language = course.language(i18n.wanted(options.lang))
    if options.summary:
        return _summary(call, course, who, home, language)
    return _session(call, course, who, home, language)


def _session(call: Call, course: Course, who: str, home: Path, language: str) -> int:
    """Give lessons or a drill until the trainee leaves; 0 if what was left is passed.

    Raises:
        AnswerError: there is no such lesson or drill.
        RefusedError: there is no terminal that can show screens, or another session of this trainee is on.
    """
    options = call.options

    def say(text: str) -> None:
        with suppress(OSError):  # a terminal that is gone keeps nobody from keeping the lab
            call.show.say(text)

    found, said = progress.load(home)
    if said:
        say(said)
    given = _given(call, course, found)
    if options.json:
        raise AnswerError((Problem("--json", "given", "with --summary and --validate; a lesson is for a person"),))
    if not options.plain and not full_screen(call):
        raise RefusedError(
            "this is no terminal that can show a full screen: 'mailman-wizard train --plain' gives the same in lines"
        )
    face = ["--lang", language, *(["--plain"] if options.plain else []), "--color", options.color]
    telling = packages.in_percent(lambda percent, text: say(f"{_('preparing')}: {percent:3d} % {text}"))
    code = Session(home, course, who, language, say, face, telling).run(given, anew=options.reset)
    done = progress.load(home)[0]
    for line in summary.markdown(course, who, done, language).rstrip("\n").split("\n"):
        call.show.line(line)
    if code not in {0, 1}:
        return code
    return int(ExitCode.VERIFIED if done.here is not None and done.here.passed else ExitCode.NOT_VERIFIED)


def _given(call: Call, course: Course, found: Progress) -> Given:
    """Tell what to begin with.

    Raises:
        AnswerError: there is no such lesson or drill.
    """
    options = call.options
    if options.drill or options.level or options.stage or options.seed or options.fault:
        if options.lesson is not None:
            raise AnswerError((Problem("LESSON", repr(options.lesson), "left out with --drill"),))
        return choose(
            course, level=options.level, stage=options.stage, fault=options.fault or "", seed=options.seed or ""
        )
    if options.lesson is not None:
        lesson = course.lesson(options.lesson)
        if lesson is None:
            names = ", ".join(f"{course.number(each)} ({each.folder})" for each in course.lessons)
            raise AnswerError((Problem("LESSON", repr(options.lesson), f"one of {names}"),))
        return lesson
    here = found.here
    on = course.lesson(here.name) if here is not None and here.kind == LESSON and not here.passed else None
    return on or next((each for each in course.lessons if not found.passed(each.folder)), course.lessons[-1])


def _validate(call: Call, folder: Path) -> int:
    """Say what is wrong with a course."""
    try:
        course = load.load(folder)
    except load.CourseError as error:
        if call.options.json:
            wrong = [{"file": each.file, "line": each.line, "what": each.what} for each in error.wrong]
            call.show.json({"schema": 1, "valid": False, "wrong": wrong})
        for each in () if call.options.json else error.wrong:
            call.show.say(str(each))  # as compilers say it, so that editors find the place
        return int(error.exit_code)
    told = {"course": course.name, "lessons": len(course.lessons), "drills": len(course.drills)}
    if call.options.json:
        call.show.json({"schema": 1, "valid": True, **told, "languages": list(course.outline.languages)})
    else:
        call.show.line(_("valid: {course}, {lessons} lessons, {drills} drills").format(**told), "green")
    return int(ExitCode.VERIFIED)


def _summary(call: Call, course: Course, who: str, home: Path, language: str) -> int:
    found, said = progress.load(home)
    if said:
        call.show.say(said)
    told = summary.data(course, who, found)
    if call.options.json:
        call.show.json(told)
    else:
        for line in summary.markdown(course, who, found, language).rstrip("\n").split("\n"):
            call.show.line(line)
    return int(ExitCode.VERIFIED if told["passed"] else ExitCode.NOT_VERIFIED)
