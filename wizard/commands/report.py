"""``report``: what a run has proven, on paper."""

from __future__ import annotations

from wizard import report as reports
from wizard.commands.call import Call, require_root
from wizard.errors import AnswerError, ExitCode, Problem


def report(call: Call) -> int:
    """Show the report of a run, made anew: its verdict is about the server as it is now.

    Raises:
        AnswerError: there is no such run, or two forms were asked for.
    """
    if call.options.html and call.options.json:
        raise AnswerError((Problem("--html", "given with --json", "one of the two"),))
    require_root()
    runs = [path for path in call.state.runs.glob("*") if path.is_dir()]
    named = call.options.id
    directory = next((path for path in runs if path.name == named), None) if named else reports.newest(call.state.runs)
    if directory is None:
        may_be = f"one of the {len(runs)} runs in {call.state.runs}; the default is the newest that has ended"
        raise AnswerError((Problem("RUN", repr(named) if named else "not given", may_be),))
    made = reports.of(directory, call.site, call.state)
    if call.options.json:
        call.show.json(made.data())
    else:
        call.show.line((reports.html(made) if call.options.html else reports.markdown(made)).rstrip("\n"))
    return int(ExitCode.VERIFIED)
