"""The words of the screens that are not about one server: help for each pane, and the keys."""

from __future__ import annotations

KEYS = """\
| key | what it does |
|---|---|
| F1 | this help |
| F2 | a shell, and back with `exit` |
| F3 F4 F5 F6 F7 | Why, Answers, Changes, Check, Logs (also w a d k l) |
| Tab, Shift+Tab | the next or previous field; after the last one, the next pane |
| F8 (r) | run this stage's checks; changes nothing |
| F9 (p) | set this stage up: plan it, ask, apply, check |
| F10 (n) | the next stage, when this one is verified |
| 1 to 6 | look at another stage |
| F12 | decline a plan that waits |
| Ctrl+X | stop the run; it puts back what it was changing |
| / n N | search, next, previous |
| c | copy (a cause, a page, a log line) to the clipboard of your terminal |
| t | take over the controls from another terminal |
| Ctrl+S | save the answers |
| Ctrl+L | draw the screen anew |
| Ctrl+P | all commands, light and dark among them |
| Esc | back |
| q | leave the screen; a run goes on without it |
"""
HELP = {
    "why": "What this stage is for, how it commonly goes wrong, what is checked and what the proof stands on.",
    "answers": "The answers that this stage asks. Each is checked as you type, and the line at the bottom says what it "
    "may be, what the server has now and what the default is. A star marks what is not saved: Ctrl+S saves, and so "
    "do F8 and F9. Choices are made with the arrow keys.",
    "changes": "What the stage would change on this server, as a diff. Nothing is changed before you have seen it here "
    "and said so: F9 starts, the run stops with its plan, F9 once more applies it and F12 declines.",
    "check": "The mail's way on top: each hop lights up as the probe passes it. Below it the checks; go to one with "
    "the arrow keys to read its evidence, or what is wrong, why, and what to do. The gate to the next stage opens only "
    "when every check has passed on the configuration as it is now. There is no way around it.",
    "logs": "Postfix's and Mailman's logs and what the run says, as they come. Lines of the present message are "
    "marked. s chooses one of the logs, / searches, End or e follows.",
}


def help_for(pane: str) -> str:
    """Return the help for one pane as Markdown."""
    return f"# {pane.capitalize()}\n\n{HELP[pane]}\n\n# Keys\n\n{KEYS}"
