"""The answers as a form: each field as it is typed, beside the server's present value and the default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from wizard.errors import AnswerError, Problem
from wizard.printable import printable
from wizard.redact import Redactor
from wizard.site import FIELDS, Field, Site, changed, check_field, value_of

_STAGES: Mapping[str, tuple[int, ...]] = {"mail": (1, 3), "mailman": (2, 3), "lists": (3, 4), "check": (5, 6)}
"""In which stages the answers of a table are asked."""
LONGEST = 4096
"""Characters of one answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One field of the form."""

    field: Field
    key: str
    """Dotted; for the second list ``lists.1.name`` and so on."""
    text: str
    """As it stands in the form."""
    saved: str
    """As it stands in site.toml, or the default."""
    present: str = ""
    """What the server has now; empty where it has nothing, or cannot be asked."""
    problem: str = ""
    """What is wrong with the text, in words; empty if nothing is."""

    @property
    def secret(self) -> bool:
        """Whether it may hold a password, and is not to be remembered between sessions."""
        return self.key == "mailman.database"

    @property
    def shown(self) -> str:
        """What is saved, without a password."""
        return Redactor().text(self.saved)

    @property
    def stages(self) -> tuple[int, ...]:
        """The stages that ask it."""
        return _STAGES.get(self.key.partition(".")[0], ())


@dataclass(frozen=True, slots=True)
class Form:
    """All answers, as they are being typed."""

    site: Site
    """What is saved."""
    answers: tuple[Answer, ...]

    @classmethod
    def of(cls, site: Site, present: Mapping[str, str], drafts: Mapping[str, str]) -> Form:
        """Make the form of a site; drafts are texts that were typed and not saved."""
        form = cls(site, tuple(_answer(site, field, key, present) for field, key in _fields(site)))
        for key, text in drafts.items():
            form = form.typed(key, text)
        return form

    def typed(self, key: str, text: str) -> Form:
        """Return the form with one field's text replaced, and checked on its own and with the others.

        A key that the form does not have changes nothing.
        """
        clean = printable(text).strip()
        answers = tuple(
            replace(each, text=clean, problem=_alone(key, clean)) if each.key == key else each for each in self.answers
        )
        return replace(self, answers=_together(self.site, answers))

    def of_stage(self, number: int) -> tuple[Answer, ...]:
        """List the answers that a stage asks."""
        return tuple(each for each in self.answers if number in each.stages)

    def answer(self, key: str) -> Answer | None:
        """Return one answer by its key."""
        return next((each for each in self.answers if each.key == key), None)

    @property
    def changes(self) -> dict[str, str]:
        """What was typed and is not saved, by key."""
        return {each.key: each.text for each in self.answers if each.text != each.saved}

    @property
    def problems(self) -> tuple[Answer, ...]:
        """The answers that are wrong."""
        return tuple(each for each in self.answers if each.problem)

    @property
    def wrong(self) -> tuple[Problem, ...]:
        """Say what is wrong, as an `AnswerError` takes it."""
        return tuple(Problem(each.key, *each.problem.partition(": ")[::2]) for each in self.problems)

    def result(self) -> Site:
        """Return the site as the form has it.

        Raises:
            AnswerError: an answer is wrong.
        """
        return changed(self.site, self.changes)


def _fields(site: Site) -> list[tuple[Field, str]]:
    found = [(field, field.key) for field in FIELDS if "." in field.key]
    more = [
        (field, key.replace("lists.0.", f"lists.{number}."))
        for number in range(1, len(site.lists))
        for field, key in found
        if key.startswith("lists.0.")
    ]
    return [*found, *more]


def _answer(site: Site, field: Field, key: str, present: Mapping[str, str]) -> Answer:
    text = value_of(site, key)
    return Answer(field, key, text, text, present.get(key, ""))


@lru_cache(maxsize=256)  # the other fields are as they were with the letter before
def _alone(key: str, text: str) -> str:
    if len(text) > LONGEST:
        return f"{len(text)} characters: at most {LONGEST}"
    problem = check_field(key, text)
    return _words(problem) if problem else ""


def _together(site: Site, answers: tuple[Answer, ...]) -> tuple[Answer, ...]:
    """Say also where answers that are right on their own do not agree with each other."""
    alone = tuple(replace(each, problem=_alone(each.key, each.text)) for each in answers)
    if any(each.problem for each in alone):
        return alone
    try:
        changed(site, {each.key: each.text for each in alone if each.text != each.saved})
    except AnswerError as error:
        return tuple(replace(each, problem=_about(each.key, error.problems)) for each in alone)
    return alone


def _about(key: str, problems: tuple[Problem, ...]) -> str:
    return next((_words(each) for each in problems if each.key == key or each.key.startswith(f"{key}.")), "")


def _words(problem: Problem) -> str:
    return f"{problem.value}: {problem.may_be}"
