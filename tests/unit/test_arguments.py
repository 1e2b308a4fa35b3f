from __future__ import annotations

import subprocess
import sys

SHOW = """
import sys
from pathlib import Path
from wizard.arguments import hide
hide(["secret word", "", "sécret"])
sys.stdout.write(Path("/proc/self/cmdline").read_bytes().replace(b"\\0", b"|").decode())
assert sys.argv[1] == "a=secret word", sys.argv
"""


def test_secrets_are_hidden_wherever_they_stand() -> None:
    words = ["a=secret word", "plain", "secret word-secret word-sécret"]
    shown = subprocess.run([sys.executable, "-c", SHOW, *words], capture_output=True, text=True, check=True).stdout
    assert shown.endswith(f"|a={'x' * 11}|plain|{'x' * 11}-{'x' * 11}-{'x' * 7}|")
