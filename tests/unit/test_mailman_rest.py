"""What is said of a REST interface that does not answer, or refuses: a few words that a person can use."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from wizard.mailman import cfg, rest
from wizard.mailman.cfg import Config
from wizard.mailman.rest import RestError


def config(port: int) -> Config:
    return cfg.parse(f"[webservice]\nhostname: 127.0.0.1\nport: {port}\n")


@contextmanager
def answering(answer: bytes) -> Iterator[Config]:
    """Serve one connection with these bytes, whatever is asked."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield config(server.getsockname()[1])
        thread.join()


def said(config: Config) -> str:
    """What is said when it is asked."""
    with pytest.raises(RestError) as error:
        rest.ask(config)
    return str(error.value)


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    wanted = "Mailman's REST interface does not answer: connection refused"
    assert said(config(port)) == wanted
    with pytest.raises(RestError, match=wanted):
        rest.configuration(config(port), "mailman")
    assert not rest.answers(config(port))


def test_somebody_hangs_up() -> None:
    with answering(b"") as there:
        text = said(there)
    assert text == "Mailman's REST interface does not answer: Remote end closed connection without response"


def test_a_long_answer_is_cut_to_its_beginning() -> None:
    body = b"<html>\n" + b"x" * 5000
    head = b"HTTP/1.0 500 Internal Server Error\r\nContent-Length: %d\r\n\r\n" % len(body)
    with answering(head + body) as there:
        assert said(there) == "Mailman's REST interface answered 500: <html>"


def test_a_refusal_has_its_number() -> None:
    with (
        answering(b"HTTP/1.0 401 Unauthorized\r\nContent-Length: 0\r\n\r\n") as there,
        pytest.raises(RestError, match=r"answered 401: Unauthorized"),
    ):
        rest.configuration(there, "mailman")


def test_a_section_that_is_not_there_is_empty() -> None:
    with answering(b"HTTP/1.0 404 Not Found\r\nContent-Length: 0\r\n\r\n") as there:
        assert rest.configuration(there, "runner.nntp") == {}


def test_a_time_out_says_how_long() -> None:
    assert rest.reason(TimeoutError("timed out")) == "no answer in time"
