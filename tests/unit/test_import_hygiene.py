"""The engine and its command line start without Textual, and the import contracts catch who breaks them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import tests

ROOT = Path(tests.__file__).parent.parent

LISTED = "import sys; from importlib import import_module; import_module(sys.argv[1]); print(*sys.modules, sep='\\n')"


def loaded(module: str) -> set[str]:
    argv = [sys.executable, "-c", LISTED, module]
    return set(subprocess.run(argv, check=True, capture_output=True, text=True, cwd="/").stdout.split())


@pytest.mark.parametrize("module", ["wizard.cli", "wizard.run", "wizard.lab"])
def test_textual_is_not_loaded(module: str) -> None:
    assert not [name for name in loaded(module) if name.split(".")[0] == "textual"]


ENGINE = {"wizard.engine", "wizard.stages", "wizard.site", "wizard.render", "pydantic", "jinja2", "mailmanclient"}
SLOW = {"markdown_it", "psutil", "watchfiles"}


@pytest.mark.parametrize(
    "module",
    ["wizard.cli", "wizard.commands.wizard", "wizard.screens.app", "wizard.commands.train", "wizard.screens.training"],
)
def test_the_first_screen_does_not_wait_for_the_engine_nor_for_what_is_slow(module: str) -> None:
    assert not loaded(module) & (ENGINE | SLOW)


@pytest.mark.parametrize("module", ["wizard.cli", "wizard.commands.wizard", "wizard.screens.app"])
def test_no_screen_but_a_lessons_waits_for_training(module: str) -> None:
    others = ("wizard.training", "wizard.lab", "wizard.screens.training", "wizard.screens.lesson")
    assert not [name for name in loaded(module) if name.startswith(others)]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the sources that a test may spoil."""
    shutil.copytree(ROOT / "wizard", tmp_path / "wizard", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def lint(directory: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("lint-imports")
    return subprocess.run([program, "--no-cache"], check=False, capture_output=True, text=True, cwd=directory)


def test_the_contracts_are_kept(copy: Path) -> None:
    ended = lint(copy)
    assert ended.returncode == 0, ended.stdout
    assert "0 broken" in ended.stdout


@pytest.mark.parametrize(
    ("module", "line", "said"),
    [
        ("engine.py", "import textual.app", "wizard.engine -> textual"),
        ("screens/spoilt.py", "import subprocess", "wizard.screens.spoilt -> subprocess"),
        ("plan.py", "from wizard import transaction", "wizard.plan -> wizard.transaction"),
        ("newcomer.py", "", "wizard.newcomer"),
    ],
)
def test_who_breaks_one_is_named(copy: Path, module: str, line: str, said: str) -> None:
    with (copy / "wizard" / module).open("a") as file:
        file.write(f"\n{line}\n")
    ended = lint(copy)
    assert ended.returncode == 1
    assert said in ended.stdout
