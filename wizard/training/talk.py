"""Speaking SMTP and LMTP by hand: every line that is said and every line that is answered, and what they mean.

Sources: RFC 5321 (SMTP), RFC 2033 (LMTP), RFC 3463 (the three numbers after the code).
"""

from __future__ import annotations

import smtplib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from wizard.i18n import _
from wizard.printable import printable

LIMIT = 60.0
"""Seconds that a server may take for one answer."""
LONGEST = 998
"""Characters of a line (RFC 5321, 4.5.3.1.6)."""
END = "."
GO_AHEAD = 354


def said(line: str) -> str:
    """Explain what a client says; empty for what is no command."""
    word = line.strip().upper()
    return next((words() for begin, words in _SAID if word.startswith(begin)), "")


def answered(code: int) -> str:
    """Explain the code of an answer; by its first figure if it is not a usual one."""
    words = _ANSWERED.get(code) or _KINDS.get(code // 100)
    return words() if words else ""


_SAID: tuple[tuple[str, Callable[[], str]], ...] = (
    ("EHLO", lambda: _("who I am, and: what can you do? (SMTP)")),
    ("HELO", lambda: _("who I am; the old form of EHLO")),
    ("LHLO", lambda: _("who I am, and: what can you do? LMTP's own word for EHLO")),
    ("MAIL FROM", lambda: _("the envelope's sender: where a bounce would go")),
    ("RCPT TO", lambda: _("one recipient of the envelope; the server decides about each one by itself")),
    ("DATA", lambda: _("now comes the message; a line with a single dot ends it")),
    ("RSET", lambda: _("forget this envelope, stay connected")),
    ("NOOP", lambda: _("do nothing; are you there?")),
    ("VRFY", lambda: _("is this a user? Servers mostly do not tell, because spammers ask")),
    ("QUIT", lambda: _("good-bye")),
)
_ANSWERED: dict[int, Callable[[], str]] = {
    220: lambda: _("ready: the server tells its name"),
    221: lambda: _("good-bye"),
    250: lambda: _("yes, done; after the dot it means: the message is mine now, I answer for it"),
    252: lambda: _("I do not say whether that is a user, but I would take mail"),
    354: lambda: _("go ahead with the message"),
    421: lambda: _("not now: the connection ends, try again later"),
    450: lambda: _("not now: try again later (the sender keeps the message in its queue)"),
    451: lambda: _("not now: the server has an error of its own; try again later"),
    452: lambda: _("not now: no room, or too many recipients; try again later"),
    500: lambda: _("that is no command that I know"),
    501: lambda: _("the command is right, what follows it is not"),
    502: lambda: _("I know the command and do not do it here"),
    503: lambda: _("not in this order: something has to come before it"),
    550: lambda: _("no, for good: there is no such recipient, or a rule forbids it"),
    552: lambda: _("no, for good: too large"),
    554: lambda: _("no, for good; on relaying: this server carries no mail of strangers to elsewhere"),
}
_KINDS: dict[int, Callable[[], str]] = {
    2: lambda: _("2xx: yes"),
    3: lambda: _("3xx: go on, something is still missing"),
    4: lambda: _("4xx: no, for now; the sender keeps the message and tries again"),
    5: lambda: _("5xx: no, for good; the sender gets a bounce"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a conversation."""

    who: str
    """``C`` for the client, ``S`` for the server, as in the RFCs."""
    text: str
    means: str = ""

    def __str__(self) -> str:
        """Show it with its meaning behind it."""
        return f"{self.who}: {printable(self.text)}{f'    # {self.means}' if self.means else ''}"


@dataclass
class Talk:
    """One conversation, line by line."""

    client: smtplib.SMTP
    lmtp: bool
    ended: bool = False
    _taken: int = 0
    """Recipients that the server takes: over LMTP it answers for each of them."""
    _writing: bool = field(default=False)

    @classmethod
    def open(cls, host: str, port: int, *, lmtp: bool) -> tuple[Talk, tuple[Line, ...]]:
        """Connect; returns what the server says first.

        Raises:
            OSError: nobody answers there.
        """
        client = (smtplib.LMTP if lmtp else smtplib.SMTP)(timeout=LIMIT, local_hostname="client.local.edu")
        code, text = client.connect(host, port)
        return cls(client, lmtp), tuple(_lines(code, text))

    @property
    def writing(self) -> bool:
        """Whether what is said next is a line of the message."""
        return self._writing

    def say(self, line: str) -> tuple[Line, ...]:
        """Say one line, and give it and what is answered.

        Raises:
            OSError: the connection broke, or the server did not answer.
            ValueError: the line is too long, or has what no line can have.
        """
        if len(line) > LONGEST or not line.replace("\t", " ").isprintable():
            raise ValueError(_("a line has at most 998 characters, and no control characters"))
        if self._writing:
            return self._write(line)
        self.client.putcmd(line)
        code, text = self.client.getreply()
        word = line.strip().upper()
        if word.startswith("RCPT TO") and code // 100 == 2:  # noqa: PLR2004 (as RFC 5321 numbers them)
            self._taken += 1
        if word.startswith(("RSET", "MAIL FROM")):
            self._taken = 0
        self._writing = code == GO_AHEAD
        self.ended = code in {221, 421} or word == "QUIT"
        return (Line("C", line, said(line)), *_lines(code, text))

    def _write(self, line: str) -> tuple[Line, ...]:
        """Send a line of the message; one that begins with a dot gets another (RFC 5321, 4.5.2)."""
        if line != END:
            stuffed = f".{line}" if line.startswith(".") else line
            self.client.send(f"{stuffed}\r\n".encode())
            return (Line("C", line),)
        self._writing = False
        self.client.send(b".\r\n")
        answers = [self.client.getreply() for _each in range(self._taken if self.lmtp else 1)]
        self._taken = 0
        means = _("the end; over LMTP there is one answer for each recipient") if self.lmtp else _("the end")
        return (Line("C", END, means), *(each for code, text in answers for each in _lines(code, text)))

    def close(self) -> None:
        """Hang up."""
        self.client.close()


def _lines(code: int, text: bytes) -> Iterator[Line]:
    rows = text.decode("utf-8", "backslashreplace").split("\n")
    for number, row in enumerate(rows, start=1):
        last = number == len(rows)
        yield Line("S", f"{code}{' ' if last else '-'}{row}", answered(code) if last else "")
