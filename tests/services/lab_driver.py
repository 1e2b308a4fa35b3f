"""Runs a command in a lab as the command line does; with its own cache and packages if told to."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from wizard import lab
from wizard.errors import WizardError
from wizard.lab import cache


def main() -> int:
    place = os.environ.get("LAB_CACHE")
    if place is not None:
        cache.CACHE = Path(place)
        cache.PACKAGES = (os.environ["LAB_PACKAGE"],)
    try:
        return lab.run(sys.argv[1:], progress=_show)
    except WizardError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code


def _show(done: float, what: str) -> None:
    sys.stderr.write(f"{done:.2f} {what}\n")


if __name__ == "__main__":
    sys.exit(main())
