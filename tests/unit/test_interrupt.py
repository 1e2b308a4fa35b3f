"""The keyboard stops the program at any moment without a traceback, and not as if a check had failed."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import tests
from wizard import __main__ as program
from wizard import cli
from wizard.commands import words
from wizard.errors import ExitCode

ROOT = Path(tests.__file__).parent.parent
STOPPED = 130
LOADING = """
import sys
class Stopped:
    def find_spec(self, name, *_):
        if name == "wizard.commands":
            raise KeyboardInterrupt
sys.meta_path.insert(0, Stopped())
from wizard.__main__ import main
sys.exit(main())
"""


def interrupt(*_: object) -> int:
    raise KeyboardInterrupt


def test_in_the_middle(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(words, "explain", interrupt)
    assert cli.main(["explain"]) == ExitCode.STOPPED == STOPPED
    assert capfd.readouterr().err == "mailman-wizard: stopped by the keyboard\n"


def test_while_it_is_loaded() -> None:
    ended = subprocess.run([sys.executable, "-c", LOADING], check=False, capture_output=True, text=True, cwd=ROOT)
    assert (ended.returncode, ended.stderr) == (STOPPED, "mailman-wizard: stopped by the keyboard\n")


def test_the_command_begins_there() -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert scripts == {"mailman-wizard": f"{program.__name__}:main"}
