"""What Mailman said about a message: its verdicts and its sendings, from the lines of its logs.

The forms are those of Mailman's chains (``mailman/chains/*.py``), ``app/moderator.py``, ``core/runner.py`` and
the templates of ``[logging.smtp]`` in schema.cfg.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from wizard.facts.mailman_log import LogLine
from wizard.trace import spelling

_ID = r"<.*?>|[^\s<>]+"
_HOLD = re.compile(rf"HOLD: (?P<list>\S+) post from .* held, message-id=(?P<id>{_ID}): (?P<why>.*)", re.DOTALL)
_VERDICT = re.compile(rf"(?P<verdict>ACCEPT|REJECT|DISCARD|OWNER): (?P<id>{_ID})(?:; (?P<why>.*))?", re.DOTALL)
_APPROVED = re.compile(r"held message approved, message-id: (?P<id>.*)")
_SENT = re.compile(
    rf"(?:{_ID}) smtp to (?P<list>\S+) for (?P<count>\d{{1,9}}) recips, completed in (?P<took>\d{{1,9}}(?:\.\d+)?)"
)
_REFUSED = re.compile(
    rf"(?:{_ID}) delivery to (?P<to>\S+) failed with code (?P<code>\d{{1,3}}), (?P<why>.*)", re.DOTALL
)
_BYTES = re.compile(r"""b(['"])(?P<text>.*)\1""", re.DOTALL)
_SHUNTING = "SHUNTING: "
_PERMANENT = 500
_FULL = 552
"""The code that Mailman takes for a temporary one (RFC 5321, 4.5.3.1.10)."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a chain decided."""

    kind: str
    """accepted, held, approved (by the moderator), rejected, discarded or owner."""
    why: str
    line: LogLine
    mailing_list: str | None = None
    """Only a holding names the list."""


@dataclass(frozen=True, slots=True)
class Sending:
    """One handing over to Postfix."""

    mailing_list: str
    count: int
    seconds: float
    line: LogLine


@dataclass(frozen=True, slots=True)
class Refusal:
    """A recipient that Postfix did not take from Mailman."""

    address: str
    code: int
    why: str
    line: LogLine

    @property
    def permanent(self) -> bool:
        """Whether Mailman does not try again."""
        return self.code >= _PERMANENT and self.code != _FULL


@dataclass(frozen=True, slots=True)
class Said:
    """All that Mailman said."""

    verdicts: tuple[Verdict, ...]
    sendings: tuple[Sending, ...]
    refusals: tuple[Refusal, ...]
    """The newest of each recipient."""
    shunted: tuple[LogLine, ...]
    failures: tuple[LogLine, ...]
    """Tracebacks."""
    others: tuple[LogLine, ...]
    """What else names the message, or says that Mailman cannot reach an SMTP server."""

    def of(self, kind: str) -> tuple[Verdict, ...]:
        """The verdicts of one kind."""
        return tuple(verdict for verdict in self.verdicts if verdict.kind == kind)


def read(lines: Iterable[LogLine], message_id: str) -> Said:
    """Sort Mailman's lines about one message.

    Args:
        lines: in their order.
        message_id: with its brackets.
    """
    verdicts: list[Verdict] = []
    sendings: list[Sending] = []
    refusals: dict[str, Refusal] = {}
    shunted, failures, others = [], [], []
    for line in lines:
        if line.failure:
            failures.append(line)
        elif line.text.startswith(_SHUNTING):
            shunted.append(line)
        elif verdict := _verdict(line, message_id):
            verdicts.append(verdict)
        elif sent := _SENT.match(line.text):
            sendings.append(Sending(sent["list"], int(sent["count"]), float(sent["took"]), line))
        elif refused := refusal(line):
            refusals[refused.address] = refused
        else:
            others.append(line)
    return Said(
        tuple(verdicts), tuple(sendings), tuple(refusals.values()), tuple(shunted), tuple(failures), tuple(others)
    )


def holding(line: LogLine) -> Verdict | None:
    """Read which list holds a message for its moderator, and by which rules, if the line says so."""
    match = _HOLD.fullmatch(line.text)
    return Verdict("held", match["why"], line, match["list"]) if match else None


def refusal(line: LogLine) -> Refusal | None:
    """Read what Postfix answered to Mailman about one recipient, if the line says that it refused."""
    match = _REFUSED.match(line.text)
    if match is None:
        return None
    why = _BYTES.fullmatch(match["why"])
    return Refusal(match["to"], int(match["code"]), why["text"] if why else match["why"], line)


def shunted_file(line: LogLine) -> str | None:
    """Return the queue file's name, without its suffix, that a line about shunting has."""
    return line.text.removeprefix(_SHUNTING).strip() if line.text.startswith(_SHUNTING) else None


def _verdict(line: LogLine, message_id: str) -> Verdict | None:
    ids = spelling.both(message_id)
    if (match := _HOLD.fullmatch(line.text)) and match["id"] in ids:
        return Verdict("held", match["why"], line, match["list"])
    if (match := _APPROVED.fullmatch(line.text)) and match["id"] in ids:
        return Verdict("approved", "by the moderator", line)
    if (match := _VERDICT.fullmatch(line.text)) and match["id"] in ids:
        kind = {"ACCEPT": "accepted", "REJECT": "rejected", "DISCARD": "discarded", "OWNER": "owner"}[match["verdict"]]
        return Verdict(kind, (match["why"] or "").strip("[]'\""), line)
    return None
