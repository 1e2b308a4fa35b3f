"""The program's own words in the language of who reads them (gettext, domain ``mailman-wizard``)."""

from __future__ import annotations

import gettext
import os
import re
from collections.abc import Mapping
from pathlib import Path

DOMAIN = "mailman-wizard"
PLACE = Path(__file__).parent / "templates" / "locale"
_state: list[gettext.NullTranslations] = [gettext.NullTranslations()]


def use(language: str) -> None:
    """Speak a language from now on; English where there is none of it."""
    _state[0] = gettext.translation(DOMAIN, PLACE, languages=[language], fallback=True)


def wanted(named: str | None, environment: Mapping[str, str] = os.environ) -> str:
    """Tell which language is wanted: the one named, or that of the locale (locale(7)); two or three letters."""
    locale = named or next((environment[key] for key in ("LC_ALL", "LC_MESSAGES", "LANG") if environment.get(key)), "")
    found = re.match(r"([a-z]{2,3})(?![a-z])", locale)
    return found[1] if found else "en"


def _(text: str) -> str:
    """Say it in the language in use."""
    return _state[0].gettext(text)
