"""Lets so many through in one turn of the event loop and the others in the next, in their order; drops nobody."""

import asyncio
from collections import deque


class Turnstile:
    """Spreads a crowd that came in one instant over many turns of the loop."""

    def __init__(self, turns_count: int) -> None:
        self._turns_count = turns_count
        self._left_count = turns_count
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._reset_due = False

    async def turn(self) -> None:
        """Return when it is our turn."""
        if not self._reset_due:
            self._reset_due = True
            asyncio.get_running_loop().call_soon(self._reset)
        if self._left_count > 0 and not self._waiting:
            self._left_count -= 1
            return
        waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        await waiting

    def _reset(self) -> None:
        self._left_count = self._turns_count
        while self._waiting and self._left_count > 0:
            waiting = self._waiting.popleft()
            if not waiting.done():
                waiting.set_result(None)
                self._left_count -= 1
        self._reset_due = bool(self._waiting)
        if self._reset_due:
            asyncio.get_running_loop().call_soon(self._reset)
