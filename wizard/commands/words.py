"""``explain``: a check or a diagnosis in full."""

from __future__ import annotations

from wizard import explain as explanations
from wizard.commands.call import Call
from wizard.errors import ExitCode


def explain(call: Call) -> int:
    """Explain one name, or list them all."""
    name = call.options.code
    if name is None:
        rows = explanations.titles()
        if call.options.json:
            call.show.json({"schema": 1, "names": [{"name": each, "title": title} for each, title in rows]})
        for each, title in () if call.options.json else rows:
            call.show.line(f"{each:34} {title}")
        return int(ExitCode.VERIFIED)
    found = explanations.explain(name, call.site)
    if call.options.json:
        call.show.json(found)
    else:
        call.show.line(explanations.text(found).rstrip("\n"))
    return int(ExitCode.VERIFIED)
