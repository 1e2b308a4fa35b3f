"""Waiting for Mailman's start: every runner at work, LMTP and REST answering."""

from __future__ import annotations

import socket

from wizard import services, wait
from wizard.errors import ChangeError
from wizard.events import Emit
from wizard.facts import mailman_conf, runners
from wizard.host import Host
from wizard.mailman import cfg, rest

LIMIT = 120
"""Seconds; a start takes 8 to 18 on two cores."""


def wait_ready(host: Host, emit: Emit) -> None:
    """Return when Mailman works; runners are counted up in events meanwhile.

    Raises:
        ChangeError: it did not come up within `LIMIT`, or came up without a runner that its configuration switches
            off; the message says what is missing.
    """
    config = cfg.read(host)
    if config is None:
        raise ChangeError(f"{cfg.PATH} is not there")
    conf, names = mailman_conf.read(host, cfg.PATH), runners.packaged(host)
    off = runners.switched_off(conf, names)
    expected = runners.expected_slots(conf, names - set(off))
    counted = [-1]

    def look() -> bool | None:
        missing = runners.missing(expected, runners.started(host, runners.find(host.processes())))
        if len(expected) - len(missing) != counted[0]:
            counted[0] = len(expected) - len(missing)
            emit("change.progress", target=services.MAILMAN, done=counted[0], of=len(expected))
        # In this order: every connection to LMTP is logged, and would crowd out what Mailman says of its start.
        return None if missing or not (rest.answers(config) and listens(config.lmtp)) else True

    try:
        wait.until(look, limit=LIMIT, paths=(config.var_dir,))
    except wait.LimitError:
        raise ChangeError(
            f"Mailman did not come up within {LIMIT} seconds: {counted[0]} of {len(expected)} runners are there, "
            f"LMTP {_word(listens(config.lmtp))}, REST {_word(rest.answers(config))}"
        ) from None
    if off:
        raise ChangeError(f"Mailman came up without {', '.join(off)}: {cfg.PATH} switches that off (start: no)")


def listens(address: tuple[str, int]) -> bool:
    """Tell whether something accepts connections there."""
    try:
        socket.create_connection(address, timeout=5).close()
    except OSError:
        return False
    return True


def _word(answers: bool) -> str:  # noqa: FBT001 (private, and one word says it)
    return "answers" if answers else "does not answer"
