"""A proven server as an SMTP client elsewhere sees it: nothing to read, nobody to put on a list, no way through it."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from tests.services.inside import network_of
from tests.services.people import LIST, Person, sub
from tests.services.server import LIMIT, Report, Server
from wizard import wait

HERE, THERE = "192.0.2.1", "192.0.2.2"
"""The server, and who is elsewhere (RFC 5737)."""
VICTIM = "victim@example.com"
"""Of another server."""
_ELSEWHERE = f"""
ip link add mw-here type veth peer name mw-there
ip address add {HERE}/24 dev mw-here
ip link set mw-here up
setsid unshare --net sleep infinity > /dev/null 2>&1 < /dev/null &
echo $! > /root/elsewhere
until [ "$(readlink /proc/$!/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.05; done
ip link set mw-there netns $!
nsenter --net=/proc/$!/ns/net ip address add {THERE}/24 dev mw-there
nsenter --net=/proc/$!/ns/net ip link set mw-there up
"""
_TALK = r"""
import json, socket, sys
host, port, steps = json.loads(sys.argv[1])
said = []
try:
    with socket.create_connection((host, port), timeout=20) as line, line.makefile("rb") as answers:
        def reply():
            rows = [answers.readline().decode("utf-8", "replace")]
            while rows[-1][3:4] == "-":
                rows.append(answers.readline().decode("utf-8", "replace"))
            said.append("".join(rows).strip())
            return bool(rows[-1])
        if steps is None or steps[:1] != ["(at once)"]:
            reply()
        for step in (steps or []):
            if step == "(at once)":
                continue
            line.sendall(step.encode("latin-1"))
            if not reply():
                break
        if steps and steps[0] == "(at once)":
            while reply():
                pass
except OSError as error:
    said.append(f"(no connection) {error}")
print(json.dumps(said))
"""


@dataclass(frozen=True, slots=True)
class Stranger:
    """Somebody on the network, with another address than the server's."""

    server: Server

    def talk(self, steps: Sequence[str] | None, *, port: int = 25, host: str = HERE) -> list[str]:
        """Say each step when the one before was answered; returns the answers, the greeting first."""
        asked = json.dumps([host, port, list(steps) if steps is not None else None])
        enter = "nsenter --net=/proc/$(cat /root/elsewhere)/ns/net"
        said = self.server.sh(f"{enter} {sys.executable} -c {shlex.quote(_TALK)} {shlex.quote(asked)}", limit=LIMIT)
        return [str(each) for each in json.loads(said)]

    def rcpt(self, sender: str, recipient: str) -> str:
        return self.talk(["EHLO elsewhere.example\r\n", f"MAIL FROM:<{sender}>\r\n", f"RCPT TO:<{recipient}>\r\n"])[-1]

    def send(self, sender: str, author: str, recipient: str, subject: str, text: str = "hello") -> None:
        """Hand a mail over, with a From of somebody else's."""
        mail = f"From: {author}\r\nTo: {recipient}\r\nSubject: {subject}\r\nMessage-ID: <{subject}.{author}>\r\n\r\n"
        said = self.talk(
            [
                "EHLO elsewhere.example\r\n",
                f"MAIL FROM:<{sender}>\r\n",
                f"RCPT TO:<{recipient}>\r\n",
                "DATA\r\n",
                f"{mail}{text}\r\n.\r\n",
                "QUIT\r\n",
            ]
        )
        assert [each[:3] for each in said[2:5]] == ["250", "250", "354"], said
        assert said[5].startswith("250"), said


@pytest.fixture(scope="module")
def reached(server: Server) -> Report:
    """A server that is open to the network, proven in all six stages."""
    report = server.report("apply", "--yes", "--set", "mail.interfaces=all")
    assert report.verified, report.not_passed
    return report


@pytest.fixture(scope="module")
def stranger(server: Server, reached: Report) -> Stranger:
    assert reached.verified
    server.sh(_ELSEWHERE)
    return Stranger(server)


@pytest.fixture(scope="module")
def ruth(server: Server, stranger: Stranger) -> Person:
    """A user of the server, who is on no list."""
    with network_of(server.lab):
        made = Person.made(server, "ruth")
    assert stranger.rcpt("", made.address).startswith("250"), "strangers are heard at all"
    return made


def queued(server: Server) -> list[dict[str, Any]]:
    return [json.loads(line) for line in server.sh("postqueue -j").splitlines()]


def heads(server: Server, address: str) -> list[str]:
    """Read the headers of what is on its way to an address."""
    rows = [row for row in queued(server) if any(each["address"] == address for each in row["recipients"])]
    return [server.sh(f"postcat -qh {row['queue_id']}") for row in rows]


def idle(server: Server) -> None:
    """Wait until Mailman has nothing in its hands, and Postfix only what it cannot get rid of."""

    def look() -> bool | None:
        busy = server.sh("find /var/lib/mailman3/queue -type f")
        return None if busy or any(row["queue_name"] in {"active", "incoming"} for row in queued(server)) else True

    wait.until(look, limit=LIMIT)


@pytest.mark.usefixtures("ruth")
@pytest.mark.parametrize("sender", ["spam@example.org", "", "ruth@local.edu", "root@mail.local.edu", LIST])
def test_nothing_is_relayed(server: Server, stranger: Stranger, sender: str) -> None:
    asked = [
        VICTIM,
        "victim%example.com@local.edu",
        "victim%example.com@mail.local.edu",
        f"@local.edu:{VICTIM}",
        f"@mail.local.edu,@local.edu:{VICTIM}",
        f"{VICTIM}@local.edu",
        f'"{VICTIM}"@local.edu',
        '"victim%example.com"@local.edu',
        "example.com!victim@local.edu",
        "example.com!victim",
        "victim%example.com",
        "victim@[203.0.113.9]",
        f"victim@[{HERE}].example.com",
        "reading-group+victim=example.com@example.com",
    ]
    answers = {address: stranger.rcpt(sender, address) for address in asked}
    assert {address: said for address, said in answers.items() if not said.startswith("5")} == {}
    assert queued(server) == []


@pytest.mark.usefixtures("ruth")
def test_who_is_unknown_is_refused_at_once_and_nobody_gets_a_bounce(server: Server, stranger: Stranger) -> None:
    unknown = ["nobody-here@local.edu", "nobody-here@mail.local.edu", "reading-group-nothing@local.edu"]
    unknown += ["no-such-list-join@local.edu", "nobody-here+reading-group@local.edu", "nobody-here"]
    answers = {address: stranger.rcpt(VICTIM, address) for address in unknown}
    assert {address: said for address, said in answers.items() if not said.startswith("550")} == {}
    assert queued(server) == []


@pytest.mark.usefixtures("ruth")
def test_only_smtp_is_reached_from_outside(server: Server, stranger: Stranger) -> None:
    lmtp, rest = server.mailman().lmtp[1], server.mailman().rest[1]
    for port in (lmtp, rest):
        assert stranger.talk(None, port=port)[0].startswith("(no connection)")
    assert stranger.talk(None)[0].startswith("220 mail.local.edu")


def test_nobody_is_told_who_there_is(stranger: Stranger, ruth: Person) -> None:
    for question in (f"VRFY {ruth.address}", "VRFY nobody-here", f"EXPN {LIST}", "EXPN postmaster", "ETRN local.edu"):
        said = stranger.talk(["EHLO elsewhere.example\r\n", f"{question}\r\n"])
        assert "VRFY" not in said[1]
        assert said[2][:1] in {"4", "5"}, said


@pytest.mark.usefixtures("ruth")
def test_a_client_that_does_not_wait_for_answers_is_cut_off(stranger: Stranger) -> None:
    said = stranger.talk(["(at once)", "HELO elsewhere.example\r\nMAIL FROM:<>\r\nRCPT TO:<ruth@local.edu>\r\n"])
    assert not any(each.startswith("250 2.1.5") for each in said), said


def test_no_second_message_is_smuggled_in_behind_a_lone_line_feed(
    server: Server, stranger: Stranger, ruth: Person
) -> None:
    second = f"MAIL FROM:<root@local.edu>\r\nRCPT TO:<{ruth.address}>\r\nDATA\r\nSubject: smuggled\r\n\r\nhello"
    for number, end in enumerate(("\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r", "\r\n.\r")):
        stranger.send(VICTIM, VICTIM, ruth.address, f"carrier-{number}", f"first{end}{second}")
        ruth.await_mail(lambda mail, number=number: mail["Subject"] == f"carrier-{number}")  # type: ignore[misc]
    idle(server)
    assert [str(mail["Subject"]) for mail in ruth.mails() if mail["Subject"] == "smuggled"] == []


def members(server: Server) -> list[str]:
    rows = "SELECT email FROM address JOIN member ON member.address_id = address.id"
    return server.rows(rows)


def test_whoever_is_named_in_a_forged_request_is_asked_once_and_not_on_the_list(
    server: Server, stranger: Stranger, ruth: Person
) -> None:
    before, times = members(server), 4
    for number in range(times):
        stranger.send(VICTIM, ruth.address, sub("join"), f"join-{number}")
        stranger.send("", VICTIM, sub("subscribe"), f"subscribe-{number}")
        idle(server)
    asked = [mail for mail in ruth.mails() if "-confirm+" in str(mail["From"])]
    assert len(asked) == 1
    assert sum("-confirm+" in head for head in heads(server, VICTIM)) == 1
    # Mailman answers each further mail with what has become of it, and nothing limits that.
    assert len(heads(server, VICTIM)) <= times
    assert members(server) == before


@pytest.mark.usefixtures("ruth")
def test_one_mail_of_many_commands_does_not_make_the_server_write_to_many(server: Server, stranger: Stranger) -> None:
    known = {row["queue_id"] for row in queued(server)}
    commands = "\r\n".join(f"join address=victim-{number}@example.net" for number in range(10))
    stranger.send(VICTIM, "eve@example.net", sub("request"), "join address=victim@example.net", commands)
    idle(server)
    new = [row for row in queued(server) if row["queue_id"] not in known]
    asked = {each["address"] for row in new for each in row["recipients"]} - {"eve@example.net"}
    assert asked <= {"victim@example.net", "victim-0@example.net"}
    assert len(new) <= 3


def test_a_guessed_token_confirms_nothing(server: Server, stranger: Stranger, ruth: Person) -> None:
    before, count, sent = members(server), len(ruth.mails()), 0
    for guess in ("0" * 40, "f" * 40, "1", "../../etc/passwd", "%", "a" * 200):
        address = sub("confirm").replace("@", f"+{guess}@")
        if stranger.rcpt(VICTIM, address).startswith("250"):
            stranger.send(VICTIM, ruth.address, address, f"confirm-{guess[:4]}", "confirm")
            sent += 1
    idle(server)
    assert sent >= 3
    assert members(server) == before
    assert len(ruth.mails()) - count <= sent
    assert server.mailman().credentials[1].encode() not in ruth.mailbox()
