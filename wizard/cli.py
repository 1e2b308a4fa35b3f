"""The command line: arguments to calls, results to streams and exit codes."""

from __future__ import annotations

import argparse
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn

from wizard import __version__, explain, planning, preflight, run, status, trace
from wizard.arguments import hide
from wizard.errors import AnswerError, ExitCode, Problem, WizardError
from wizard.events import Emit, Event
from wizard.localhost import LocalHost
from wizard.present import Presenter, console, counted
from wizard.probes import accounts
from wizard.redact import Redactor
from wizard.run import Request
from wizard.site import DEFAULT_PATH, Site, load
from wizard.stages import STAGES
from wizard.state import State

LAST = len(STAGES)
MOST_DAYS = 3650


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the program."""

    options: argparse.Namespace
    show: Presenter
    state: State
    program: Sequence[str]
    """What a run is started with; see `wizard.run.start`."""

    @property
    def site(self) -> Site:
        """Load the answers; a secret among the arguments is hidden from ps(1) then.

        Raises:
            AnswerError: one of them is wrong.
        """
        named = self.options.answers
        site = load(Path(named or DEFAULT_PATH), self.options.set or (), required=named is not None)
        hide(site.secrets())
        return site


def main(
    arguments: Sequence[str] | None = None, *, state: State | None = None, program: Sequence[str] = run.PROGRAM
) -> int:
    """Run the program; returns its exit code."""
    options = _parser().parse_args(arguments)
    show = Presenter(
        out=console(stderr=False, color=options.color, plain=options.plain),
        err=console(stderr=True, color=options.color, plain=options.plain),
        quiet=options.json,
    )
    command: Callable[[Call], int] = options.run
    try:
        return command(Call(options, show, state or State(), program))
    except WizardError as error:
        show.failed(str(error))
        return int(error.exit_code)
    except KeyboardInterrupt:
        show.failed("stopped by the keyboard")
        return int(ExitCode.NOT_VERIFIED)
    except BrokenPipeError:
        return int(ExitCode.NOT_VERIFIED)
    except Exception as error:  # noqa: BLE001 (the last resort: a defect is reported as one, exit 70)
        show.failed(f"a defect of the wizard {__version__}: {type(error).__name__}: {error}")
        show.say(traceback.format_exc())
        return int(ExitCode.DEFECT)


def _plan(call: Call) -> int:
    preflight.require_root()
    site, redactor = call.site, Redactor()
    wanted = [stage for stage in STAGES if call.options.stage in {None, stage.number}]
    plans = [planning.make(stage, site, LocalHost(), redactor) for stage in wanted]
    if call.options.json:
        call.show.json({"schema": 1, "changes": redactor.data([row for plan in plans for row in plan.data()])})
        return int(ExitCode.VERIFIED)
    for stage, plan in zip(wanted, plans, strict=True):
        call.show.line(f"stage {stage.number} ({stage.name}): {counted(len(plan.changes))}", "bold")
        call.show.diff(redactor.text(plan.text()))
    return int(ExitCode.VERIFIED)


def _apply(call: Call) -> int:
    if not call.options.yes and not sys.stdin.isatty():
        raise AnswerError((Problem("--yes", "not given", "needed where nobody can be asked: no terminal here"),))
    first = call.options.stage or 1
    last = call.options.stage or call.options.through or LAST
    return _start(call, "apply", first, last)


def _check(call: Call) -> int:
    return _start(call, "check", call.options.stage or 1, call.options.stage or LAST)


def _start(call: Call, command: Any, first: int, last: int) -> int:
    preflight.require_root()
    site = call.site
    accounts.named(site)
    call.state.prepare()
    approved = command == "check" or call.options.yes
    request = Request(command, first, last, approved, run.site_text(site))
    return _follow(call, run.start(call.state, request, call.program))


def _follow(call: Call, directory: Path, *, ours: bool = True) -> int:
    """Read a run's events to its end, on which the run does not depend.

    If it is `ours`, we answer its questions and pass the keyboard's stop on; else nothing that is done here reaches it.
    """
    last: Event | None = None
    stopping = False
    while last is None or last.kind != "run.finished":
        before = last
        try:
            for event in run.follow(directory):
                if last is not None and event.number <= last.number:
                    continue
                last = event
                call.show.event(event)
                if event.kind == "plan.waiting" and ours:
                    _ask(call, directory, event)
        except KeyboardInterrupt:
            if stopping or not ours:
                raise
            stopping = True
            call.show.say("stopping the run; once more to leave it to itself")
            run.stop(directory)
            continue
        if last is before or not run.lives(directory):
            break
    return _finish(call, directory, last)


def _ask(call: Call, directory: Path, event: Event) -> None:
    call.show.diff(str(event.data["text"]))
    call.show.ask(f"Apply these changes for stage {event.data['stage']}? [y/N] ")
    approve = sys.stdin.readline().strip().lower() in {"y", "yes"}
    run.answer(directory, int(str(event.data["question"])), approve=approve)


def _finish(call: Call, directory: Path, last: Event | None) -> int:
    if last is None or last.kind != "run.finished":
        output = (directory / run.OUTPUT).read_text(errors="replace").strip()
        call.show.failed(f"the run ended without a word: {output or 'it was killed'}", run=directory.name)
        return int(ExitCode.DEFECT)
    data: dict[str, Any] = dict(last.data)
    if data["error"]:
        call.show.say(f"mailman-wizard: {data['error']}")
    if call.options.json:
        verified, stages = data["verified"], data["stages"]
        result = {"schema": 1, "run": directory.name, "verified": verified, "stages": stages}
        call.show.json({**result, "changed": data.get("changed", 0), "error": data["error"]})
    else:
        changed = data.get("changed", 0)
        call.show.line(f"{changed} change(s) made" if changed else "nothing was changed")
        call.show.line(*_verdict(data))
    return int(data["exit"])


def _verdict(data: Mapping[str, Any]) -> tuple[str, str]:
    """Say how a run ended, and in which style: all six stages in one run are verified, anything less is not all."""
    if data["verified"]:
        return "verified: true", "bold green"
    if data["exit"] != ExitCode.VERIFIED:
        return "verified: false", "bold red"
    passed = ", ".join(str(stage["stage"]) for stage in data["stages"])
    return f"passed: stage {passed}; verified is said of all {LAST} in one run", "green"


def _status(call: Call) -> int:
    preflight.require_root()
    site = call.site
    found = status.status(site, LocalHost(), call.state)
    if call.options.json:
        call.show.json(found)
        return int(ExitCode.VERIFIED)
    rows: Any = found["stages"]
    for row in rows:
        when = f" ({row['at']})" if row["at"] else ""
        why = f": {row['why']}" if row["why"] else ""
        call.show.line(f"{row['stage']} {row['name']:13} {row['state']}{when}{why}")
    return int(ExitCode.VERIFIED)


def _explain(call: Call) -> int:
    name = call.options.code
    if name is None:
        rows = explain.titles()
        if call.options.json:
            call.show.json({"schema": 1, "names": [{"name": each, "title": title} for each, title in rows]})
        for each, title in () if call.options.json else rows:
            call.show.line(f"{each:34} {title}")
        return int(ExitCode.VERIFIED)
    found = explain.explain(name, call.site)
    if call.options.json:
        call.show.json(found)
    else:
        call.show.line(explain.text(found).rstrip("\n"))
    return int(ExitCode.VERIFIED)


def _trace(call: Call) -> int:
    site, host = call.site, LocalHost()
    if call.options.send is None:
        wanted = trace.identity(call.options.message_id)
        preflight.require_root()
        since = host.now() - timedelta(days=call.options.since)
        return _traced(call, trace.Gatherer(host, site, wanted, since), wait_for=call.options.follow)
    preflight.require_root()
    begun = host.now() - trace.CLOCK
    with trace.sent(call.options.send, site, host, call.state, _notes(call)) as sent:
        call.show.say(f"sent {sent.message.message_id} to {sent.to}")
        if sent.refused is not None:
            return _show_trace(call, trace.not_taken(sent.message.message_id, sent.refused))
        probe = trace.Gatherer(host, site, sent.message.message_id, begun, probe=True, people=sent.people)
        return _traced(call, probe, wait_for=True)


def _traced(call: Call, gatherer: trace.Gatherer, *, wait_for: bool) -> int:
    """Trace once, or until nothing changes any more; show hops as they change if that is asked for."""
    if not wait_for:
        return _show_trace(call, trace.judge(gatherer.look()))
    shown: dict[str, trace.Hop] = {}
    found = None
    for found in trace.follow(gatherer, float(gatherer.site.check.limit)):
        for hop in found.hops if call.options.follow else ():
            if shown.get(hop.name) != hop and hop.state is not trace.State.NOT_REACHED:
                shown[hop.name] = hop
                _progress(call, trace.of_hop(hop))
    assert found is not None
    if call.options.follow and not call.options.json:
        _progress(call, trace.conclusion(found))
        return _trace_code(found)
    return _show_trace(call, found)


def _show_trace(call: Call, found: trace.Trace) -> int:
    if call.options.json:
        call.show.json(found.data())
    else:
        _progress(call, trace.lines(found))
    return _trace_code(found)


def _progress(call: Call, lines: Iterable[trace.Line]) -> None:
    for text, style in lines:
        if call.options.json:
            call.show.say(text)
        else:
            call.show.line(text, style)


def _trace_code(found: trace.Trace) -> int:
    return int(ExitCode.VERIFIED if found.stopped_at is None else ExitCode.NOT_VERIFIED)


def _notes(call: Call) -> Emit:
    def emit(kind: str, /, **data: object) -> None:
        if kind == "note":
            call.show.say(str(data["text"]))

    return emit


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


def _watch(call: Call) -> int:
    preflight.require_root()
    runs = [path for path in call.state.runs.glob("*") if path.is_dir()]
    wanted = run.foremost(path for path in runs if call.options.id in {None, path.name})
    if wanted is None:
        named = repr(call.options.id) if call.options.id else "not given"
        raise AnswerError((Problem("RUN", named, f"one of the {len(runs)} runs in {call.state.runs}"),))
    return _follow(call, wanted, ours=False)


def _lab(call: Call) -> int:
    from wizard import lab, packages  # noqa: PLC0415 (they bring pexpect; no other command needs to wait for it)

    progress = packages.in_percent(lambda percent, text: call.show.say(f"preparing the lab: {percent:3d} % {text}"))

    command = list(call.options.command)
    return lab.run(command[1:] if command[:1] == ["--"] else command, bare=call.options.bare, progress=progress)


class _Parser(argparse.ArgumentParser):
    """argparse's, whose errors are JSON on standard output as well where that was asked for."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong with the arguments, and end with 2."""
        if "--json" in sys.argv[1:]:
            out, err = (console(stderr=stderr, color="never", plain=True) for stderr in (False, True))
            Presenter(out, err, quiet=True).failed(message)
            sys.exit(int(ExitCode.USAGE))
        super().error(message)


