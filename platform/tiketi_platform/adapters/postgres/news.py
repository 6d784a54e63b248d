"""News in PostgreSQL: each step is one statement; decides nothing."""

from collections.abc import Sequence
from typing import Final

from tiketi_core.event.errors import (
    IdempotencyKeyReusedError,
    NewsNotFoundError,
    PreconditionFailedError,
)
from tiketi_core.event.model import (
    CreationKey,
    NewNews,
    News,
    NewsChange,
    NewsPosition,
)
from tiketi_core.kernel.ids import NewsId
from tiketi_platform.adapters.postgres.pool import Database
from tiketi_platform.adapters.postgres.queries import Queries

_SQL: Final = Queries.load("event")
_TOP: Final = NewsPosition(is_pinned=True, id=NewsId(2**63 - 1))
"""Above all news there can be."""
_NOTHING: Final = NewsChange()


class PostgresNews:
    """The `NewsBooks` port."""

    def __init__(self, database: Database) -> None:
        self._database = database.refusing(
            IdempotencyKeyReusedError, NewsNotFoundError, PreconditionFailedError
        )

    async def publish(self, news: NewNews, key: CreationKey, *, now_ms: int) -> News:
        row = await self._database.fetchval(
            _SQL["publish_news"],
            news.title,
            news.body,
            news.is_pinned,
            news.image_url,
            key.user_id,
            key.key,
            key.request_hash,
            now_ms,
        )
        return News(**row)

    async def get(self, news_id: NewsId) -> News | None:
        row = await self._database.fetchval(_SQL["get_news"], news_id)
        return None if row is None else News(**row)

    async def page(self, below: NewsPosition | None, *, limit: int) -> Sequence[News]:
        below = below or _TOP
        rows = await self._database.fetch(_SQL["list_news"], below.is_pinned, below.id, limit)
        return [News(**row[0]) for row in rows]

    async def change(
        self, news_id: NewsId, version: int | None, change: NewsChange, *, now_ms: int
    ) -> News:
        return await self._change(news_id, version, change, is_deleted=False, now_ms=now_ms)

    async def delete(self, news_id: NewsId, version: int | None, *, now_ms: int) -> News:
        return await self._change(news_id, version, _NOTHING, is_deleted=True, now_ms=now_ms)

    async def _change(
        self,
        news_id: NewsId,
        version: int | None,
        change: NewsChange,
        *,
        is_deleted: bool,
        now_ms: int,
    ) -> News:
        row = await self._database.fetchval(
            _SQL["change_news"],
            news_id,
            version,
            change.title,
            change.body,
            change.is_pinned,
            change.image_url,
            is_deleted,
            now_ms,
        )
        return News(**row)
