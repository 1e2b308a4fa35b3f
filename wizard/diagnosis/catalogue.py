"""Every code with its texts; stable, because admins and scripts refer to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from wizard.diagnosis import of_lists, of_mailman, of_postfix
from wizard.diagnosis.entry import Entry
from wizard.diagnosis.model import Diagnosis

CATALOGUE: tuple[Entry, ...] = (*of_postfix.ENTRIES, *of_mailman.ENTRIES, *of_lists.ENTRIES)
_BY_CODE = {each.code: each for each in CATALOGUE}


def entry(code: str) -> Entry:
    """Return the texts of a code.

    Raises:
        KeyError: there is no such code.
    """
    return _BY_CODE[code]


def diagnose(code: str, words: Mapping[str, str], *, evidence: Sequence[str] = (), **values: str) -> Diagnosis:
    """Give a diagnosis with this server's own values.

    Args:
        code: of the catalogue.
        words: the site's values; see `wizard.words.words`.
        evidence: what was seen that tells this cause from others.
        values: this server's own.

    Raises:
        KeyError: no such code, or a value that its texts need is missing.
    """
    text, known = entry(code), {**words, **values}
    return Diagnosis(
        code=code,
        title=text.title,
        cause=text.cause.format_map(known),
        fix=text.fix.format_map(known),
        see=tuple(command.format_map(known) for command in text.see),
        evidence=tuple(evidence),
        fixable=text.fixable,
    )
