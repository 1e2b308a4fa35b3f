"""Conversations by hand, with a server that answers as it is told to."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from wizard.training.talk import Line, Talk, answered, said


@contextmanager
def serving(*answers: bytes, lines: list[bytes]) -> Iterator[int]:
    """Answer each command with the next answer; within a message, only the dot."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection, connection.makefile("rb") as read:
                connection.sendall(answers[0])
                within = False
                rest = list(answers[1:])
                for line in read:
                    lines.append(line)
                    if within and line != b".\r\n":
                        continue
                    answer = rest.pop(0)
                    within = answer.startswith(b"354")
                    connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]


def test_lmtp_answers_for_each_recipient_that_it_takes() -> None:
    heard: list[bytes] = []
    answers = (
        b"220 lab LMTP\r\n",
        b"250-lab\r\n250 SIZE\r\n",
        b"250 ok\r\n",
        b"250 ok\r\n",
        b"550 no\r\n",
        b"250 ok\r\n",
        b"354 go\r\n",
        b"250 first\r\n451 second\r\n",
        b"221 bye\r\n",
    )
    with serving(*answers, lines=heard) as port:
        talk, begun = Talk.open("127.0.0.1", port, lmtp=True)
        assert [each.text for each in begun] == ["220 lab LMTP"]
        hello = talk.say("LHLO me")
        assert [str(each)[:2] for each in hello] == ["C:", "S:", "S:"]
        assert "EHLO" in hello[0].means
        for line in ("MAIL FROM:<a@b>", "RCPT TO:<c@d>", "RCPT TO:<e@f>", "RCPT TO:<g@h>", "DATA"):
            talk.say(line)
        assert talk.writing
        for line in ("Subject: x", "", ".dots"):
            assert talk.say(line) == (Line("C", line),)
        assert [each.text for each in talk.say(".")[1:]] == ["250 first", "451 second"]
        talk.say("QUIT")
        assert talk.ended
        talk.close()
    assert b"..dots\r\n" in heard


def test_what_no_line_can_have_is_refused() -> None:
    with serving(b"220 x\r\n", lines=[]) as port:
        talk, _ = Talk.open("127.0.0.1", port, lmtp=False)
        for line in ("RCPT TO:<a>\r\nDATA", "x" * 999, "\x1b[31m"):
            with pytest.raises(ValueError, match="998"):
                talk.say(line)
        talk.close()


def test_what_a_server_says_does_not_act_on_the_terminal() -> None:
    with serving(b"220 \x1b[31mred\r\n", lines=[]) as port:
        talk, begun = Talk.open("127.0.0.1", port, lmtp=False)
        talk.close()
    assert "\x1b" not in str(begun[0])


@pytest.mark.parametrize(("code", "word"), [(250, "mine"), (299, "2xx"), (499, "4xx"), (599, "5xx")])
def test_every_code_means_something(code: int, word: str) -> None:
    assert word in answered(code)
    assert answered(99) == ""


def test_every_command_means_something() -> None:
    assert all(said(each) for each in ("ehlo x", "MAIL FROM:<>", "rcpt to:<a@b>", "DATA", "QUIT"))
    assert said("hello") == ""
