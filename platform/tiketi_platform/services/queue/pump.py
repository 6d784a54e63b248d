"""Keeps all waiting rooms moving: one batch per room and turn, and draws beside it. It decides nothing.

A room that fails, fills slowly or holds a draw keeps no other room waiting. Every replica does this.
"""

import asyncio
from typing import Final

from tiketi_core.kernel.errors import UnavailableError
from tiketi_core.kernel.ids import EventId
from tiketi_core.queue.use_cases import WaitingRoom
from tiketi_platform.framework.telemetry import log

TURNS_MAX: Final = 50
"""Batches one round admits per room."""
REST_S: Final = 2.0
"""A room that failed is left alone for so long."""
UNAVAILABLE_IN_A_ROW_MAX: Final = 3
"""So many rooms that the store does not answer for, one after the other: it is away, not they."""


class Pump:
    """The pumping of one process."""

    def __init__(self, waiting_room: WaitingRoom) -> None:
        self._waiting_room = waiting_room
        self._resting: dict[EventId, float] = {}
        self._drawing: dict[EventId, asyncio.Task[None]] = {}
        self._unavailable_count = 0

    @property
    def failing_count(self) -> int:
        """Rooms that could not be pumped lately."""
        return len(self._resting)

    async def round(self) -> None:
        """Let people in wherever there is room. Raises UnavailableError when the store is away."""
        now_s = asyncio.get_running_loop().time()
        self._resting = {room: end_s for room, end_s in self._resting.items() if end_s > now_s}
        self._unavailable_count = 0
        rooms = [room for room in await self._waiting_room.active() if room not in self._resting]
        for _ in range(TURNS_MAX):
            rooms = [room for room in rooms if await self._turn(room)]
            if not rooms:
                return

    async def drawn(self) -> None:
        """Wait for the draws that are under way here."""
        await asyncio.gather(*self._drawing.values())

    async def stop(self) -> None:
        """Give up the draws that are under way: another replica begins anew."""
        for task in self._drawing.values():
            task.cancel()
        await asyncio.gather(*self._drawing.values(), return_exceptions=True)

    async def _turn(self, event_id: EventId) -> bool:
        """One batch; whether there may be more to do at once."""
        try:
            pumped = await self._waiting_room.pump(event_id)
        except UnavailableError as error:
            log.warning("a room waits", extra={"event_id": event_id, "reason": str(error)})
            self._rest(event_id)
            self._unavailable_count += 1
            if self._unavailable_count == UNAVAILABLE_IN_A_ROW_MAX:
                raise
            return False
        except Exception as error:  # noqa: BLE001  # logged and counted; other rooms go on
            log.error("a room is not pumped", extra={"event_id": event_id}, exc_info=error)
            self._rest(event_id)
            return False
        self._unavailable_count = 0
        if pumped.drawing and event_id not in self._drawing:
            task = asyncio.get_running_loop().create_task(self._draw(event_id))
            self._drawing[event_id] = task
            task.add_done_callback(lambda _: self._drawing.pop(event_id, None))
        return pumped.more

    async def _draw(self, event_id: EventId) -> None:
        try:
            await self._waiting_room.draw(event_id)
        except Exception as error:  # noqa: BLE001  # logged; the next round tries again
            log.error("no draw", extra={"event_id": event_id}, exc_info=error)

    def _rest(self, event_id: EventId) -> None:
        self._resting[event_id] = asyncio.get_running_loop().time() + REST_S
