"""A run with stages that are doubles, on a machine in memory; `wizard.controls.start` starts it as a program.

What it does is in the environment's ``RUN_DOUBLE``: pass, fail, hang, crash or plan.
"""

from __future__ import annotations

import os
import sys
import threading

from tests.unit.doubles import MAIN_CF, MemoryHost, Planned, check, passing, stage
from wizard import run
from wizard.check import CheckFailedError, Evidence
from wizard.plan import Rebuild
from wizard.scene import Scene


def failing(scene: Scene) -> Evidence:
    raise CheckFailedError(f"seen with {scene.site.mailman.database}")


def hanging(scene: Scene) -> Evidence:
    scene.progress("hanging")
    threading.Event().wait()
    return ("never",)


def main(arguments: list[str]) -> int:
    what = os.environ.get("RUN_DOUBLE", "pass")
    host = MemoryHost()

    def edit(_words: tuple[str, ...]) -> str:
        host.edit(MAIN_CF)
        return ""

    def crash(words: tuple[str, ...]) -> str:
        raise ZeroDivisionError(f"with {words[1]}")

    host.commands |= {"edit": edit, "crash": crash}
    looks = {"fail": failing, "hang": hanging}
    first = check(looks.get(what, passing), name="stage1.first")
    change = Rebuild(1, "maps", ("crash" if what == "crash" else "edit", "postgresql://u:pass-word@h/db"), None, ())
    plan = Planned((change,) if what in {"plan", "crash"} else ())
    return run.main(arguments, host=host, stages=(stage(1, first, plan=plan), stage(2, check(name="stage2.first"))))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
