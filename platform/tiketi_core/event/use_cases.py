"""Announcing events and finding them."""

from dataclasses import replace

from tiketi_core.event import rules
from tiketi_core.event.errors import EventNotFoundError
from tiketi_core.event.model import CreationKey, Event, Listing, NewEvent, Position, Search
from tiketi_core.event.ports import Events
from tiketi_core.kernel.ids import EventId


class Catalogue:
    """Everything the event service does."""

    def __init__(self, events: Events) -> None:
        self._events = events

    async def announce(self, event: NewEvent, key: CreationKey) -> Event:
        """Make an event; raises InvalidRequestError for times that make no sense, IdempotencyKeyReusedError."""
        rules.check_times(event)
        return await self._events.create(event, key)

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
