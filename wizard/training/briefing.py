"""What a trainee's program in the lab is told by the session outside: one lesson or drill, in one language."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from wizard.outline import LAST
from wizard.training.judge import Seen

if TYPE_CHECKING:
    from wizard.training.course import Course, Drill, Lesson
    from wizard.training.drill import Chosen

PLACE = Path("/run/mailman-wizard-training.json")
"""Where it is, in the lab."""


class Ask(IntEnum):
    """What the program in the lab wants of the session, as its exit code."""

    LEAVE = 0
    RESET = 90
    NEXT = 91


@dataclass(frozen=True, slots=True)
class Choice:
    """One cause that may be named, and what is said of it afterwards."""

    fault: str
    cause: str
    symptom: str = ""
    showed: str = ""
    mend: tuple[tuple[str, str], ...] = ()
    """Commands, and what each does."""


@dataclass(frozen=True, slots=True)
class Briefing:
    """One lesson, or one drill."""

    trainee: str
    course: str
    language: str
    name: str
    """The lesson's folder; of drills ``drill``."""
    number: int
    """The lesson's; 0 for a drill."""
    stage: int
    """The stage whose screen it is on."""
    exam: Literal["stage", "by-hand", "drill"]
    title: str
    text: str
    task: str
    hints: tuple[str, ...]
    steps: tuple[tuple[str, str], ...]
    """Commands, and what each does; of a lesson."""
    begun: str = ""
    """ISO 8601, UTC."""
    hinted: int = 0
    """Hints that were given already."""
    shown: int = 0
    """Commands that were shown already."""
    passed: bool = False
    more: bool = False
    """Whether there is another lesson after it."""
    faults: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()
    level: int = 0
    seed: str = ""
    there: Seen = field(default_factory=dict)
    """What must not be harmed."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """Before the fault."""
    broken: Mapping[str, str] = field(default_factory=dict)
    """With it."""

    @property
    def true(self) -> tuple[Choice, ...]:
        """The causes that are true."""
        return tuple(each for each in self.choices if each.fault in self.faults)

    @property
    def checks(self) -> tuple[int, int]:
        """The first and the last stage that its check proves."""
        return (1, LAST) if self.exam == "drill" else (self.stage, self.stage)

    def dump(self) -> str:
        """Write it."""
        return json.dumps(asdict(self))

    @classmethod
    def load(cls, text: str) -> Briefing:
        """Read what `dump` wrote."""
        data: dict[str, Any] = json.loads(text)
        for key in ("hints", "faults"):
            data[key] = tuple(data[key])
        data["steps"] = _pairs(data["steps"])
        data["choices"] = tuple(Choice(**{**each, "mend": _pairs(each["mend"])}) for each in data["choices"])
        return cls(**data)


def of_lesson(course: Course, lesson: Lesson, trainee: str, language: str) -> Briefing:
    """Make a lesson's."""
    text = course.texts[lesson.folder, language]
    return Briefing(
        trainee=trainee,
        course=course.name,
        language=language,
        name=lesson.folder,
        number=course.number(lesson),
        stage=lesson.stage,
        exam=lesson.exam,
        title=text.title,
        text=text.text,
        task=text.task,
        hints=text.hints,
        steps=tuple((each.run, each.does[language]) for each in lesson.steps),
        more=course.number(lesson) < len(course.lessons),
    )


def of_drill(course: Course, chosen: Chosen, trainee: str, language: str) -> Briefing:
    """Make a drill's; its title and texts are the program's own, and put in by who shows it."""
    from wizard.training.drill import choices  # noqa: PLC0415 (who is told one has no use for courses)

    return Briefing(
        trainee=trainee,
        course=course.name,
        language=language,
        name="drill",
        number=0,
        stage=1,
        exam="drill",
        title="",
        text="\n\n".join(f"> {each.symptom[language]}" for each in chosen.drills),
        task="",
        hints=(),
        steps=(),
        faults=tuple(each.fault for each in chosen.drills),
        choices=tuple(_choice(each, language) for each in choices(course, chosen)),
        level=chosen.level,
        seed=chosen.seed,
    )


def _choice(drill: Drill, language: str) -> Choice:
    return Choice(
        drill.fault,
        drill.cause[language],
        drill.symptom[language],
        drill.showed[language],
        tuple((each.run, each.does[language]) for each in drill.mend),
    )


def _pairs(rows: Sequence[Sequence[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((str(run), str(does)) for run, does in rows)
