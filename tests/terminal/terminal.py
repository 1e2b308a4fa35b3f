"""A person at a terminal: a pty with a program on it, what it has drawn, and the keys that are pressed."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import pexpect
import pyte

LIMIT = 60.0
"""Seconds until something must be on the screen; much more than it takes, because the machines are noisy."""
SIZE = (24, 80)
_AT_ONCE = 65536
_PIECE = 512
_GLANCE = 0.1
_REST = 0.5
"""Seconds without a word, in which a screen on a busy machine would have said what it had to."""
_ALTERNATE = 1049
KEYS = {
    "F1": "\x1bOP",
    "F2": "\x1bOQ",
    "F3": "\x1bOR",
    "F4": "\x1bOS",
    "F5": "\x1b[15~",
    "F6": "\x1b[17~",
    "F7": "\x1b[18~",
    "F8": "\x1b[19~",
    "F9": "\x1b[20~",
    "F10": "\x1b[21~",
    "F12": "\x1b[24~",
    "Tab": "\t",
    "Enter": "\r",
    "Esc": "\x1b",
    "End": "\x1b[F",
    "Up": "\x1b[A",
    "Down": "\x1b[B",
    "^L": "\x0c",
    "^S": "\x13",
    "^U": "\x15",
    "^X": "\x18",
}


class _Screen(pyte.Screen):
    """pyte's screen, with an alternate one; of the other one nothing is kept."""

    def set_mode(self, *modes: int, **words: Any) -> None:
        self._changed(modes, words)
        super().set_mode(*modes, **words)

    def reset_mode(self, *modes: int, **words: Any) -> None:
        self._changed(modes, words)
        super().reset_mode(*modes, **words)

    def _changed(self, modes: tuple[int, ...], words: Mapping[str, Any]) -> None:
        if words.get("private") and _ALTERNATE in modes:
            self.erase_in_display(2)
            self.cursor_position()


class Terminal:
    """A terminal; all that the program on it writes goes through `read`, so that it is never read in part."""

    def __init__(self, argv: Sequence[str], env: Mapping[str, str], size: tuple[int, int] = SIZE) -> None:
        """Start a program on a new terminal.

        Args:
            argv: the program and its arguments.
            env: all of its environment.
            size: rows and columns.
        """
        rows, columns = size
        self.screen = _Screen(columns, rows)
        self.raw = bytearray()
        """All that was written to the terminal."""
        self.ended = False
        """Whether the program is gone."""
        self._stream = pyte.ByteStream(self.screen)
        self._child: pexpect.spawn[bytes] = pexpect.spawn(
            argv[0], list(argv[1:]), env=dict(env), dimensions=size, timeout=LIMIT
        )
        self._child.delaybeforesend = None

    @property
    def pid(self) -> int:
        """The process on the terminal, as seen from outside."""
        return self._child.pid or 0

    # What is pressed.

    def keys(self, *keys: str) -> None:
        """Press keys, by their names; what is no key's name is typed."""
        for key in keys:
            self.send(KEYS.get(key, key).encode())

    def send(self, data: bytes) -> None:
        """Send bytes as they are; what comes back meanwhile is read, so that neither end waits for the other."""
        for start in range(0, len(data), _PIECE):
            self._child.send(data[start : start + _PIECE])
            self.read(0.0)

    def paste(self, data: bytes) -> None:
        """Paste, as a terminal does that was asked to mark it (bracketed paste)."""
        self.send(b"\x1b[200~" + data + b"\x1b[201~")

    # What is seen.

    @property
    def lines(self) -> list[str]:
        """The rows of the screen, without the blanks at their ends."""
        return [line.rstrip() for line in self.screen.display]

    @property
    def text(self) -> str:
        """The screen."""
        return "\n".join(self.lines)

    @property
    def full_screen(self) -> bool:
        """Whether the program has the alternate screen."""
        return _ALTERNATE << 5 in self.screen.mode  # pyte keeps private modes shifted

    @property
    def cursor(self) -> bool:
        """Whether the cursor is shown."""
        return not self.screen.cursor.hidden

    def read(self, limit: float = _GLANCE) -> bool:
        """Take what the program has written, waiting for it if there is nothing; tell whether there was some."""
        if self.ended:
            return False
        try:
            data = self._child.read_nonblocking(_AT_ONCE, limit)
        except pexpect.TIMEOUT:
            return False
        except pexpect.EOF:
            self.ended = True
            return False
        self.raw += data
        self._stream.feed(data)
        return True

    def at_rest(self) -> str:
        """Read until nothing is written any more, and return what is on the screen then."""
        while self.read(_REST):
            pass
        return self.text

    def wait(self, seen: str | Callable[[], object], limit: float = LIMIT) -> None:
        """Look at the screen until a text is on it, or something else is so.

        Raises:
            AssertionError: it was not seen before the limit or the program's end.
        """
        self.wait_any(seen, limit=limit)

    def wait_any(self, *wanted: str | Callable[[], object], limit: float = LIMIT) -> str | Callable[[], object]:
        """Do the same for any of several, and return the one that was seen."""
        deadline = time.monotonic() + limit
        while True:
            ended = self.ended
            for each in wanted:
                if each in self.text if isinstance(each, str) else each():
                    return each
            if ended or time.monotonic() >= deadline:
                why = "the program ended" if ended else f"not seen in {limit:g} s"
                raise AssertionError(f"{why}: {wanted}\n{self.text}")
            self.read()

    def wait_gone(self, text: str, limit: float = LIMIT) -> None:
        """Look until a text is not on the screen any more."""
        self.wait(lambda: text not in self.text, limit)

    def wait_end(self, limit: float = LIMIT) -> int:
        """Wait until the program ends, and return its exit code, or 128 and the signal that ended it."""
        self.wait(lambda: self.ended, limit)
        self._child.wait()
        return self._code

    @property
    def _code(self) -> int:
        signalled = self._child.signalstatus
        return 128 + signalled if signalled else int(self._child.exitstatus or 0)

    # What happens to it.

    def resize(self, rows: int, columns: int) -> None:
        """Give it another size."""
        self.screen.resize(rows, columns)
        self._child.setwinsize(rows, columns)

    def scribble(self) -> None:
        """Let something else write all over it."""
        self._stream.feed(b"\x1b[H" + b"another program wrote this " * 60)

    def cut(self) -> None:
        """Kill the program as a lost link does to ssh: no word is sent to the other end."""
        with suppress(ProcessLookupError):
            self._child.kill(signal.SIGKILL)
        self.close()

    def close(self) -> None:
        """Hang up."""
        self.ended = True
        self._child.close(force=True)
