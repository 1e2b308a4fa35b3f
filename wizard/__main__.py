"""Where the program begins: ``mailman-wizard`` and ``python -m wizard``."""

import sys


def main() -> int:
    """Run the program; returns its exit code."""
    try:
        from wizard import garbage  # noqa: PLC0415 (the keyboard may stop it while all of it is loaded)

        garbage.put_off()
        from wizard.cli import main as begin  # noqa: PLC0415 (for that reason)

        return begin()
    except KeyboardInterrupt:
        from wizard.errors import ExitCode  # noqa: PLC0415 (for that reason)

        sys.stderr.write("mailman-wizard: stopped by the keyboard\n")
        return int(ExitCode.STOPPED)


if __name__ == "__main__":
    sys.exit(main())
