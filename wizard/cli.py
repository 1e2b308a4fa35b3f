"""The command line: arguments to calls, results to streams and exit codes."""

from __future__ import annotations

import argparse
import sys
import traceback
from collections.abc import Callable, Sequence
from pkgutil import resolve_name
from typing import NoReturn

from wizard import controls, garbage, version
from wizard.commands.call import Call
from wizard.errors import ExitCode, WizardError
from wizard.outline import LAST
from wizard.present import Presenter, console
from wizard.state import ANSWERS, State

MOST_DAYS = 3650


def main(
    arguments: Sequence[str] | None = None, *, state: State | None = None, program: Sequence[str] = controls.PROGRAM
) -> int:
    """Run the program; returns its exit code."""
    options = _parser().parse_args(arguments)
    show = Presenter(
        out=console(stderr=False, color=options.color, plain=options.plain),
        err=console(stderr=True, color=options.color, plain=options.plain),
        quiet=options.json,
    )
    try:
        # A command is loaded when it is called: the others have nothing to do with it.
        command: Callable[[Call], int] = resolve_name(f"wizard.commands.{options.run}")
        garbage.resume()
        return command(Call(options, show, state or State(), program))
    except WizardError as error:
        show.failed(str(error))
        return int(error.exit_code)
    except KeyboardInterrupt:
        show.failed("stopped by the keyboard")
        return int(ExitCode.STOPPED)
    except BrokenPipeError:
        return int(ExitCode.NOT_VERIFIED)
    except Exception as error:  # noqa: BLE001 (the last resort: a defect is reported as one, exit 70)
        show.failed(f"a defect of the wizard {version()}: {type(error).__name__}: {error}")
        show.say(traceback.format_exc())
        return int(ExitCode.DEFECT)


def _days(text: str) -> float:
    """Read --since.

    Raises:
        ArgumentTypeError: it is not a number of days.
    """
    try:
        days = float(text)
    except ValueError:
        days = 0.0
    if not 0 < days <= MOST_DAYS:
        raise argparse.ArgumentTypeError(f"{text!r}: days, more than 0 and at most {MOST_DAYS}")
    return days


class _Version(argparse.Action):
    """argparse's own wants the version before anybody has asked for it."""

    def __call__(self, *_: object) -> NoReturn:
        sys.stdout.write(f"mailman-wizard {version()}\n")
        sys.exit(int(ExitCode.VERIFIED))


class _Parser(argparse.ArgumentParser):
    """argparse's, whose errors are JSON on standard output as well where that was asked for."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong with the arguments, and end with 2."""
        if "--json" in sys.argv[1:]:
            out, err = (console(stderr=stderr, color="never", plain=True) for stderr in (False, True))
            Presenter(out, err, quiet=True).failed(message)
            sys.exit(int(ExitCode.USAGE))
        super().error(message)


def _shared(overrides: str) -> _Parser:
    """Make the options that may stand before a command and behind it.

    Args:
        overrides: where --set goes; a command's would else take the place of those before it.
    """
    # What is not given has no default here: a command's would else undo what stands before it.
    shared = _Parser(add_help=False, argument_default=argparse.SUPPRESS)
    add = shared.add_argument
    add("--answers", metavar="FILE", help=f"the answers (default: {ANSWERS}, if it is there)")
    words = "one answer, over the file's; may be repeated"
    add("--set", dest=overrides, metavar="KEY=VALUE", action="append", help=words)
    add("--json", action="store_true", default=argparse.SUPPRESS, help="print one JSON object on standard output")
    add("--plain", action="store_true", default=argparse.SUPPRESS, help="plain lines, without colour")
    add("--color", choices=("auto", "always", "never"), help="colour (default: auto)")
    return shared


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        parents=[_shared("set")],
        prog="mailman-wizard",
        description="Set up Postfix and GNU Mailman 3, and prove each of six stages with real mail.",
        epilog="Exit codes: 0 verified or done, 1 a check did not pass, 2 a bad answer, 3 refused before anything "
        "was touched, 4 a change failed and was put back, 70 a defect of the wizard, 130 stopped by the keyboard.",
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    parser.set_defaults(run="wizard:walk", answers=None, set=[], more=[], json=False, plain=False, color="auto")
    commands = parser.add_subparsers(metavar="COMMAND")

    def command(name: str, call: str, words: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, parents=[_shared("more")], help=words, description=words)
        made.set_defaults(run=call)
        return made

    _arguments(command)
    return parser


