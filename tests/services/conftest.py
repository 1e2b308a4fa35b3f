"""Labs for the tests that need the real Postfix and Mailman."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.services.breaks import KEEP
from tests.services.server import Report, Server
from wizard.lab import Lab


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """A private copy of this machine with both packages and no way out; one for all tests of a module."""
    with Lab.start() as started:
        yield started


@pytest.fixture
def fresh_lab() -> Iterator[Lab]:
    """The same, for one test that leaves it in pieces."""
    with Lab.start() as started:
        yield started


@pytest.fixture(scope="module")
def bare_lab() -> Iterator[Lab]:
    """A private copy of this machine as it is, with its network."""
    with Lab.start(bare=True) as started:
        yield started


@pytest.fixture(scope="module")
def server(lab: Lab) -> Server:
    """The same, as tests of the whole server use it."""
    return Server(lab)


@pytest.fixture(scope="module")
def proven(server: Server) -> Report:
    """What the main job said: the six stages, set up and proven on `server`."""
    report = server.report("apply", "--yes")
    assert report.verified, report.not_passed
    return report


@pytest.fixture(scope="module")
def prepared(server: Server) -> None:
    """The first four stages, set up and proven on `server` (the last two change nothing there), to be broken."""
    report = server.report("apply", "--yes", "--through", "4")
    assert report.exit == 0, report.not_passed
    server.sh(KEEP)
