"""How the program ends, and the errors that carry it there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes of the command line; scripts depend on them."""

    VERIFIED = 0
    """All that was asked is verified, or done."""
    NOT_VERIFIED = 1
    """A live check did not pass."""
    USAGE = 2
    """Bad usage or a bad answer."""
    REFUSED = 3
    """Refused before anything was touched."""
    PUT_BACK = 4
    """A change failed and everything was put back."""
    DEFECT = 70
    """A defect of the wizard itself (EX_SOFTWARE of sysexits.h)."""
    STOPPED = 130
    """Stopped by the keyboard, as shells say it: 128 and the signal's number."""


class WizardError(Exception):
    """Something the admin can understand and act on; never a traceback.

    Where nothing says otherwise, it was met before anything was touched.
    """

    exit_code = ExitCode.REFUSED


class RefusedError(WizardError):
    """Nothing was touched, and the message says what to do first."""

    exit_code = ExitCode.REFUSED


class ChangeError(WizardError):
    """A change could not be made; what had been changed was put back."""

    exit_code = ExitCode.PUT_BACK


@dataclass(frozen=True, slots=True)
class Problem:
    """One wrong answer."""

    key: str
    """Dotted key as in site.toml, for instance ``mail.domain`` or ``lists.0.name``."""
    value: str
    """What it was, printable and cut to a length that fits on a line."""
    may_be: str
    """What it may be, in words."""

    def __str__(self) -> str:
        """Say it in one line."""
        return f"{self.key} = {self.value}: {self.may_be}"


class AnswerError(WizardError):
    """One or more answers are wrong."""

    exit_code = ExitCode.USAGE

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class CommandError(WizardError):
    """A program that the wizard needs could not be run, or did not end well.

    The message names the program, its exit code and the last thing it said.
    """


class UnseenError(Exception):
    """The thing could not be seen, so nothing is known of it; a check that meets this is never a pass."""
