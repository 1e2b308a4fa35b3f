"""A mail server that says what a test tells it to, on a real socket."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from wizard.mail.dialogue import Endpoint

FRIENDLY = {
    "": b"220 mail.local.edu ESMTP Postfix\r\n",
    "EHLO": b"250-mail.local.edu\r\n250-SIZE 10240000\r\n250 8BITMIME\r\n",
    "LHLO": b"250-mail.local.edu\r\n250 8BITMIME\r\n",
    "MAIL": b"250 2.1.0 Ok\r\n",
    "RCPT": b"250 2.1.5 Ok\r\n",
    "DATA": b"354 End data with <CR><LF>.<CR><LF>\r\n",
    ".": b"250 2.0.0 Ok: queued as 4XyZ12abCD\r\n",
    "QUIT": b"221 2.0.0 Bye\r\n",
}
"""Verb to answer; the empty verb is the banner, the dot the end of the message. An empty answer: hang up."""


@dataclass
class Heard:
    """What a client said."""

    endpoint: Endpoint
    lines: list[str] = field(default_factory=list)
    message: bytes = b""
    client: str = ""

    @property
    def verbs(self) -> list[str]:
        return [line.split(maxsplit=1)[0] for line in self.lines if line]


@contextmanager
def scripted(changes: Mapping[str, bytes] | None = None, *, dribble: float = 0) -> Iterator[Heard]:
    """Serve one client.

    Args:
        changes: answers that differ from `FRIENDLY`.
        dribble: seconds between the octets of the banner, which then never ends.
    """
    answers = {**FRIENDLY, **(changes or {})}
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        heard = Heard(Endpoint(*listening.getsockname()))
        thread = threading.Thread(target=serve, args=(listening, heard, answers, dribble, done))
        thread.start()
        try:
            yield heard
        finally:
            done.set()
            with suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)
            thread.join()


def serve(
    listening: socket.socket,
    heard: Heard,
    answers: Mapping[str, bytes],
    dribble: float,
    done: threading.Event,
) -> None:
    with suppress(OSError):
        connection, peer = listening.accept()
        heard.client = peer[0]
        with connection, connection.makefile("rb") as lines:
            while dribble and not done.wait(dribble):
                connection.sendall(b"2")
            if not answers[""]:
                return
            connection.sendall(answers[""])
            converse(connection, iter(lines), heard, answers)


def converse(connection: socket.socket, lines: Iterator[bytes], heard: Heard, answers: Mapping[str, bytes]) -> None:
    for line in lines:
        # smtplib writes its own commands in lower case.
        verb = line[:4].decode().upper()
        heard.lines.append(verb + line[4:].decode().rstrip("\r\n"))
        answer = answers.get(verb, b"502 5.5.2 what?\r\n")
        if not answer:
            return
        connection.sendall(answer)
        if answer.startswith(b"354"):
            heard.message = b"".join(iter(lines.__next__, b".\r\n"))
            if not answers["."]:
                return
            connection.sendall(answers["."])
        if verb == "QUIT":
            return
