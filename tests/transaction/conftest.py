"""Labs for the tests that change servers, kill what changes them, and go back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.services.server import Server
from tests.transaction.scene import Scene, scened
from wizard.lab import Lab


@pytest.fixture
def server() -> Iterator[Server]:
    """A server in a lab of its own, with both packages as the distribution has them; nothing runs."""
    with Lab.start() as started:
        yield Server(started)


@pytest.fixture
def full(request: pytest.FixtureRequest) -> bool:
    """Whether all is to be tried (--full), or what can be for every change."""
    return bool(request.config.getoption("--full"))


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    """A server of which stage 1 is done, to be changed again while something goes wrong."""
    with scened("apply") as made:
        yield made
