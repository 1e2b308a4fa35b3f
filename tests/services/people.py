"""Ordinary users of a list server in a lab, with nothing but SMTP and their mailbox."""

from __future__ import annotations

import itertools
import smtplib
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from email.message import EmailMessage, Message
from email.utils import parseaddr
from mailbox import mbox
from pathlib import Path

from tests.services.server import LIMIT, Server
from wizard import wait

DOMAIN = "local.edu"
LIST = f"reading-group@{DOMAIN}"
_numbers = itertools.count(1)


def sub(command: str) -> str:
    """Return another address of the list."""
    return LIST.replace("@", f"-{command}@")


@dataclass(frozen=True, slots=True)
class Person:
    """A user of the machine. The calling thread must be in the lab's network."""

    server: Server
    name: str

    @classmethod
    def made(cls, server: Server, name: str) -> Person:
        server.sh(f"useradd --create-home {name}")
        return cls(server, name)

    @property
    def address(self) -> str:
        return f"{self.name}@{DOMAIN}"

    @property
    def path(self) -> Path:
        return self.server.path(f"var/mail/{self.name}")

    def mailbox(self) -> bytes:
        """Return /var/mail/USER as it is."""
        return self.path.read_bytes() if self.path.exists() else b""

    def mails(self) -> list[Message]:
        if not self.mailbox():
            return []
        with closing(mbox(self.path, create=False)) as box:
            return list(box)

    def send(self, recipient: str, subject: str, text: str = "") -> str:
        """Send a mail; returns its Message-ID."""
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = self.address, recipient, subject
        mail["Message-ID"] = f"<{self.name}.{next(_numbers)}@{DOMAIN}>"
        mail.set_content(text)
        with smtplib.SMTP("127.0.0.1", 25, timeout=LIMIT) as smtp:
            smtp.send_message(mail)
        return str(mail["Message-ID"])

    def has(self, identity: str) -> bool:
        return any(mail["Message-ID"] == identity for mail in self.mails())

    def await_mail(self, wanted: Callable[[Message], bool]) -> Message:
        def look() -> Message | None:
            return next((mail for mail in self.mails() if wanted(mail)), None)

        return wait.until(look, limit=LIMIT, paths=(self.path.parent,))

    def ask(self, command: str) -> None:
        """Join or leave as a person does: a mail, the answer to it, a reply to that, and the notice of success."""
        self.send(sub(command), command)
        asked = self.await_mail(lambda mail: _confirms(mail, command))
        self.send(parseaddr(str(asked["Reply-To"] or asked["From"]))[1], f"Re: {_subject(asked)}")
        said = {"join": "Welcome to the", "leave": "You have been unsubscribed"}[command]
        self.await_mail(lambda mail: said in _subject(mail))


def _confirms(mail: Message, command: str) -> bool:
    return "-confirm+" in str(mail["From"]) and f"to {command} the" in _subject(mail)


def _subject(mail: Message) -> str:
    return " ".join(str(mail["Subject"]).split())
