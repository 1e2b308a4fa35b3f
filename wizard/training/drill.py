"""Choosing what is broken in a drill."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from wizard.errors import AnswerError, Problem
from wizard.training.course import TOGETHER, Course, Drill

CHOICES = 5
"""Causes among which the right one is to be named."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A drill as it is given."""

    drills: tuple[Drill, ...]
    """One, or two at the highest level; the one whose stage comes first is the first."""
    level: int
    seed: str
    """With the same course and the same wishes it chooses the same again."""


def choose(
    course: Course, *, level: int | None = None, stage: int | None = None, fault: str = "", seed: str = ""
) -> Chosen:
    """Choose a drill; whatever is not asked for is a surprise.

    Args:
        course: what there is.
        level: 1 to `TOGETHER`.
        stage: the first stage that must fail.
        fault: one by name.
        seed: makes the same choice each time; a new one if it is empty.

    Raises:
        AnswerError: the course has no such drill.
    """
    seed = seed or f"{random.SystemRandom().randrange(10**6):06}"
    chance = random.Random(seed)  # noqa: S311 (a choice that can be repeated)
    several = level == TOGETHER
    found = [
        each
        for each in course.drills
        if (several or level in {None, each.level})
        and stage in {None, each.known.stage}
        and fault in {"", each.fault}
        and (not several or any(goes_with(each, other) for other in course.drills))
    ]
    if not found:
        wishes = {"--level": level, "--stage": stage, "--fault": fault or None}
        given = ", ".join(f"{key} {value}" for key, value in wishes.items() if value is not None)
        there = ", ".join(f"{each.fault} (level {each.level}, stage {each.known.stage})" for each in course.drills)
        raise AnswerError((Problem("--drill", given or "nothing", f"one of {there or 'none: this course has none'}"),))
    first = chance.choice(found)
    if not several:
        return Chosen((first,), level or first.level, seed)
    others = [each for each in course.drills if goes_with(first, each)]
    pair = sorted((first, chance.choice(others)), key=lambda each: each.known.stage)
    return Chosen(tuple(pair), TOGETHER, seed)


def goes_with(one: Drill, other: Drill) -> bool:
    """Tell whether two faults can be there together, so that neither hides in the other's mending."""
    return one.known.stage != other.known.stage and not {"stopped", "lock"} & {
        word for each in (one, other) for word in each.fault.split("-")
    }


def choices(course: Course, chosen: Chosen) -> Sequence[Drill]:
    """Give some causes, the true ones among them, in an order that tells nothing."""
    chance = random.Random(chosen.seed)  # noqa: S311 (the same each time)
    others = [each for each in course.drills if each not in chosen.drills]
    picked = [*chosen.drills, *chance.sample(others, min(CHOICES - len(chosen.drills), len(others)))]
    return chance.sample(picked, len(picked))
