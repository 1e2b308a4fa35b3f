"""A run: one execution of the engine in a session of its own, which a lost terminal does not end.

``python -m wizard.run DIRECTORY`` is the run itself; everybody else has `wizard.controls`.
"""

from __future__ import annotations

import json
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from wizard import atomic, version, wait
from wizard import report as reports
from wizard.controls import CRASH, REQUEST, Request
from wizard.engine import Engine
from wizard.errors import ChangeError, ExitCode, WizardError
from wizard.events import Event, EventLog
from wizard.host import Host
from wizard.localhost import LocalHost
from wizard.plan import Plan
from wizard.printable import printable
from wizard.redact import Redactor
from wizard.site import loads
from wizard.stages import STAGES
from wizard.stages.model import Stage
from wizard.state import State

APPROVAL_LIMIT = 3600.0
"""Seconds that a plan waits for the admin's word; then nothing is changed and the run ends."""


def main(arguments: list[str], *, host: Host | None = None, stages: tuple[Stage, ...] = STAGES) -> int:
    """Be the run; on this machine and with the six stages, if nothing else is given."""
    directory = Path(arguments[0])
    heed_signals()
    redactor = Redactor()
    log = EventLog(directory, redactor)
    try:
        code = _run(directory, log, redactor, host or LocalHost(), stages)
    except Exception as error:  # noqa: BLE001 (a defect is reported as one, with everything a report needs)
        report = redactor.text(traceback.format_exc())
        content = f"mailman-wizard {version()}, Python {sys.version}\n{report}".encode()
        atomic.replace(directory / CRASH, content, mode=0o600, uid=0, gid=0)
        text = f"a defect of the wizard: {type(error).__name__}: {error}; see {directory / CRASH}"
        code = ExitCode.DEFECT
        log("run.finished", exit=int(code), verified=False, error=printable(text), stages=[])
    return int(code)


def heed_signals() -> None:
    """Let SIGTERM and SIGINT stop what is under way, so that it is put back; a terminal that goes stops nothing."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)


def _stop(_signal: int, _frame: FrameType | None) -> None:
    _stop_no_more()
    raise KeyboardInterrupt


def _stop_no_more() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _run(directory: Path, log: EventLog, redactor: Redactor, host: Host, stages: tuple[Stage, ...]) -> ExitCode:
    request = Request(**json.loads((directory / REQUEST).read_bytes()))
    site = loads(request.site)
    redactor.learn(*site.secrets())
    if site.secrets():  # the file stays for as long as the run's log does, and nobody reads it again
        content = json.dumps(redactor.data(asdict(request))).encode()
        atomic.replace(directory / REQUEST, content, mode=0o600, uid=0, gid=0)
    about = {"command": request.command, "first": request.first, "last": request.last}
    log("run.started", run=directory.name, **about, answers=reports.answers(site))
    state = State(directory.parent.parent)
    engine: Engine | None = None
    error, code = None, ExitCode.VERIFIED
    try:
        with state.locked(directory.name):
            engine = Engine(site, host, state, log, redactor, directory.name, stages, directory, request.unanswered)
            verified = _do(engine, request, _approver(directory, log, request))
        code = ExitCode.VERIFIED if verified else ExitCode.NOT_VERIFIED
    except KeyboardInterrupt:
        code, error = ExitCode.NOT_VERIFIED, "the run was told to stop"
    except WizardError as failed:
        code, error = failed.exit_code, _shown(failed)
    except OSError as failed:
        code, error = ExitCode.REFUSED, _shown(failed)
    if log.lost:
        sys.stderr.write(f"{len(log.lost)} events could not be written: {log.lost[-1]}; {error or 'no other error'}\n")
    results = engine.results if engine else ()
    whole = code is ExitCode.VERIFIED and [result.stage for result in results] == list(stages)
    saved = _report(engine) if engine and whole else None
    log(
        "run.finished",
        run=directory.name,
        command=request.command,
        exit=int(code),
        verified=whole,
        changed=engine.changed if engine else 0,
        error=error,
        report=str(saved) if saved else None,
        stages=[result.data() for result in results],
    )
    return code


def _report(engine: Engine) -> Path | None:
    """Save the report of a run that is about to tell that all stages passed: who reads that is to find the report.

    What is wrong with the report does not touch what was proven: it is told in a note, and None is returned.
    """
    _stop_no_more()  # nothing is left that could be stopped or put back
    at = datetime.now(UTC).isoformat(timespec="microseconds")
    last = Event(0, at, "run.finished", {"exit": int(ExitCode.VERIFIED), "verified": True})
    try:
        made = reports.of(
            engine.directory, engine.site, engine.state, host=engine.host, stages=engine.stages, ending=last
        )
        return reports.save(made, engine.directory)
    except Exception as failed:  # noqa: BLE001 (see above)
        engine.emit("note", text=f"the report could not be written: {type(failed).__name__}: {failed}")
        return None


def _shown(error: Exception) -> str:
    return "\n".join(printable(line) for line in str(error).split("\n"))


def _do(engine: Engine, request: Request, approve: Callable[[Plan], bool]) -> bool:
    if request.command == "apply":
        return engine.apply(request.first, request.last, approve)
    if request.command == "undo":
        return engine.undo(request.checkpoint, request.overwrite, approve, packages=request.packages)
    return engine.check(request.first, request.last)


def _approver(directory: Path, log: EventLog, request: Request) -> Callable[[Plan], bool]:
    count = 0

    def approve(plan: Plan) -> bool:
        nonlocal count
        if request.approved:
            return True
        count += 1
        path = directory / f"answer-{count}"
        log("plan.waiting", command=request.command, stage=plan.stage, question=count, text=plan.text())
        try:
            wait.until(lambda: True if path.exists() else None, limit=APPROVAL_LIMIT, paths=(directory,))
        except wait.LimitError:
            raise ChangeError("nobody answered whether the plan may be applied; nothing was changed") from None
        return path.read_bytes() == b"yes"

    return approve


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
