"""A course: a folder of TOML and Markdown that a trainer writes.

``course.toml`` says what there is, and each lesson has a folder with a text in every language (``en.md``). Nothing in a
course is run: its commands are shown, and what breaks a server comes from `wizard.faults` by name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from wizard.faults import FAULTS, Fault
from wizard.stages import STAGES
from wizard.training import LANGUAGE, NAME

FILE = "course.toml"
PARTS = ("text", "task", "first hint", "second hint", "third hint")
"""What a lesson's text is made of, in this order, with a line of ``---`` between."""
RULE = "---"
TOGETHER = 4
"""The level of two faults at once; those below are the levels of one."""
KNOWN: Mapping[str, Fault] = {fault.name: fault for fault in FAULTS}

Name = Annotated[str, Field(pattern=f"^{NAME}$")]
Words = Mapping[Annotated[str, Field(pattern=f"^{LANGUAGE}$")], Annotated[str, Field(min_length=1)]]
"""The same in each language."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Step(_Part):
    """One command, and what it does."""

    run: str = Field(min_length=1)
    does: Words


class Lesson(_Part):
    """One lesson."""

    folder: Name
    """Its name, and where its texts are."""
    stage: int = Field(ge=1, le=len(STAGES))
    """The stage whose checks are its examiner."""
    exam: Literal["stage", "by-hand"] = "stage"
    """by-hand: also a message by SMTP and one by LMTP, spoken by hand, must have arrived."""
    begin: str = ""
    """A fault that the server has at the lesson's start; without one, the stage is what is not set up yet."""
    steps: tuple[Step, ...] = Field(min_length=1)
    """What the wizard would do, as commands."""

    @property
    def fault(self) -> Fault | None:
        """What its server has at its start."""
        return KNOWN.get(self.begin)

    @property
    def base(self) -> int:
        """How many stages are set up at its start."""
        return SERVER if self.begin or self.exam == "by-hand" else self.stage - 1


class Drill(_Part):
    """One fault, and what a drill says of it."""

    fault: str
    level: int = Field(ge=1, lt=TOGETHER)
    restart: bool = False
    """Whether a restart of both services mends it."""
    symptom: Words
    """What a user reports."""
    showed: Words
    """How it showed, and the shortest way to find it."""
    cause: Words
    """What it was."""
    mend: tuple[Step, ...] = Field(min_length=1)
    """The shortest way to mend it; each a script of bash."""

    @property
    def known(self) -> Fault:
        """The fault itself."""
        return KNOWN[self.fault]


class Outline(_Part):
    """What course.toml says."""

    schema_: Literal[1] = Field(alias="schema")
    name: Name
    languages: tuple[Annotated[str, Field(pattern=f"^{LANGUAGE}$")], ...] = Field(min_length=1)
    title: Words
    lessons: tuple[Lesson, ...] = Field(min_length=1)
    drills: tuple[Drill, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _tuples(cls, data: object) -> object:
        """TOML has lists, and strict models do not take them for tuples."""
        return _as_tuples(data)


def _as_tuples(data: object) -> object:
    if isinstance(data, list):
        return tuple(map(_as_tuples, data))
    if isinstance(data, dict):
        return {key: _as_tuples(value) for key, value in data.items()}
    return data


SERVER = 4
"""The stages that make a working server; the last two only prove more of it."""


@dataclass(frozen=True, slots=True)
class Text:
    """A lesson's text in one language, as Markdown."""

    title: str
    text: str
    task: str
    hints: tuple[str, ...]
    """From a question to the answer."""


@dataclass(frozen=True, slots=True)
class Course:
    """A whole course."""

    outline: Outline
    texts: Mapping[tuple[str, str], Text]
    """By folder and language."""

    @property
    def name(self) -> str:
        """Its own, for the progress that is kept."""
        return self.outline.name

    @property
    def lessons(self) -> tuple[Lesson, ...]:
        """In their order."""
        return self.outline.lessons

    @property
    def drills(self) -> tuple[Drill, ...]:
        """In no order."""
        return self.outline.drills

    def language(self, wanted: str) -> str:
        """Choose the language that comes nearest to what is wanted: it itself, or the first one."""
        return wanted if wanted in self.outline.languages else self.outline.languages[0]

    def lesson(self, named: str) -> Lesson | None:
        """Find a lesson by its number or its folder."""
        if re.fullmatch(r"[1-9][0-9]?", named):
            return self.lessons[int(named) - 1] if int(named) <= len(self.lessons) else None
        return next((each for each in self.lessons if each.folder == named), None)

    def number(self, lesson: Lesson) -> int:
        """Tell which one it is, from 1."""
        return self.lessons.index(lesson) + 1
