"""Labs with an sshd, and the terminals of a test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.services.server import Server
from tests.terminal.link import Link
from wizard.lab import Lab


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A lab that people log into; nothing is set up in it yet. One for all tests of a module."""
    with Lab.start(packages=("openssh-server",)) as lab:
        yield Server(lab)


@pytest.fixture(scope="module")
def sshd(server: Server) -> Link:
    return Link.start(server)


@pytest.fixture
def link(sshd: Link) -> Iterator[Link]:
    """The way into the lab, to the wizard as it was left; in the end no screen may stay."""
    yield sshd
    sshd.close()
    sshd.no_screen()


@pytest.fixture
def anew(link: Link) -> Iterator[Link]:
    """The same, to a wizard that was never started."""
    yield link
    link.close()
    link.no_screen()
    link.forget()
