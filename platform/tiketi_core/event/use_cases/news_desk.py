"""News of the house: published, changed, removed, read."""

from tiketi_core.event.errors import NewsNotFoundError
from tiketi_core.event.model import (
    CreationKey,
    NewNews,
    News,
    NewsChange,
    NewsListing,
    NewsPosition,
)
from tiketi_core.event.ports import NewsBooks
from tiketi_core.kernel.clock import Clock
from tiketi_core.kernel.ids import NewsId


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
