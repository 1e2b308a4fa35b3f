"""Calls the program with a state of its own: the first argument is its directory."""

from __future__ import annotations

import sys
from pathlib import Path

from wizard import cli
from wizard.state import State

if __name__ == "__main__":
    sys.exit(cli.main(sys.argv[2:], state=State(Path(sys.argv[1]))))
