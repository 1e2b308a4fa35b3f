"""What a check proves and what a code means, in words, with the commands to see it by hand."""

from __future__ import annotations

import re
from difflib import get_close_matches

from wizard.diagnosis import CATALOGUE, Entry
from wizard.errors import AnswerError, Problem
from wizard.render import render
from wizard.site import Site
from wizard.stages import STAGES
from wizard.words import MAIL_LOG, words


def explain(name: str, site: Site) -> dict[str, object]:
    """Explain a check by its id, or a diagnosis by its code.

    Args:
        name: for instance ``postfix.relay`` or ``MW104``.
        site: for the values in the commands.

    Raises:
        AnswerError: there is neither; names the nearest.
    """
    for stage in STAGES:
        for check in stage.checks:
            if check.id == name:
                return {
                    "schema": 1,
                    "id": check.id,
                    "stage": stage.number,
                    "title": check.title,
                    "proves": check.proves,
                    "needs": list(check.needs),
                    "see": [command.format_map(words(site)) for command in check.see],
                }
    for each in CATALOGUE:
        if each.code == name.upper():
            return general(each)
    known = names()
    near = get_close_matches(name, known, n=1, cutoff=0.3)
    hint = f"; did you mean {near[0]}?" if near else ""
    raise AnswerError((Problem("explain", repr(name), f"a check or a code, as 'explain' alone lists them{hint}"),))


def names() -> tuple[str, ...]:
    """List everything that can be explained: checks in their order, then codes."""
    checks = tuple(check.id for stage in STAGES for check in stage.checks)
    return (*checks, *(each.code for each in CATALOGUE))


def titles() -> tuple[tuple[str, str], ...]:
    """List the same with a title each."""
    checks = tuple((check.id, check.title) for stage in STAGES for check in stage.checks)
    return (*checks, *((each.code, each.title) for each in CATALOGUE))


def text(explained: dict[str, object]) -> str:
    """Show an explanation as a page of text."""
    name = "explain/check.txt.j2" if "proves" in explained else "explain/code.txt.j2"
    return render(name, **explained)


def general(each: Entry) -> dict[str, object]:
    """Explain a code as it is on any server, its values left open."""
    return {
        "schema": 1,
        "code": each.code,
        "stage": int(each.code[2]),
        "title": each.title,
        "cause": _general(each.cause),
        "fix": _general(each.fix),
        "see": [_general(command) for command in each.see],
        "fixable": each.fixable,
    }


def _general(text: str) -> str:
    """Show where a server's own value stands, without one: ``{address}`` becomes ``ADDRESS``."""
    return re.sub(r"\{(\w+)\}", lambda found: MAIL_LOG if found[1] == "mail_log" else found[1].upper(), text)
