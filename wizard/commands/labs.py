"""``lab``: a command in a private copy of this machine."""

from __future__ import annotations

from wizard.commands.call import Call


def lab(call: Call) -> int:
    """Run it, or a shell, and return its exit code."""
    # They bring pexpect; no other command needs to wait for it.
    from wizard import lab as labs  # noqa: PLC0415
    from wizard import packages  # noqa: PLC0415

    progress = packages.in_percent(lambda percent, text: call.show.say(f"preparing the lab: {percent:3d} % {text}"))

    command = list(call.options.command)
    return labs.run(command[1:] if command[:1] == ["--"] else command, bare=call.options.bare, progress=progress)
