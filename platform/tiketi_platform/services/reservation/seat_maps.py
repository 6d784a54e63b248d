"""Seat maps as encoded answers, remembered per event while they are unchanged; decides nothing.

A map is identified by its version, which also moves when a hold runs out by time. How old an answer
may be is `FRESH_MS`; within this process a change drops it at once.
"""

import asyncio
from dataclasses import dataclass
from typing import Final

from tiketi_core.kernel.clock import Clock
from tiketi_core.kernel.ids import EventId
from tiketi_core.reservation.model import SeatPlan
from tiketi_core.reservation.use_cases import Seating
from tiketi_platform.framework.routing import encode
from tiketi_platform.services.reservation.translate import seat_map_wire

FRESH_MS: Final = 250
"""A map is given out for so long without asking whether it has changed elsewhere."""
EVENTS_MAX: Final = 64
"""Maps remembered: at most 130 kB each."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """One event's map, ready to send."""

    etag: str
    version: int
    body: bytes


@dataclass(frozen=True, slots=True)
class _Remembered:
    drawn: Drawn
    checked_at_ms: int


class SeatMaps:
    """The maps of this process."""

    def __init__(self, seating: Seating, clock: Clock) -> None:
        self._seating = seating
        self._clock = clock
        self._known: dict[EventId, _Remembered] = {}
        self._drawing: dict[EventId, asyncio.Task[Drawn]] = {}

    async def get(self, event_id: EventId) -> Drawn:
        """The map as it is, at most `FRESH_MS` old; EventNotFoundError where there are no seats."""
        known = self._known.get(event_id)
        if known is not None and 0 <= self._clock.now_ms() - known.checked_at_ms < FRESH_MS:
            return known.drawn
        # One look however many wait for it; a waiter that goes away does not take it along.
        drawing = self._drawing.get(event_id)
        if drawing is None:
            drawing = asyncio.create_task(self._look(event_id))
            self._drawing[event_id] = drawing
            drawing.add_done_callback(lambda task: self._looked(event_id, task))
        return await asyncio.shield(drawing)

    def changed(self, event_id: EventId) -> None:
        """Seats of the event have changed by this process: look again at the next request."""
        known = self._known.get(event_id)
        if known is not None:
            self._known[event_id] = _Remembered(known.drawn, checked_at_ms=-FRESH_MS)
        # A look under way may have seen the seats before the change.
        self._drawing.pop(event_id, None)

    async def _look(self, event_id: EventId) -> Drawn:
        now_ms = self._clock.now_ms()
        me = asyncio.current_task()
        known = self._known.get(event_id)
        if known is not None and await self._seating.version(event_id) == known.drawn.version:
            drawn = known.drawn
        else:
            drawn = _draw(event_id, await self._seating.plan(event_id))
        if self._drawing.get(event_id) is me:
            while len(self._known) >= EVENTS_MAX and event_id not in self._known:
                del self._known[next(iter(self._known))]
            self._known[event_id] = _Remembered(drawn, now_ms)
        return drawn

    def _looked(self, event_id: EventId, task: asyncio.Task[Drawn]) -> None:
        if self._drawing.get(event_id) is task:
            del self._drawing[event_id]
        if not task.cancelled():
            task.exception()  # those who waited have seen it; nobody may have


def _draw(event_id: EventId, plan: SeatPlan) -> Drawn:
    return Drawn(
        f'"{event_id}-{plan.version}"', plan.version, encode(seat_map_wire(event_id, plan))
    )
