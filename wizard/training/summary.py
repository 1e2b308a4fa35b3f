"""What a trainee has done in a course, as Markdown and as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from wizard.i18n import _
from wizard.render import render
from wizard.training.course import Course
from wizard.training.progress import DRILL, Done, Progress
from wizard.training.tutor import clock

NOTHING, UNKNOWN = "", "?"


def data(course: Course, trainee: str, found: Progress) -> dict[str, Any]:
    """Return it for JSON."""
    rows = [
        {"number": course.number(each), **_row(found.done.get(each.folder, Done(each.folder)))}
        for each in course.lessons
    ]
    drills = [_row(each) for each in found.done.values() if each.kind == DRILL]
    return {
        "schema": 1,
        "trainee": trainee,
        "course": course.name,
        "passed": all(row["passed"] for row in rows),
        "lessons": rows,
        "drills": drills,
    }


def _row(done: Done) -> dict[str, Any]:
    return {**asdict(done), "seconds": round(done.seconds, 1), "faults": list(done.faults)}


def markdown(course: Course, trainee: str, found: Progress, language: str) -> str:
    """Write it as Markdown."""
    told = data(course, trainee, found)
    titles = {each.folder: course.texts[each.folder, language].title for each in course.lessons}
    return render(
        "training/summary.md.j2",
        course=course.outline.title[language],
        trainee=trainee,
        lessons=[{**_words(row), "title": titles[str(row["name"])]} for row in told["lessons"]],
        drills=[_words(row) for row in told["drills"]],
        words=_heads(),
    )


def _words(row: Mapping[str, Any]) -> dict[str, Any]:
    passed = str(row["passed"])
    return {
        **row,
        # A drill that was left can be tried again.
        "faults": ", ".join(row["faults"]) if passed or row["told"] else UNKNOWN,
        "state": passed[:16].replace("T", " ") if passed else _("begun") if row["begun"] else NOTHING,
        "time": clock(row["seconds"]) if passed else NOTHING,
        "named": _named(row),
    }


def _named(row: Mapping[str, Any]) -> str:
    """Say whether a drill's cause was named: by whom, and after how many tries."""
    if row["told"]:
        return _("told")
    if row["named"] is None:
        return NOTHING
    found = _("right") if row["named"] else _("wrong")
    return f"{found} ({_('wrong before: {count}').format(count=row['wrong'])})" if row["wrong"] else found


def _heads() -> dict[str, str]:
    return {
        "summary": _("Training summary"),
        "lesson": _("lesson"),
        "passed": _("passed"),
        "time": _("time"),
        "checks": _("checks"),
        "hints": _("hints"),
        "shown": _("commands shown"),
        "resets": _("resets"),
        "drills": _("Drills"),
        "faults": _("what was broken"),
        "level": _("level"),
        "named": _("cause named"),
        "trainee": _("trainee"),
    }