def _arguments(command: Callable[[str, str, str], argparse.ArgumentParser]) -> None:
    numbers = range(1, LAST + 1)
    made = command("stage", "wizard:stage", "Open one stage's screen alone, to look at a server and mend it.")
    made.add_argument("number", type=int, choices=numbers, metavar="N", help="its number, 1 to 6")
    made = command("plan", "configuration:plan", "Show what would change, as a diff; changes nothing.")
    made.add_argument("--stage", type=int, choices=numbers, help="one stage only")
    made = command("apply", "runs:apply", "Plan, apply and check; stops at the first stage that is not verified.")
    which = made.add_mutually_exclusive_group()
    which.add_argument("--stage", type=int, choices=numbers, help="one stage; those before it must pass")
    which.add_argument("--through", type=int, choices=numbers, help="all stages up to this one")
    made.add_argument("--yes", action="store_true", help="apply every plan without asking")
    made = command("check", "runs:check", "Run the live checks alone; changes no configuration.")
    made.add_argument("--stage", type=int, choices=numbers, help="one stage only")
    command("status", "configuration:status", "Show the six stages: verified, stale, failed, open, shut.")
    made = command("trace", "tracing:trace", "Follow one message through the six hops, from its entry to each mailbox.")
    one = made.add_mutually_exclusive_group(required=True)
    one.add_argument("message_id", nargs="?", metavar="MESSAGE-ID", help="as in the mail's header")
    one.add_argument("--send", metavar="ADDRESS", help="send a message for a list, or to a user named for checks")
    made.add_argument("--follow", action="store_true", help="show each hop as it changes, until none does any more")
    made.add_argument("--since", type=_days, default=5.0, metavar="DAYS", help="how far back to look (default: 5)")
    command("history", "undo:history", "List what was changed, and what 'undo' can go back to.")
    made = command("undo", "undo:undo", "Go back to before a checkpoint, with the diff shown first.")
    made.add_argument(
        "checkpoint", nargs="?", default="", metavar="CHECKPOINT", help="its number (default: the newest)"
    )
    made.add_argument("--yes", action="store_true", help="do it without asking")
    made.add_argument(
        "--overwrite",
        action="append",
        default=[],
        metavar="FILE",
        help="go back in this file also if somebody else has changed it since",
    )
    made.add_argument("--packages", action="store_true", help="remove the packages that were installed since, too")
    made = command("explain", "words:explain", "Explain a check or a diagnosis; without a name, list them.")
    made.add_argument("code", nargs="?", metavar="CODE", help="for instance postfix.relay or MW104")
    words = "Follow a run or a training session, read-only; without a name, list the sessions."
    made = command("watch", "wizard:watch", words)
    made.add_argument("id", nargs="?", metavar="NAME", help="a run's name, or a trainee's (default: the newest run)")
    made = command("report", "report:report", "Show what a run has proven, when and with what evidence, as Markdown.")
    made.add_argument("id", nargs="?", metavar="RUN", help="a run's name (default: the newest that has ended)")
    made.add_argument("--html", action="store_true", help="as one HTML page")
    _training(command)
    made = command("lab", "labs:lab", "Run a command in a private copy of this machine.")
    made.add_argument("--bare", action="store_true", help="without packages added, and with the machine's network")
    made.add_argument("command", nargs=argparse.REMAINDER, metavar="-- COMMAND …", help="default: a shell")


def _training(command: Callable[[str, str, str], argparse.ArgumentParser]) -> None:
    words = "Learn it in a lab of your own: lessons, then drills on a server that is broken."
    made = command("train", "train:train", words)
    made.add_argument("lesson", nargs="?", metavar="LESSON", help="its number or name (default: where you left)")
    add = made.add_argument
    add("--drill", action="store_true", help="a working server with a fault, to be found and mended")
    add("--level", type=int, choices=range(1, 5), help="how hard the drill is; 4: two faults at once")
    add("--stage", type=int, choices=range(1, LAST + 1), help="a drill whose fault is in this stage")
    add("--fault", metavar="NAME", help="a drill with this fault (docs/faults.md)")
    add("--seed", metavar="TEXT", help="the same drill again")
    add("--course", metavar="FOLDER", help="another course than the built-in one")
    add("--validate", metavar="FOLDER", help="say what is wrong with a course, by file and line; starts nothing")
    add("--lang", metavar="LANGUAGE", help="for instance en or zh (default: the locale's)")
    add("--trainee", metavar="NAME", help="whose progress it is (default: who calls)")
    add("--reset", action="store_true", help="begin the lesson from its start")
    add("--summary", action="store_true", help="show what was done so far, as Markdown or with --json")
    add("--speak", choices=("smtp", "lmtp"), help="speak with Postfix or Mailman by hand, every line explained")
    add("--inside", type=int, nargs=2, metavar="FD", help=argparse.SUPPRESS)


if __name__ == "__main__":
    sys.exit(main())
