"""Events in PostgreSQL: each step is one statement; decides nothing.

Rows leave the database as JSON with the names of the core's model.
"""

from collections.abc import Sequence
from typing import Final

from tiketi_core.event.errors import IdempotencyKeyReusedError
from tiketi_core.event.model import CreationKey, Event, NewEvent, Position, Search
from tiketi_core.event.rules import MOMENT_MS_MAX, search_text
from tiketi_core.kernel.ids import EventId
from tiketi_platform.adapters.postgres.pool import Database
from tiketi_platform.adapters.postgres.queries import Queries

_SQL: Final = Queries.load("event")
_TOP: Final = Position(on_sale_at_ms=MOMENT_MS_MAX, id=EventId(0))
"""Above every event there can be."""
_META: Final = str.maketrans({"\\": "\\\\", "%": "\\%", "_": "\\_"})


class PostgresEvents:
    """The `Events` port."""

    def __init__(self, database: Database) -> None:
        self._database = database.refusing(IdempotencyKeyReusedError)

    async def create(self, event: NewEvent, key: CreationKey) -> Event:
        row = await self._database.fetchval(
            _SQL["create"],
            event.title,
            event.artist,
            event.venue,
            event.description,
            search_text(event),
            event.starts_at_ms,
            event.on_sale_at_ms,
            event.sale_ends_at_ms,
            event.seats_per_user_max,
            key.user_id,
            key.key,
            key.request_hash,
        )
        return Event(**row)

    async def get(self, event_id: EventId) -> Event | None:
        row = await self._database.fetchval(_SQL["get"], event_id)
        return None if row is None else Event(**row)

    async def find(self, search: Search, *, now_ms: int) -> Sequence[Event]:
        below = search.below or _TOP
        args = (search.status, now_ms, below.on_sale_at_ms, below.id, search.limit)
        if not search.words:
            rows = await self._database.fetch(_SQL["list"], *args)
        else:
            patterns = [f"%{word.translate(_META)}%" for word in search.words]
            rows = await self._database.fetch(_SQL["search"], *args, patterns[0], patterns[1:])
        return [Event(**row[0]) for row in rows]
