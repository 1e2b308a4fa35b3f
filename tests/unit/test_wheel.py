"""The wheel holds the engine, the screens and the templates, under `wizard`."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import pytest

from wizard.localhost import LocalHost

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    directory = tmp_path_factory.mktemp("wheel")
    source = directory / "source"
    host = LocalHost()
    # A copy of what git has: a build must not leave anything in the working tree, nor take anything from it.
    source.mkdir()
    archive = directory / "source.tar"
    host.run(
        ["git", "-C", str(ROOT), "-c", f"safe.directory={ROOT}", "archive", f"--output={archive}", "HEAD"]
    ).require()
    host.run(["tar", "-xf", str(archive), "-C", str(source)]).require()
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(directory), str(source)]
    host.run(build, limit=300).require()
    (wheel,) = directory.glob("*.whl")
    with zipfile.ZipFile(wheel) as opened:
        return set(opened.namelist())


def test_the_wheel_holds_every_module_and_template(names: set[str]) -> None:
    tracked = (
        LocalHost()
        .run(["git", "-C", str(ROOT), "-c", f"safe.directory={ROOT}", "ls-tree", "-r", "--name-only", "HEAD"])
        .require()
        .stdout
    )
    files = [Path(name) for name in tracked.splitlines()]
    wanted = {str(name) for name in files if name.parts[0] == "wizard" and name.suffix == ".py"}
    for folder in ("screens", "templates"):
        wanted |= {f"wizard/{name}" for name in files if name.parts[0] == folder}
    assert wanted <= names
    assert "wizard/py.typed" in names


def test_the_wheel_puts_nothing_at_the_top_but_the_package(names: set[str]) -> None:
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"wizard"}
