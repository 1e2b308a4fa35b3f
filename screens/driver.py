"""Textual's driver for a terminal that may be far away, old, or gone at any moment.

Its own ends with exit code 0 at a byte that is not UTF-8, spins where the terminal is gone and SIGHUP is ignored,
and leaves the terminal in disorder at SIGTERM.
"""

from __future__ import annotations

import asyncio
import os
import selectors
import signal
from codecs import getincrementaldecoder
from functools import cached_property
from types import FrameType

from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver

from wizard.screens.pastes import Pastes
from wizard.screens.terminal import Terminal
from wizard.screens.thin import Thin

GRACE = 2.0
"""Seconds that a screen may take to put the terminal in order; a stalled link would take for ever."""
_READ = 4096
_TICK = 0.1
_BOXES = {
    **dict.fromkeys("─━═┄┈╌", "-"),
    **dict.fromkeys("│┃║┆┊╎▏▎▍▌▐▕", "|"),
    **dict.fromkeys("┌┐└┘├┤┬┴┼╭╮╰╯╔╗╚╝╠╣╦╩╬┏┓┗┛┣┫┳┻╋▔▁▀▄", "+"),
    **dict.fromkeys("█▇▆▅▓▒■", "#"),
    **dict.fromkeys("▃▂░□", "."),
    **dict.fromkeys("▶►→▸\u276f", ">"),
    **dict.fromkeys("◀◄←\u2039", "<"),
    **dict.fromkeys("\u203a", ">"),
    **dict.fromkeys("▲↑", "^"),
    **dict.fromkeys("▼↓", "v"),
    **dict.fromkeys("●◉•", "*"),
    "·": ".",
    **dict.fromkeys("✔✓", "+"),
    "○": "-",
    **dict.fromkeys("✘✗", "!"),
    "\u00d7": "x",
    **dict.fromkeys("…", "."),
    **dict.fromkeys("\u2013—", "-"),
    **dict.fromkeys("\u2018\u2019", "'"),
    **dict.fromkeys("“”", '"'),
}
_KITTY = ("\x1b[>", "\x1b[<")
"""How the switches of the kitty keyboard protocol begin, which old terminals take for something else."""
_POINTER = "\x1b]22;"
"""How the mouse pointer's shape begins: no terminal needs it, and some show it and ring the bell."""
_TABLE = str.maketrans(_BOXES)


def plain(text: str) -> str:
    """Write text with ASCII alone; what has no likeness becomes a question mark."""
    return text.translate(_TABLE).encode("ascii", "replace").decode("ascii")


class Driver(LinuxDriver):
    """The driver of all screens; `terminal` is set before one is made."""

    terminal: Terminal = Terminal.of(os.environ)

    def write(self, data: str) -> None:
        """Write to the terminal what it can show."""
        if data.startswith(_POINTER) or (self.terminal.old and data.startswith(_KITTY)):
            return
        data = self._thin(plain(data) if self.terminal.ascii_only and not data.isascii() else data)
        if data:
            super().write(data)

    @cached_property
    def _thin(self) -> Thin:
        return Thin()

    def forget(self) -> None:
        """Draw everything that is drawn next, whatever the terminal shows."""
        self._thin.forget()

    def start_application_mode(self) -> None:
        """Take the terminal; it may have been left to us by nohup(1), which is not to keep us alive without it."""
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        loop = asyncio.get_running_loop()

        def end(_number: int, _frame: FrameType | None) -> None:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.setitimer(signal.ITIMER_REAL, GRACE)
            code = 128 + signal.SIGTERM
            loop.call_soon_threadsafe(self._app.exit, code, code)

        signal.signal(signal.SIGTERM, end)
        super().start_application_mode()  # type: ignore[no-untyped-call]  # Textual has no types there

    def _request_terminal_sync_mode_support(self) -> None:
        if not self.terminal.old:
            super()._request_terminal_sync_mode_support()

    def _query_in_band_window_resize(self) -> None:
        if not self.terminal.old:
            super()._query_in_band_window_resize()

    def _enable_mouse_support(self) -> None:
        if not self.terminal.old:
            super()._enable_mouse_support()

    def run_input_thread(self) -> None:
        """Read what is typed until the screen ends or the terminal is gone."""
        parser = XTermParser(self._debug)
        # A byte that is not UTF-8 is shown as such; nothing that is typed may end the program.
        decode = getincrementaldecoder("utf-8")("replace").decode
        pastes = Pastes()
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                if selector.select(_TICK):
                    text = pastes(decode(self._read()))
                    # The parser takes an empty text for the end.
                    for event in parser.feed(text) if text else ():
                        self.process_message(event)
                for event in parser.tick():
                    self.process_message(event)

    def _read(self) -> bytes:
        """Read from the terminal; where it is gone, end as if it had said so itself."""
        try:
            data = os.read(self.fileno, _READ)
        except OSError:
            data = b""
        if not data:
            signal.signal(signal.SIGHUP, signal.SIG_DFL)
            os.kill(os.getpid(), signal.SIGHUP)
        return data
