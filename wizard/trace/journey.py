"""How far a message came, for a check that waited for it in vain."""

from __future__ import annotations

from wizard.errors import UnseenError
from wizard.host import Host
from wizard.logs import Logs
from wizard.mailman import cfg
from wizard.site import Site
from wizard.trace import gather, legs
from wizard.trace.gather import Gatherer
from wizard.trace.judge import judge
from wizard.trace.material import Material
from wizard.trace.model import Hop, State, Trace

SHOWN = 8
"""Lines given as evidence after the first."""


def last_seen(host: Host, logs: Logs, message_id: str, site: Site) -> tuple[str, ...]:
    """Say which hop was the last one seen and why it was the last, with the log lines of both."""
    try:
        found = judge(_material(host, logs, message_id, site))
    except UnseenError as unseen:
        return (f"last hop seen: unknown ({unseen})",)
    return told(found)


def told(found: Trace) -> tuple[str, ...]:
    """Say the same of a trace."""
    hop = last(found)
    if hop is None:
        return ("last hop seen: none; Postfix logged nothing of this message", *found.unseen)
    line = hop.evidence[-1] if hop.evidence else ""
    lines = [text for each in found.hops[: found.hops.index(hop) + 1] for text in each.evidence[1:]]
    stopped = found.stopped_at
    why = (f"{stopped.state} at {stopped.name}: {stopped.evidence[0]}",) if stopped and stopped.evidence else ()
    more = stopped.evidence[1:] if stopped and stopped is not hop else ()
    return (f"last hop seen: {hop.name} ({line})", *why, *[*lines, *more][-SHOWN:], *found.unseen)


def last(found: Trace) -> Hop | None:
    """Return the last hop that it passed, or Mailman if that has decided against it."""
    seen = [hop for hop in found.hops if hop.state is State.PASSED or (hop.name == "mailman" and hop.at)]
    return seen[-1] if seen else None


def _material(host: Host, logs: Logs, message_id: str, site: Site) -> Material:
    """Collect what a run's own logs and the queues have of a message.

    Raises:
        UnseenError: Postfix's log cannot be read.
    """
    lines = logs.postfix()
    ids = {line.queue_id for line in lines if legs.is_cleanups(line, message_id)}
    config = cfg.read(host)
    material = Material(
        message_id=message_id,
        now=host.now(),
        lmtp=config.lmtp[1] if config else site.mailman.lmtp.port,
        postfix=legs.own([line for line in lines if line.queue_id in ids], message_id),
        mailman=logs.mailman(),
    )
    return gather.collect(material, Gatherer(host, site, message_id, host.now()), config, ())
