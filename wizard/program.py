"""The command of this installation."""

from __future__ import annotations

import shutil
import sys
import sysconfig
from pathlib import Path

from wizard.localhost import PATH

NAME = "mailman-wizard"


def own() -> str:
    """Find it: as it was called, or where it was installed to."""
    called = Path(sys.argv[0])
    installed = Path(sysconfig.get_path("scripts"), NAME)
    if called.name == NAME and called.is_file():
        return str(called.resolve())
    return str(installed) if installed.is_file() else shutil.which(NAME, path=PATH) or NAME
