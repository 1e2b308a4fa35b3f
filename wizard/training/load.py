"""Reading a course, and saying of everything that is wrong with it in which file and line it is."""

from __future__ import annotations

import difflib
import os
import re
import stat
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from wizard.errors import ExitCode, WizardError
from wizard.printable import printable
from wizard.training import HINTS, LANGUAGE, NAME, toml
from wizard.training.course import FILE, KNOWN, PARTS, RULE, Course, Outline, Text

LARGEST = 1 << 18
"""Bytes of one file; more is none of a course."""
BUILT_IN = Path(__file__).parent.parent / "templates" / "courses" / "first-steps"
SHOWN = 60


@dataclass(frozen=True, slots=True, order=True)
class Wrong:
    """One thing that is wrong."""

    file: str
    """Relative to the course's folder."""
    line: int
    what: str

    def __str__(self) -> str:
        """Say it in one line, as compilers do."""
        return printable(f"{self.file}:{self.line}: {self.what}")


class CourseError(WizardError):
    """A course cannot be used; nothing was started."""

    exit_code = ExitCode.USAGE

    def __init__(self, wrong: Iterable[Wrong]) -> None:
        self.wrong = tuple(sorted(wrong))
        super().__init__("\n".join(map(str, self.wrong)))


def load(folder: Path) -> Course:
    """Read a course.

    Raises:
        CourseError: something in it is wrong; all that is, as far as it can be told.
    """
    text = _content(folder, FILE)
    data = _toml(text)
    where = toml.places(text)
    try:
        outline = Outline.model_validate(data)
    except ValidationError as error:
        wrong = [*_controls(data, where), *_of_model(error, where)]
        _texts(folder, _folders(data), _languages(data), wrong)
        raise CourseError(wrong) from None
    wrong = [*_controls(data, where), *_of_faults(outline, where), *_of_words(data, outline.languages, where)]
    wrong += _of_folders(outline, where)
    texts = _texts(folder, [each.folder for each in outline.lessons], outline.languages, wrong)
    if wrong:
        raise CourseError(wrong)
    return Course(outline, texts)


def _texts(
    folder: Path, lessons: Iterable[str], languages: Sequence[str], wrong: list[Wrong]
) -> dict[tuple[str, str], Text]:
    """Read the lessons' texts; what is wrong with them is added."""
    texts: dict[tuple[str, str], Text] = {}
    for lesson in dict.fromkeys(lessons):
        for language in languages:
            try:
                texts[lesson, language] = _text(folder, f"{lesson}/{language}.md")
            except CourseError as error:
                wrong += error.wrong
    return texts


def _folders(data: Mapping[str, Any]) -> Iterator[str]:
    """Give the lessons' folders of an outline that is wrong, as far as they are folders' names."""
    lessons = data.get("lessons")
    for each in lessons if isinstance(lessons, list) else ():
        name = each.get("folder") if isinstance(each, dict) else None
        if isinstance(name, str) and re.fullmatch(NAME, name):
            yield name


def _languages(data: Mapping[str, Any]) -> list[str]:
    """Give its languages, likewise."""
    found = data.get("languages")
    names = found if isinstance(found, list) else []
    return [each for each in names if isinstance(each, str) and re.fullmatch(LANGUAGE, each)]


