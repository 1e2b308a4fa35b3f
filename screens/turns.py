"""Keys and pastes in their turn: the next is passed on when all that the one before did is done.

Textual hands a letter to the field in focus at once, but a key that is bound (Ctrl+U, Tab) comes up to the app first,
through the queue of every widget around that field. What comes in one burst, as after a stalled link, would happen in
another order than it was typed in: letters before the key that was to empty the field for them.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Awaitable, Callable

from textual.dom import DOMNode
from textual.events import Key, Paste

LONGEST = 1.0
"""Seconds that a key may take before the next one has its turn anyway: a field may be gone with its queue."""


class Turns:
    """The keys that wait for their turn."""

    def __init__(
        self, app: DOMNode, target: Callable[[], DOMNode], pass_on: Callable[[Key | Paste], Awaitable[None]]
    ) -> None:
        """Prepare it.

        Args:
            app: where a key ends that nobody stops.
            target: names the widget that gets the next one.
            pass_on: passes one on.
        """
        self._app = app
        self._target = target
        self._pass_on = pass_on
        self._waiting: deque[Key | Paste] = deque()
        self._since: float | None = None
        """When the one began whose turn it is."""
        self._turn = 0

    async def take(self, event: Key | Paste) -> None:
        """Pass it on in its turn."""
        self._waiting.append(event)
        if self._since is None:
            await self._next()

    async def unstick(self) -> None:
        """Go on if a key's end was not seen in `LONGEST`; to be called now and then."""
        if self._since is not None and time.monotonic() - self._since > LONGEST:
            await self._next()

    async def _next(self) -> None:
        if not self._waiting:
            self._since = None
            return
        self._since = time.monotonic()
        self._turn += 1
        target, event = self._target(), self._waiting.popleft()
        await self._pass_on(event)
        # Enter makes a field send a message of its own, which comes up behind the key.
        twice = isinstance(event, Key) and event.key == "enter"
        self._trail(target, self._turn, target if twice else None)

    def _trail(self, node: DOMNode, turn: int, again: DOMNode | None) -> None:
        """Follow a key through the queues that it comes through, from the field in focus up to the app.

        Args:
            node: whose queue it is in now.
            turn: the key's.
            again: where to begin once more when it has come up, if anywhere.
        """
        above = node.parent
        if node is not self._app and above is not None and node.call_later(self._trail, above, turn, again):
            return
        if again is not None:
            self._trail(again, turn, None)
            return
        # Once more through the app's queue: what the key's action has put there comes first.
        self._app.call_later(self._ended, turn)

    async def _ended(self, turn: int) -> None:
        if turn == self._turn:
            await self._next()
