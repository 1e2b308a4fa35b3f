"""``trace``: one message's way through the six hops."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from wizard import trace as traces
from wizard.commands.call import Call, require_root
from wizard.errors import ExitCode
from wizard.events import Emit
from wizard.localhost import LocalHost


def trace(call: Call) -> int:
    """Trace a message of the last days, or one that is sent now."""
    site, host = call.site, LocalHost()
    if call.options.send is None:
        wanted = traces.identity(call.options.message_id)
        require_root()
        since = host.now() - timedelta(days=call.options.since)
        return _traced(call, traces.Gatherer(host, site, wanted, since), wait_for=call.options.follow)
    require_root()
    begun = host.now() - traces.CLOCK
    with traces.sent(call.options.send, site, host, call.state, _notes(call)) as sent:
        call.show.say(f"sent {sent.message.message_id} to {sent.to}")
        if sent.refused is not None:
            return _show_trace(call, traces.not_taken(sent.message.message_id, sent.refused))
        probe = traces.Gatherer(host, site, sent.message.message_id, begun, probe=True, people=sent.people)
        return _traced(call, probe, wait_for=True)


def _traced(call: Call, gatherer: traces.Gatherer, *, wait_for: bool) -> int:
    """Trace once, or until nothing changes any more; show hops as they change if that is asked for."""
    if not wait_for:
        return _show_trace(call, traces.judge(gatherer.look()))
    shown: dict[str, traces.Hop] = {}
    found = None
    for found in traces.follow(gatherer, float(gatherer.site.check.limit)):
        for hop in found.hops if call.options.follow else ():
            if shown.get(hop.name) != hop and hop.state is not traces.State.NOT_REACHED:
                shown[hop.name] = hop
                _progress(call, traces.of_hop(hop))
    assert found is not None
    if call.options.follow and not call.options.json:
        _progress(call, traces.conclusion(found))
        return _trace_code(found)
    return _show_trace(call, found)


def _show_trace(call: Call, found: traces.Trace) -> int:
    if call.options.json:
        call.show.json(found.data())
    else:
        _progress(call, traces.lines(found))
    return _trace_code(found)


def _progress(call: Call, lines: Iterable[traces.Line]) -> None:
    for text, style in lines:
        if call.options.json:
            call.show.say(text)
        else:
            call.show.line(text, style)


def _trace_code(found: traces.Trace) -> int:
    return int(ExitCode.VERIFIED if found.stopped_at is None else ExitCode.NOT_VERIFIED)


def _notes(call: Call) -> Emit:
    def emit(kind: str, /, **data: object) -> None:
        if kind == "note":
            call.show.say(str(data["text"]))

    return emit
