"""What holds for all tests: examples of properties are the same in every run of CI, and have no deadline; --full."""

from __future__ import annotations

import os
import signal

import pytest
from hypothesis import settings

# The machines are noisy: a deadline would fail on their noise, and a new example in CI on somebody else's change.
settings.register_profile("default", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")
# Where the tests are started in the background, the keyboard's interrupt is ignored, and so it would be by all that
# they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
# The same with nohup(1) and the end of a terminal.
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option for what takes too long for every change."""
    parser.addoption("--full", action="store_true", help="also what takes too long for every change (README)")
