"""Announcing, changing, cancelling and finding events; news and images beside them."""

from dataclasses import replace
from typing import Final

from tiketi_core.event import rules
from tiketi_core.event.errors import (
    EventNotFoundError,
    ImageNotFoundError,
    NewsNotFoundError,
    PreconditionFailedError,
)
from tiketi_core.event.model import (
    CreationKey,
    Event,
    EventChange,
    Listing,
    NewEvent,
    NewNews,
    News,
    NewsChange,
    NewsListing,
    NewsPosition,
    Pictures,
    Position,
    Search,
    Settled,
)
from tiketi_core.event.ports import Darkroom, Events, NewsBooks, PictureBooks, PictureStore
from tiketi_core.kernel import bounds
from tiketi_core.kernel.clock import Clock
from tiketi_core.kernel.errors import UnavailableError
from tiketi_core.kernel.ids import EventId, NewsId, UserId

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

    async def cancel(self, event_id: EventId, reason: str, *, request_id: str) -> Event:
        """Cancel an event; whoever holds something for it hears of it. Raises EventNotFoundError."""
        now_ms = self._clock.now_ms()
        return await self._events.cancel(event_id, reason, now_ms=now_ms, request_id=request_id)

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


class NewsDesk:
    """News of the house."""

    def __init__(self, books: NewsBooks, clock: Clock) -> None:
        self._books = books
        self._clock = clock

    async def publish(self, news: NewNews, key: CreationKey) -> News:
        """Raises IdempotencyKeyReusedError."""
        return await self._books.publish(news, key, now_ms=self._clock.now_ms())

    async def news(self, news_id: NewsId) -> News:
        """One piece of news; raises NewsNotFoundError."""
        news = await self._books.get(news_id)
        if news is None:
            raise NewsNotFoundError
        return news

    async def listing(self, below: NewsPosition | None, *, limit: int) -> NewsListing:
        """One page, pinned first."""
        found = await self._books.page(below, limit=limit + 1)
        news = found[:limit]
        if len(found) <= limit:
            return NewsListing(news, None)
        return NewsListing(news, NewsPosition(news[-1].is_pinned, news[-1].id))

    async def change(self, news_id: NewsId, change: NewsChange, *, version: int | None) -> News:
        """Raises NewsNotFoundError, PreconditionFailedError."""
        return await self._books.change(news_id, version, change, now_ms=self._clock.now_ms())

    async def delete(self, news_id: NewsId, *, version: int | None) -> News:
        """Raises NewsNotFoundError, PreconditionFailedError."""
        return await self._books.delete(news_id, version, now_ms=self._clock.now_ms())


class Gallery:
    """Images of events and news, and of users."""

    def __init__(
        self, *, darkroom: Darkroom, store: PictureStore, books: PictureBooks, clock: Clock
    ) -> None:
        self._darkroom = darkroom
        self._store = store
        self._books = books
        self._clock = clock

    async def add(self, content: bytes, *, user_id: UserId) -> Pictures:
        """Keep an image in all its sizes. Raises ImageInvalidError, ImageTooLargeError, UnavailableError."""
        return await self._keep(await self._darkroom.develop(content), user_id=user_id)

    async def add_portrait(self, content: bytes, *, user_id: UserId) -> Pictures:
        """Keep a user's own picture, small; raises TooManyPortraitsError too."""
        # Before the work: it is what costs.
        await self._books.count_portrait(user_id, now_ms=self._clock.now_ms())
        pictures = await self._darkroom.develop(content)
        return await self._keep(rules.as_portrait(pictures), user_id=user_id)

    async def _keep(self, pictures: Pictures, *, user_id: UserId) -> Pictures:
        for picture in (*pictures.variants, pictures.original):
            await self._store.keep(picture)
        await self._books.note(pictures, uploaded_by=user_id, now_ms=self._clock.now_ms())
        return pictures

    async def content(self, name: str) -> bytes:
        """The bytes of an image; raises ImageNotFoundError, UnavailableError."""
        content = await self._store.fetch(name)
        if content is None:
            raise ImageNotFoundError
        return content
