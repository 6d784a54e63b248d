"""Keeps one channel's sender going: woken by what is heard, and never stopped between a mail and its record."""

import asyncio
from collections.abc import Coroutine
from typing import Final, TypeVar

from tiketi_core.notification.model import ChannelName
from tiketi_core.notification.use_cases import Sender

BATCH_MAX: Final = 250
"""Deliveries under way at once in one process and channel: what a crash may repeat, at most."""
LOOK_EVERY_S: Final = 1.0
"""How often retries that have become due are looked for when no message comes."""
FINISH_S: Final = 8.0
"""What a batch under way is given when the service stops; below the platform's own patience."""

T = TypeVar("T")


class Postman:
    """The loop around one sender."""

    def __init__(self, name: ChannelName, sender: Sender, *, batch_max: int = BATCH_MAX) -> None:
        self.name = name
        self.heard = asyncio.Event()
        self._sender = sender
        self._batch_max = batch_max

    async def send_due(self) -> None:
        """Wait for something to send, then send all that is due. Cancelled, it finishes the batch in hand."""
        try:
            async with asyncio.timeout(LOOK_EVERY_S):
                await self.heard.wait()
        except TimeoutError:
            # Nothing new; retries may have become due all the same.
            self.heard.set()
        self.heard.clear()
        while await _finished(self._sender.send_due(self._batch_max)) >= self._batch_max:
            continue


async def _finished(work: Coroutine[None, None, T]) -> T:
    """The result of `work`, which a cancellation lets come to its end, within `FINISH_S`."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task], timeout=FINISH_S)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        raise
