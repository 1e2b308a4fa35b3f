"""``watch``: the training sessions of this machine, looked at and never touched."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from rich.cells import cell_len, set_cell_size
from rich.live import Live
from rich.table import Table

from wizard import controls, events, i18n, program, wait
from wizard.commands.call import Call
from wizard.commands.wizard import full_screen
from wizard.errors import ExitCode
from wizard.events import Event
from wizard.i18n import _
from wizard.lab import terminal
from wizard.printable import printable
from wizard.state import State
from wizard.training import roster
from wizard.training.roster import Row
from wizard.training.tutor import clock


def watch(call: Call) -> int | None:
    """Show the sessions, or follow one of them; None where no session is meant."""
    i18n.use(i18n.wanted(None))
    found = roster.sessions(call.state.training)
    named = call.options.id
    one = next((row for row in found if row.trainee == named), None)
    if one is not None:
        return _follow(call, one)
    if named is not None or not found:
        return None
    if call.options.json:
        call.show.json({"schema": 1, "sessions": [row.data() for row in found]})
    elif call.options.plain or not full_screen(call):
        for line in _lines(found):
            call.show.line(line)
    else:
        _glance(call)
    return int(ExitCode.VERIFIED)


def _heads() -> tuple[str, ...]:
    return (_("trainee"), _("course"), _("lesson"), _("since"), _("last check"), _("passed"))


def _since(at: str) -> str:
    return clock((datetime.now(UTC) - datetime.fromisoformat(at)).total_seconds()) if at else ""


def _last(row: Row) -> str:
    if not row.last_check:
        return ""
    word = _("passed") if row.last_check == "passed" else _("not yet")
    return _("{word}, {clock} ago").format(word=word, clock=_since(row.checked))


def _cells(row: Row) -> tuple[str, ...]:
    cells = (row.trainee, row.course, row.name or _("starting"), _since(row.since), _last(row), str(row.passed))
    return tuple(map(printable, cells))


def _lines(found: tuple[Row, ...]) -> Iterator[str]:
    rows = [_heads(), *map(_cells, found)]
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    for row in rows:  # by columns on the terminal: a Chinese letter takes two
        yield "  ".join(set_cell_size(text, width) for text, width in zip(row, widths, strict=True)).rstrip()


def _glance(call: Call) -> None:
    """Show all sessions, anew where something changes, until the keyboard ends it or nobody trains any more."""
    place = call.state.training
    with Live(console=call.show.out, screen=False, auto_refresh=False) as live:
        for _waking in wait.wakings((place,)):
            found = roster.sessions(place)
            table = Table(*_heads(), title=_("mailman-wizard watch NAME follows one; Ctrl+C ends"))
            for row in found:
                table.add_row(*_cells(row))
            live.update(table, refresh=True)
            wait.pause(1.0)
            if not found:
                return


def _follow(call: Call, row: Row) -> int:
    """Follow one session: on its own screens, read-only, where it has a run; else line by line."""
    if row.lab is not None and _has_run(row.lab) and full_screen(call):
        code = terminal.attach(row.lab, [program.own(), "watch"])
        if code == ExitCode.VERIFIED:
            return code
    read = events.Reader(row.home)
    for _waking in wait.wakings((row.home,)):
        on = controls.lives(row.home)
        for event in read():
            _event(call, event)
        if not on:
            break
    return int(ExitCode.VERIFIED)


def _has_run(lab: int) -> bool:
    """Tell whether there is a run in a lab that its screens could show."""
    return any(Path(f"/proc/{lab}/root", str(State().runs).lstrip("/")).glob("*"))


def _event(call: Call, event: Event) -> None:
    if call.options.json:
        call.show.json({"at": event.at, "kind": event.kind, **event.data})
        return
    data = " ".join(f"{key}={value}" for key, value in event.data.items() if value not in ("", [], None))
    call.show.line(f"{event.at[:19].replace('T', ' ')}  {event.kind:8} {data}")
