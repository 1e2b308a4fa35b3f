"""From plain answers, as TOML holds them, to a Site and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from wizard.errors import AnswerError, Problem
from wizard.site import fields
from wizard.site.model import Site
from wizard.site.problems import problems, show, unknown

Answers = dict[str, Any]
"""What site.toml holds, as `tomllib` reads it: tables as dicts, arrays as lists."""


@dataclass(frozen=True, slots=True)
class Given:
    """What an admin has answered, in a file and on the command line; the rest has its default."""

    answers: Answers
    """As site.toml holds them."""
    overrides: tuple[tuple[str, str], ...] = ()
    """Dotted keys and texts as typed, which win over the file."""

    def has(self, key: str) -> bool:
        """Tell whether an answer was given, by its dotted key."""
        value: Any = self.answers
        for part in key.split("."):
            if isinstance(value, list) and part.isdecimal() and int(part) < len(value):
                value = value[int(part)]
            elif isinstance(value, Mapping) and part in value:
                value = value[part]
            else:
                return any(name == key or name.startswith(f"{key}.") for name, _ in self.overrides)
        return True

    def site(self, others: Mapping[str, str] | None = None) -> Site:
        """Make the site.

        Args:
            others: what stands in for answers that were not given, by dotted key and as typed; defaults if None.

        Raises:
            AnswerError: a `Problem` for each answer that is wrong.
        """
        return build(self.answers, [*(others or {}).items(), *self.overrides])


def build(answers: Mapping[str, Any], overrides: Sequence[tuple[str, str]] = ()) -> Site:
    """Check answers; what is not given gets its default.

    Args:
        answers: as site.toml holds them.
        overrides: dotted keys and texts as typed, put in place of what the answers hold.

    Raises:
        AnswerError: a `Problem` for each that is wrong.
    """
    found, wrong = _override(dict(answers), overrides)
    try:
        site = Site.model_validate(found)
    except ValidationError as error:
        raise AnswerError((*wrong, *problems(error))) from None
    if wrong:
        raise AnswerError(wrong)
    return site


def _override(answers: Answers, overrides: Sequence[tuple[str, str]]) -> tuple[Answers, tuple[Problem, ...]]:
    """Put answers in place of others, unchecked, and tell which keys there are not."""
    wrong: list[Problem] = []
    for key, text in overrides:
        field = fields.find(key)
        if field is None or field.key != fields.general(key):
            wrong.append(unknown(tuple(key.split(".")), text))
            continue
        try:
            answers = _put(answers, key.split("."), field.read(text))
        except _NoSuchListError as error:
            wrong.append(Problem(key, show(text), str(error)))
    return answers, tuple(wrong)


def plain(site: Site) -> Answers:
    """Give all answers of a site as site.toml would hold them."""
    found: Answers = site.model_dump(mode="json", by_alias=True)
    return found


def given(site: Site) -> Answers:
    """Give the answers of a site less those that follow from its mail answers; `build` puts these back."""
    found = plain(site)
    postmaster = site.user_address("postmaster")
    for table, key in ((found["mailman"], "site_owner"), *((spec, "owner") for spec in found["lists"])):
        if table[key] == postmaster:
            del table[key]
    return found


def value_of(site: Site, key: str) -> str:
    """Return an answer as it would be typed."""
    value: object = site
    for part in key.split("."):
        value = value[int(part)] if isinstance(value, tuple) else getattr(value, part)
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def changed(site: Site, overrides: Mapping[str, str]) -> Site:
    """Give the site with some answers replaced.

    Args:
        site: stays as it is.
        overrides: dotted key to text as typed; a list's number may be one more than there are.

    Raises:
        AnswerError: the changed site would not be valid.
    """
    return build(given(site), list(overrides.items()))


def split(override_text: str) -> tuple[str, str]:
    """Divide a ``KEY=VALUE`` of the command line.

    Raises:
        AnswerError: there is no ``=``.
    """
    key, equals, text = override_text.partition("=")
    if not equals:
        may_be = "KEY=VALUE, such as mail.domain=local.edu"
        raise AnswerError((Problem("--set", show(override_text, secret=True), may_be),))
    return key, text


def check_field(key: str, text: str) -> Problem | None:
    """Check one answer as typed, on its own; whether it agrees with the others is for `changed` to say.

    Args:
        key: dotted key, such as ``mail.domain`` or ``lists.0.name``.
        text: what was typed.

    Returns:
        What is wrong with it, or None.
    """
    # The number of a list has no part in what its answers may be.
    general = fields.general(key)
    found, wrong = _override(given(Site()), [(general, text)])
    try:
        Site.model_validate(found)
    except ValidationError as error:
        wrong += problems(error, together=False)
    about = next((problem for problem in wrong if _is_about(problem, general)), None)
    return about and Problem(key, about.value, about.may_be)


def _is_about(problem: Problem, key: str) -> bool:
    return problem.key == key or problem.key.startswith(f"{key}.")


class _NoSuchListError(Exception):
    """A list's number leaves a gap."""


def _put(answers: Answers, path: list[str], value: Any) -> Answers:
    """Copy the answers with one value put in; a section that is no table is left for `build` to report."""
    if path[0] == "lists":
        entries = answers.get("lists", given(Site())["lists"][:1])
        return {**answers, "lists": _put_in_list(entries, int(path[1][:9]), path[2], value)}
    if len(path) == 1:
        return {**answers, path[0]: value}
    section = answers.get(path[0], {})
    return {**answers, path[0]: {**section, path[1]: value} if isinstance(section, dict) else section}


def _put_in_list(entries: Any, index: int, key: str, value: Any) -> Any:
    if not isinstance(entries, list):
        return entries
    if index > len(entries):
        raise _NoSuchListError(f"a list's number from 0 to {len(entries)}")
    padded = [*entries, {}] if index == len(entries) else [*entries]
    if isinstance(padded[index], dict):
        padded[index] = {**padded[index], key: value}
    return padded
