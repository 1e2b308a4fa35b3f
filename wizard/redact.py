"""Keeping secrets out of everything that is shown or stored for reading."""

from __future__ import annotations

import re
from collections.abc import Iterable

HIDDEN = "[secret]"
SHORTEST = 6
"""Shorter strings are hidden only where a setting says what they are: elsewhere they would tear holes into words."""
ORDINARY = frozenset(
    {"mailman", "mailman3", "postfix", "postgres", "postgresql", "subscription", "broadcast", "integration"}
)
"""Words of this program's own: somebody's password may be one, and hiding it everywhere would make all unreadable."""
_SETTING = re.compile(r"(?m)^([-+ ]?\s*(?:admin_pass|smtp_pass)\s*[:=][ \t]*)(?!\[secret\])[^\s].*$")
"""A password in mailman.cfg, or in a diff of it (schema.cfg, ``[webservice]`` and ``[mta]``)."""
_URL = re.compile(r"(?<=://)([^/\s:@]*):(?!\[secret\]@)[^/\s@]+@")
"""A password in a URL (RFC 3986, 3.2.1)."""


class Redactor:
    """Knows the secrets met so far and takes them out of text and JSON-like data."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets: set[str] = set()
        self.learn(*secrets)

    def learn(self, *secrets: str) -> None:
        """Remember secrets; from now on they are hidden."""
        self._secrets.update(secret for secret in secrets if len(secret) >= SHORTEST and secret not in ORDINARY)

    def text(self, text: str) -> str:
        """Return the text with every known secret hidden, the longest first, and what is in a secret's place."""
        text = _URL.sub(rf"\1:{HIDDEN}@", _SETTING.sub(rf"\1{HIDDEN}", text))
        if not self._secrets:
            return text
        # In one pass: what stands in a secret's place is not looked into again.
        longest_first = sorted(self._secrets, key=len, reverse=True)
        return re.sub("|".join(map(re.escape, longest_first)), HIDDEN, text)

    def data(self, value: object) -> object:
        """Return JSON-like data with every known secret hidden in its strings, keys included."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(str(key)): self.data(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self.data(inner) for inner in value]
        return value
