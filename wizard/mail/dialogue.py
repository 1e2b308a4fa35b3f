"""One dialogue with a mail server: commands, replies, and a limit on the time of the whole.

smtplib's own limit is for each read, so a server that dribbles could hold a dialogue for ever; here a timer
cuts the connection. Nothing asks the DNS: the name to greet with is given, where smtplib would look it up.
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from wizard.errors import WizardError
from wizard.mail.confirmation import without_tokens
from wizard.printable import printable

LIMIT = 30.0
"""Seconds that a whole dialogue may take."""

EHLO_NAME = "probe.localhost"
"""What the probes call themselves."""

BANNER = "banner"
"""The step in which a server introduces itself."""

_QUEUED = re.compile(r"\bqueued as ([0-9A-Za-z]+)")


class Server(Protocol):
    """Where a mail server listens."""

    @property
    def host(self) -> str:
        """IP address."""
        ...

    @property
    def port(self) -> int:
        """TCP port."""
        ...


class Endpoint(NamedTuple):
    """A `Server` made of its two parts."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answered to one command."""

    code: int
    """Three digits, RFC 5321 section 4.2."""
    text: str
    """The text of all its lines on one; control characters visible, confirmation tokens hidden."""

    @property
    def accepted(self) -> bool:
        """Whether it says yes: 2yz."""
        return 200 <= self.code < 300  # noqa: PLR2004 - as RFC 5321 numbers them

    @property
    def queue_id(self) -> str | None:
        """The queue id in Postfix's answer to a message that it took, "2.0.0 Ok: queued as ..."."""
        found = _QUEUED.search(self.text)
        return found[1] if found else None

    def __str__(self) -> str:
        """As it stood on the wire, on one line."""
        return f"{self.code} {self.text}"


@dataclass(frozen=True, slots=True)
class Greeting:
    """How a server introduces itself."""

    banner: Reply
    extensions: Mapping[str, str]
    """Keywords of its answer to EHLO or LHLO in lower case, with their parameters."""


class ConversationError(WizardError):
    """A conversation did not come to its end.

    Nothing was sent unless the step is DATA or the end of the message.
    """

    def __init__(self, step: str, code: int | None, text: str, *, late: bool = False) -> None:
        self.step = without_tokens(printable(step))
        """connect, banner, EHLO, LHLO, MAIL FROM:..., RCPT TO:..., DATA, or end of the message."""
        self.code = code
        """The server's reply code; None: it gave none."""
        self.text = without_tokens(printable(text))
        """What the server said, or what went wrong with the connection."""
        self.late = late
        """Whether the limit ended it."""
        said = f"the server said {code} {self.text}" if code is not None else self.text
        super().__init__(f"{self.step}: {said}")


class Dialogue:
    """What is said on one connection."""

    def __init__(self, client: smtplib.SMTP, banner: Reply, limit: float, deadline: float) -> None:
        self.banner = banner
        self._client = client
        self._limit = limit
        self._deadline = deadline

    def greet(self) -> Greeting:
        """Introduce oneself by EHLO, or LHLO.

        Raises:
            ConversationError: not accepted.
        """
        step = "LHLO" if isinstance(self._client, smtplib.LMTP) else "EHLO"
        # smtplib's LMTP client says LHLO when asked for EHLO.
        _accepted(step, self._ask(step, self._client.ehlo))
        return Greeting(self.banner, dict(self._client.esmtp_features))

    def say(self, line: str) -> Reply:
        """Say one command and return the answer, whatever it is.

        Raises:
            ConversationError: no answer.
            ValueError: a line end or a character beyond ASCII in the command.
        """
        return self._ask(line, lambda: self._client.docmd(line))

    def require(self, line: str) -> Reply:
        """Say one command that must be accepted.

        Raises:
            ConversationError: no answer, or another one than 2yz.
        """
        return _accepted(line, self.say(line))

    def secure(self) -> None:
        """Go on in TLS, whatever certificate the server shows; one has to be greeted anew.

        Raises:
            ConversationError: not accepted, or no TLS came of it.
        """
        _accepted("STARTTLS", self._ask("STARTTLS", lambda: self._client.starttls(context=_any_certificate())))

    def data(self, message: bytes) -> Reply:
        """Send the message itself, its lines ending in CRLF; smtplib stuffs the dots.

        Raises:
            ConversationError: not accepted.
        """
        return _accepted("end of the message", self._ask("DATA", lambda: self._client.data(message)))

    def _ask(self, step: str, ask: Callable[[], tuple[int, bytes]]) -> Reply:
        return _asked(step, ask, self._limit, self._deadline)


