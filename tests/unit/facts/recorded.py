"""What the programs printed, and a host that prints it again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from wizard.host import Completed
from wizard.localhost import LocalHost

RECORDINGS = Path(__file__).parent / "recordings"
DEBIAN_12, DEBIAN_13 = "debian-12", "debian-13"
POSTFIX_3_11 = "postfix-3.11"
"""Written after its documentation; see the README."""
Answer = tuple[int, str, str]


def recording(name: str, release: str = DEBIAN_12) -> str:
    return (RECORDINGS / release / name).read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class TellingHost(LocalHost):
    """This machine, save that every command is answered here."""

    answer: Callable[[tuple[str, ...]], Answer] = lambda _argv: (0, "", "")
    calls: list[tuple[tuple[str, ...], str | None, str | None]] = field(default_factory=list)

    def run(
        self,
        argv: Sequence[str],
        *,
        stdin: str | None = None,
        limit: float = 60,
        user: str | None = None,
        env: Mapping[str, str] | None = None,
    ) -> Completed:
        del limit, env
        self.calls.append((tuple(argv), stdin, user))
        code, out, err = self.answer(tuple(argv))
        return Completed(tuple(argv), code, out, err, 0.0)


def telling(out: str = "", *, code: int = 0, err: str = "") -> TellingHost:
    return TellingHost(answer=lambda _argv: (code, out, err))