def _parser() -> argparse.ArgumentParser:
    shared = _Parser(add_help=False)
    add = shared.add_argument
    add("--answers", metavar="FILE", help=f"the answers (default: {DEFAULT_PATH}, if it is there)")
    add("--set", metavar="KEY=VALUE", action="append", help="one answer, over the file's; may be repeated")
    add("--json", action="store_true", help="print one JSON object on standard output")
    add("--plain", action="store_true", help="plain lines, without colour")
    add("--color", choices=("auto", "always", "never"), default="auto", help="colour (default: auto)")
    parser = _Parser(
        prog="mailman-wizard",
        description="Set up Postfix and GNU Mailman 3, and prove each of six stages with real mail.",
        epilog="Exit codes: 0 verified or done, 1 a check did not pass, 2 a bad answer, 3 refused before anything "
        "was touched, 4 a change failed and was put back, 70 a defect of the wizard.",
    )
    parser.add_argument("--version", action="version", version=f"mailman-wizard {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(name: str, call: Callable[[Call], int], words: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, parents=[shared], help=words, description=words)
        made.set_defaults(run=call)
        return made

    _arguments(command)
    return parser


def _arguments(command: Callable[[str, Callable[[Call], int], str], argparse.ArgumentParser]) -> None:
    numbers = range(1, LAST + 1)
    made = command("plan", _plan, "Show what would change, as a diff; changes nothing.")
    made.add_argument("--stage", type=int, choices=numbers, help="one stage only")
    made = command("apply", _apply, "Plan, apply and check; stops at the first stage that is not verified.")
    which = made.add_mutually_exclusive_group()
    which.add_argument("--stage", type=int, choices=numbers, help="one stage; those before it must pass")
    which.add_argument("--through", type=int, choices=numbers, help="all stages up to this one")
    made.add_argument("--yes", action="store_true", help="apply every plan without asking")
    made = command("check", _check, "Run the live checks alone; changes no configuration.")
    made.add_argument("--stage", type=int, choices=numbers, help="one stage only")
    command("status", _status, "Show the six stages: verified, stale, failed, open, shut.")
    made = command("trace", _trace, "Follow one message through the six hops, from its entry to every mailbox.")
    one = made.add_mutually_exclusive_group(required=True)
    one.add_argument("message_id", nargs="?", metavar="MESSAGE-ID", help="as in the mail's header")
    one.add_argument("--send", metavar="ADDRESS", help="send a message for a list, or to a user named for checks")
    made.add_argument("--follow", action="store_true", help="show each hop as it changes, until none does any more")
    made.add_argument("--since", type=_days, default=5.0, metavar="DAYS", help="how far back to look (default: 5)")
    made = command("explain", _explain, "Explain a check or a diagnosis; without a name, list them.")
    made.add_argument("code", nargs="?", metavar="CODE", help="for instance postfix.relay or MW104")
    made = command("watch", _watch, "Follow a run, read-only, as it happens or afterwards.")
    made.add_argument("id", nargs="?", metavar="RUN", help="a run's name (default: the newest)")
    made = command("lab", _lab, "Run a command in a private copy of this machine.")
    made.add_argument("--bare", action="store_true", help="without packages added, and with the machine's network")
    made.add_argument("command", nargs=argparse.REMAINDER, metavar="-- COMMAND …", help="default: a shell")


if __name__ == "__main__":
    sys.exit(main())
