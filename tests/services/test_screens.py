"""The screens on the real engine: all six stages by keys, on the real Postfix and Mailman."""

from __future__ import annotations

import sys
from pathlib import Path

import tests
from tests.services.server import RUN_LIMIT
from wizard.lab import Lab

CLONE = str(Path(tests.__file__).parent.parent)


def test_six_stages_by_keys_to_the_report(fresh_lab: Lab) -> None:
    walked = fresh_lab.run([sys.executable, "-m", "tests.screens.walk"], env={"PYTHONPATH": CLONE}, limit=RUN_LIMIT)
    assert walked.stdout.endswith("verified\n"), walked.stdout + walked.stderr
