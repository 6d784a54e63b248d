"""What the catalogue needs of the world: where events, news and images are kept, and who makes images small."""

from collections.abc import Sequence
from typing import Protocol

from tiketi_core.event.model import (
    CreationKey,
    Event,
    NewEvent,
    NewNews,
    News,
    NewsChange,
    NewsPosition,
    Picture,
    Pictures,
    Search,
    Settled,
)
from tiketi_core.kernel.ids import EventId, NewsId, UserId


class Events(Protocol):
    """Keeps events; each method is one atomic step, and what it changes is announced in the same step."""

    async def create(
        self, event: NewEvent, key: CreationKey, *, now_ms: int, request_id: str
    ) -> Event:
        """Announce it; the event of the first time when the key was used for the same before.

        Raises IdempotencyKeyReusedError.
        """
        ...

    async def get(self, event_id: EventId) -> Event | None: ...

    async def find(self, search: Search, *, now_ms: int) -> Sequence[Event]:
        """At most `limit` events whose status at `now_ms` is the one asked for, newest sale first."""
        ...

    async def change(
        self, event_id: EventId, version: int, event: NewEvent, *, now_ms: int, request_id: str
    ) -> Event | None:
        """Make it so, if it is still at this version; None if it is not.

        Raises EventNotFoundError, EventCancelledError.
        """
        ...

    async def cancel(
        self,
        event_id: EventId,
        reason: str,
        *,
        version: int | None,
        now_ms: int,
        request_id: str,
    ) -> Event:
        """Cancel it; a cancelled one stays as it is. Raises EventNotFoundError, PreconditionFailedError."""
        ...

    async def delete(
        self, event_id: EventId, version: int | None, *, now_ms: int, request_id: str
    ) -> Event:
        """Remove it. Raises EventNotFoundError, EventInUseError, PreconditionFailedError."""
        ...

    async def settle_due(self, *, now_ms: int, limit: int) -> Settled:
        """Announce what the clock has changed; each change once, however many ask."""
        ...

    async def reindex(self, limit: int) -> int:
        """Write anew what another edition of the rules wrote for the search; returns for how many."""
        ...


class NewsBooks(Protocol):
    """Keeps news."""

    async def publish(self, news: NewNews, key: CreationKey, *, now_ms: int) -> News:
        """Raises IdempotencyKeyReusedError."""
        ...

    async def get(self, news_id: NewsId) -> News | None: ...

    async def page(self, below: NewsPosition | None, *, limit: int) -> Sequence[News]:
        """Pinned first, then the newest."""
        ...

    async def change(
        self, news_id: NewsId, version: int | None, change: NewsChange, *, now_ms: int
    ) -> News:
        """Raises NewsNotFoundError, PreconditionFailedError."""
        ...

    async def delete(self, news_id: NewsId, version: int | None, *, now_ms: int) -> News:
        """Raises NewsNotFoundError, PreconditionFailedError."""
        ...


class Darkroom(Protocol):
    """Makes of a file what may be shown."""

    async def develop(self, content: bytes) -> Pictures:
        """Upright, without metadata, in all sizes. Raises ImageInvalidError, ImageTooLargeError."""
        ...


class PictureStore(Protocol):
    """Keeps bytes by name, for ever."""

    async def keep(self, picture: Picture) -> None:
        """Keep it; one that is there already is the same. Raises UnavailableError."""
        ...

    async def fetch(self, name: str) -> bytes | None:
        """Raises UnavailableError."""
        ...


class PictureBooks(Protocol):
    """Notes which images there are."""

    async def count_portrait(self, user_id: UserId, *, now_ms: int) -> None:
        """Count one more portrait of this user; raises TooManyPortraitsError."""
        ...

    async def discount_portrait(self, user_id: UserId) -> None:
        """Take one of those that were counted back."""
        ...

    async def note(self, pictures: Pictures, *, uploaded_by: UserId, now_ms: int) -> None:
        """The same image again changes nothing."""
        ...
