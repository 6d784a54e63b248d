"""The event service as a catalogue: what is on sale, remembered for a moment so that a stampede asks once."""

import asyncio
import time
from dataclasses import dataclass
from typing import Final

from tiketi_core.kernel.errors import UnavailableError
from tiketi_core.kernel.ids import EventId
from tiketi_platform.adapters.peers.client import PeerClient
from tiketi_sdk.contract import event
from tiketi_sdk.errors import NotFoundError

FRESH_S: Final = 1.0
"""An answer is used for this long without asking again."""
STALE_S_MAX: Final = 60.0
"""While the event service does not answer, the last answer is good for this long."""
EVENTS_MAX: Final = 10_000
"""Events remembered."""
UNKNOWN_MAX: Final = 1_000
"""Ids remembered that are no event; apart, so that inventing ids pushes no event out."""


@dataclass(slots=True)
class _Remembered:
    event: event.Event | None
    asked_at: float


class EventCatalogue:
    """Events by id. The status in an answer is as of when it was fetched: judge the times yourself."""

    def __init__(self, peer: PeerClient) -> None:
        self._peer = peer
        self._known: dict[EventId, _Remembered] = {}
        self._unknown: dict[EventId, _Remembered] = {}
        self._asking: dict[EventId, asyncio.Task[event.Event | None]] = {}

    async def find(self, event_id: EventId, *, anew: bool = False) -> event.Event | None:
        """The event, or None where there is none; UnavailableError when nobody can say.

        With `anew` what is remembered does only while the event service does not answer.
        """
        known = self._known.get(event_id) or self._unknown.get(event_id)
        if known is not None and not anew and time.monotonic() - known.asked_at < FRESH_S:
            return known.event
        try:
            return await self._ask_once(event_id)
        except UnavailableError:
            if known is None or time.monotonic() - known.asked_at > STALE_S_MAX:
                raise
            return known.event

    async def _ask_once(self, event_id: EventId) -> event.Event | None:
        # One question however many wait for it; a waiter that goes away does not take it along.
        asking = self._asking.get(event_id)
        if asking is None:
            asking = asyncio.create_task(self._ask(event_id))
            self._asking[event_id] = asking
            asking.add_done_callback(lambda _task: self._asking.pop(event_id, None))
        return await asyncio.shield(asking)

    async def _ask(self, event_id: EventId) -> event.Event | None:
        try:
            found: event.Event | None = await self._peer.call(
                event.GET, event.EventRequest(event_id=event_id)
            )
        except NotFoundError:
            found = None
        # Taken out first: what was asked for lately stays longest.
        for remembered in (self._known, self._unknown):
            remembered.pop(event_id, None)
        kept, most = (self._unknown, UNKNOWN_MAX) if found is None else (self._known, EVENTS_MAX)
        while len(kept) >= most:
            del kept[next(iter(kept))]
        kept[event_id] = _Remembered(found, time.monotonic())
        return found