def _content(folder: Path, name: str) -> str:
    """Read one file, which must be a plain one: a link in a course that came from elsewhere could lead anywhere."""
    try:
        fd = os.open(folder / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(fd, "rb") as file:
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                raise CourseError([Wrong(name, 1, "is not a plain file")])
            raw = file.read(LARGEST + 1)
    except OSError as error:
        missing = isinstance(error, FileNotFoundError | NotADirectoryError)
        what = "is missing" if missing else f"cannot be read: {error.strerror}"
        raise CourseError([Wrong(name, 1, what)]) from None
    if len(raw) > LARGEST:
        raise CourseError([Wrong(name, 1, f"is longer than {LARGEST} bytes")])
    try:
        text = raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise CourseError([Wrong(name, raw[: error.start].count(b"\n") + 1, "is not UTF-8")]) from None
    bad = [
        Wrong(name, number, f"has a control character, {ascii(char)[1:-1]}")
        for number, line in enumerate(text.split("\n"), start=1)
        for char in _unprintable(line)
    ]
    if bad:
        raise CourseError(bad)
    return text


def _unprintable(line: str) -> str:
    return next((char for char in line if not char.isprintable()), "")


def _toml(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise CourseError([Wrong(FILE, 1, "is nested too deeply")]) from None
    except ValueError as error:
        message, _, place = str(error).partition(" (at ")
        words = place.rstrip(")").replace(",", "").split()
        line = int(words[1]) if words[:1] == ["line"] else text.rstrip("\n").count("\n") + 1
        raise CourseError([Wrong(FILE, line, f"is not TOML: {message}")]) from None


def _controls(data: object, where: Mapping[toml.Path, int], path: toml.Path = ()) -> Iterator[Wrong]:
    """Find control characters that were written as escapes."""
    if isinstance(data, dict):
        for key, value in data.items():
            yield from _controls(value, where, (*path, key))
    elif isinstance(data, list):
        for number, value in enumerate(data):
            yield from _controls(value, where, (*path, number))
    elif isinstance(data, str):
        char = _unprintable(data.replace("\n", ""))
        if char:
            yield Wrong(FILE, toml.line(where, path), f"{_key(path)} has a control character, {ascii(char)[1:-1]}")


def _of_model(error: ValidationError, where: Mapping[toml.Path, int]) -> Iterator[Wrong]:
    for detail in error.errors(include_url=False):
        if detail["type"] == "too_short" and detail["input"]:
            continue  # there are some, and what is wrong with each of them is told by itself
        path = tuple(part for part in detail["loc"] if part != "[key]")
        line = toml.line(where, path)
        if detail["type"] == "extra_forbidden":
            what = f"{_key(path)} is no key of a course"
        elif detail["type"] == "missing":
            what = f"{_key(path)} is missing"
        else:
            what = f"{_key(path)}: {detail['msg']}; it is {_short(detail['input'])}"
        yield Wrong(FILE, line, what)


def _of_faults(outline: Outline, where: Mapping[toml.Path, int]) -> Iterator[Wrong]:
    named = [(("lessons", number, "begin"), each.begin) for number, each in enumerate(outline.lessons) if each.begin]
    named += [(("drills", number, "fault"), each.fault) for number, each in enumerate(outline.drills)]
    for path, name in named:
        fault = KNOWN.get(name)
        if fault is None:
            (near,) = difflib.get_close_matches(name, KNOWN, n=1, cutoff=0.0)
            what = f"{_short(name)} is no fault of the library; did you mean {near}?"
            yield Wrong(FILE, toml.line(where, path), what)
        elif fault.answers:
            yield Wrong(FILE, toml.line(where, path), f"{name} cannot be seen with the answers of a training server")


def _of_folders(outline: Outline, where: Mapping[toml.Path, int]) -> Iterator[Wrong]:
    for what, names in (
        ("folder", [each.folder for each in outline.lessons]),
        ("fault", [each.fault for each in outline.drills]),
    ):
        table = "lessons" if what == "folder" else "drills"
        for number, name in enumerate(names):
            if name in names[:number]:
                yield Wrong(FILE, toml.line(where, (table, number, what)), f"{name} is there twice")


def _of_words(
    data: object, languages: tuple[str, ...], where: Mapping[toml.Path, int], path: toml.Path = ()
) -> Iterator[Wrong]:
    """Find texts that lack a language, or have one that the course is not in."""
    if isinstance(data, list):
        for number, value in enumerate(data):
            yield from _of_words(value, languages, where, (*path, number))
        return
    if not isinstance(data, dict):
        return
    for key, value in data.items():
        if key not in {"title", "does", "symptom", "showed", "cause"}:
            yield from _of_words(value, languages, where, (*path, key))
        elif set(value) != set(languages):
            here = toml.line(where, (*path, key))
            yield Wrong(
                FILE, here, f"{_key((*path, key))} is in {', '.join(value)}, the course in {', '.join(languages)}"
            )


def _text(folder: Path, name: str) -> Text:
    lines = _content(folder, name).rstrip("\n").split("\n")
    rules = [number for number, line in enumerate(lines) if line.strip() == RULE]
    if len(rules) != len(PARTS) - 1:
        at = rules[len(PARTS) - 1] if len(rules) >= len(PARTS) else len(lines) - 1
        what = f"has {len(rules) + 1} parts, not {len(PARTS)} ({', '.join(PARTS)}) with a line of {RULE} between"
        raise CourseError([Wrong(name, at + 1, what)])
    begins = [0, *(number + 1 for number in rules)]
    parts = ["\n".join(lines[begin:end]).strip() for begin, end in zip(begins, [*rules, len(lines)], strict=True)]
    empty = [
        Wrong(name, begin + 1, f"the {what} is empty")
        for what, begin, part in zip(PARTS, begins, parts, strict=True)
        if not part
    ]
    title, _, text = parts[0].partition("\n")
    if not title.startswith("# "):
        empty.append(Wrong(name, 1, "does not begin with a title, '# …'"))
    if empty:
        raise CourseError(empty)
    return Text(title.removeprefix("# ").strip(), text.strip(), parts[1], tuple(parts[-HINTS:]))


def _key(path: toml.Path) -> str:
    return ".".join(map(str, path)) or FILE


def _short(value: object) -> str:
    text = "a table" if isinstance(value, dict) else ascii(value)
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"
