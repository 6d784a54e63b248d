"""Announcing, changing, cancelling and finding events."""

from dataclasses import replace
from typing import Final

from tiketi_core.event import rules
from tiketi_core.event.errors import EventNotFoundError, PreconditionFailedError
from tiketi_core.event.model import (
    CreationKey,
    Event,
    EventChange,
    Listing,
    NewEvent,
    Position,
    Search,
    Settled,
)
from tiketi_core.event.ports import Events
from tiketi_core.kernel import bounds
from tiketi_core.kernel.clock import Clock
from tiketi_core.kernel.errors import UnavailableError
from tiketi_core.kernel.ids import EventId

CHANGE_ATTEMPTS_MAX: Final = 5
"""Tries at a change that names no version, while others keep changing the same event."""


class Catalogue:
    """Everything the event service does with events."""

    def __init__(self, events: Events, clock: Clock) -> None:
        self._events = events
        self._clock = clock

    async def announce(self, event: NewEvent, key: CreationKey, *, request_id: str) -> Event:
        """Make an event; raises InvalidRequestError for times that make no sense, IdempotencyKeyReusedError."""
        rules.check_times(event)
        now_ms = self._clock.now_ms()
        return await self._events.create(event, key, now_ms=now_ms, request_id=request_id)

    async def change(
        self, event_id: EventId, change: EventChange, *, version: int | None, request_id: str
    ) -> Event:
        """Change an event that is at `version`, or with None whatever its version.

        Raises InvalidRequestError, EventNotFoundError, EventCancelledError, PreconditionFailedError.
        """
        for _ in range(CHANGE_ATTEMPTS_MAX):
            found = await self.event(event_id)
            if version not in {None, found.version}:
                raise PreconditionFailedError
            wanted = rules.changed(found, change)
            rules.check_times(wanted)
            now_ms = self._clock.now_ms()
            changed = await self._events.change(
                event_id, found.version, wanted, now_ms=now_ms, request_id=request_id
            )
            if changed is not None:
                return changed
            if version is not None:
                raise PreconditionFailedError
        raise UnavailableError("too many are changing the same event right now")

    async def cancel(
        self, event_id: EventId, reason: str, *, version: int | None, request_id: str
    ) -> Event:
        """Cancel an event; whoever holds something for it hears of it. One that is cancelled stays as it is.

        Raises EventNotFoundError, PreconditionFailedError.
        """
        now_ms = self._clock.now_ms()
        return await self._events.cancel(
            event_id, reason, version=version, now_ms=now_ms, request_id=request_id
        )

    async def delete(self, event_id: EventId, *, version: int | None, request_id: str) -> Event:
        """Remove an event without seats. Raises EventNotFoundError, EventInUseError, PreconditionFailedError."""
        now_ms = self._clock.now_ms()
        return await self._events.delete(event_id, version, now_ms=now_ms, request_id=request_id)

    async def event(self, event_id: EventId) -> Event:
        """One event; raises EventNotFoundError."""
        event = await self._events.get(event_id)
        if event is None:
            raise EventNotFoundError
        return event

    async def listing(self, search: Search, *, now_ms: int) -> Listing:
        """One page of what is searched for."""
        # One more than asked for says whether there is a next page.
        found = await self._events.find(replace(search, limit=search.limit + 1), now_ms=now_ms)
        events = found[: search.limit]
        if len(found) <= search.limit:
            return Listing(events=events, next=None)
        last = events[-1]
        return Listing(events=events, next=Position(on_sale_at_ms=last.on_sale_at_ms, id=last.id))

    async def settle_due(self) -> Settled:
        """Announce every change of status that the clock has brought, batch by batch."""
        event_ids: list[EventId] = []
        while True:
            now_ms = self._clock.now_ms()
            settled = await self._events.settle_due(now_ms=now_ms, limit=bounds.batch_max)
            event_ids += settled.event_ids
            if len(settled.event_ids) < bounds.batch_max:
                return replace(settled, event_ids=event_ids)

    async def reindex(self) -> None:
        """Let the search know what this release's rules make of every event."""
        while await self._events.reindex(bounds.batch_max) == bounds.batch_max:
            pass