@contextmanager
def dialogue(
    server: Server,
    *,
    lmtp: bool = False,
    source_address: str | None = None,
    tls: bool = False,
    limit: float = LIMIT,
) -> Iterator[Dialogue]:
    """Connect, hear the banner, and take leave at the end.

    Args:
        server: whom to speak to.
        lmtp: speak LMTP.
        source_address: IP address of this machine to speak from.
        tls: speak TLS from the first octet (SMTP alone), whatever certificate the server shows.
        limit: seconds for the whole dialogue.

    Raises:
        ConversationError: no connection, or no friendly banner.
    """
    deadline = time.monotonic() + limit
    client = _client(limit, lmtp=lmtp, tls=tls)
    source = (source_address, 0) if source_address else None
    timer = threading.Timer(limit, _cut, (client,))
    timer.daemon = True
    timer.start()
    try:
        banner = _asked(BANNER, lambda: client.connect(server.host, server.port, source), limit, deadline)
        yield Dialogue(client, _accepted(BANNER, banner), limit, deadline)
    finally:
        with suppress(OSError):
            client.quit()
        timer.cancel()
        client.close()


class _AnyCertificate(ssl.SSLContext):
    """TLS with whoever is there: nothing secret is said, and a certificate that fits loopback is nobody's."""

    def wrap_socket(self, sock: socket.socket, *_args: Any, **_named: Any) -> ssl.SSLSocket:
        """Shake hands without naming the server: smtplib knows no name, and refuses to."""
        return super().wrap_socket(sock)


def _any_certificate() -> ssl.SSLContext:
    context = _AnyCertificate(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _client(limit: float, *, lmtp: bool, tls: bool) -> smtplib.SMTP:
    if tls:
        return smtplib.SMTP_SSL(local_hostname=EHLO_NAME, timeout=limit, context=_any_certificate())
    return (smtplib.LMTP if lmtp else smtplib.SMTP)(local_hostname=EHLO_NAME, timeout=limit)


def _cut(client: smtplib.SMTP) -> None:
    connection = client.sock
    if connection is not None:
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)


def _asked(step: str, ask: Callable[[], tuple[int, bytes]], limit: float, deadline: float) -> Reply:
    try:
        code, text = ask()
    except smtplib.SMTPResponseException as error:
        raise ConversationError(step, error.smtp_code, _shown(error.smtp_error)) from error
    except OSError as error:
        # smtplib connects and hears the banner in one; its own errors mean that the connection stood.
        heard = isinstance(error, smtplib.SMTPException)
        late = isinstance(error, TimeoutError) or time.monotonic() >= deadline
        words = f"no answer within {limit:g} s" if late else error.strerror or str(error)
        raise ConversationError("connect" if step == BANNER and not heard else step, None, words, late=late) from error
    if time.monotonic() >= deadline:
        # What was read then is what there was of a line when the connection was cut.
        raise ConversationError(step, None, f"no answer within {limit:g} s", late=True)
    if code < 0:
        raise ConversationError(step, None, f"not an answer of a mail server: {_shown(text)}")
    return Reply(code, _shown(text))


def _accepted(step: str, reply: Reply) -> Reply:
    if not reply.accepted:
        raise ConversationError(step, reply.code, reply.text)
    return reply


def _shown(said: bytes | str) -> str:
    text = said if isinstance(said, str) else said.decode("utf-8", "backslashreplace")
    return without_tokens(" ".join(printable(line) for line in text.splitlines()))
