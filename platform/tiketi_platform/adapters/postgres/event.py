"""Events in PostgreSQL: each step is one statement; decides nothing.

Rows leave the database as JSON with the names of the core's model.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

from tiketi_core.event import rules
from tiketi_core.event.errors import (
    EventCancelledError,
    EventInUseError,
    EventNotFoundError,
    IdempotencyKeyReusedError,
    PreconditionFailedError,
)
from tiketi_core.event.model import (
    CreationKey,
    Event,
    NewEvent,
    Position,
    Search,
    SeatsGenerated,
    SeatsSold,
    Settled,
)
from tiketi_core.kernel.ids import EventId
from tiketi_platform.adapters.postgres.pool import Connection, Database
from tiketi_platform.adapters.postgres.queries import Queries

_SQL: Final = Queries.load("event")
_TOP: Final = Position(on_sale_at_ms=rules.MOMENT_MS_MAX, id=EventId(0))
"""Above every event there can be."""
_META: Final = str.maketrans({"\\": "\\\\", "%": "\\%", "_": "\\_"})


class PostgresEvents:
    """The `Events` port."""

    def __init__(self, database: Database) -> None:
        self._database = database.refusing(
            IdempotencyKeyReusedError,
            EventNotFoundError,
            EventCancelledError,
            EventInUseError,
            PreconditionFailedError,
        )

    async def create(
        self, event: NewEvent, key: CreationKey, *, now_ms: int, request_id: str
    ) -> Event:
        row = await self._database.fetchval(
            _SQL["announce"],
            _row(event),
            key.user_id,
            key.key,
            key.request_hash,
            now_ms,
            request_id,
        )
        return Event(**row)

    async def get(self, event_id: EventId) -> Event | None:
        row = await self._database.fetchval(_SQL["get"], event_id)
        return None if row is None else Event(**row)

    async def find(self, search: Search, *, now_ms: int) -> Sequence[Event]:
        below = search.below or _TOP
        args = (
            search.status,
            now_ms,
            below.on_sale_at_ms,
            below.id,
            search.limit,
            search.skip,
            search.starts_from_ms,
            search.starts_before_ms,
            search.price_min,
            search.price_max,
            _patterns(search.venue_words),
        )
        if not search.words:
            rows = await self._database.fetch(_SQL["list"], *args)
        else:
            keys = _patterns([rules.index_key(word) for word in search.words])
            words = _patterns(search.words)
            rows = await self._database.fetch(_SQL["search"], *args, keys[0], keys[1:], words)
        return [Event(**row[0]) for row in rows]

    async def change(
        self, event_id: EventId, version: int, event: NewEvent, *, now_ms: int, request_id: str
    ) -> Event | None:
        row = await self._database.fetchval(
            _SQL["change"], event_id, version, _row(event), now_ms, request_id
        )
        return None if row is None else Event(**row)

    async def cancel(
        self,
        event_id: EventId,
        reason: str,
        *,
        version: int | None,
        now_ms: int,
        request_id: str,
    ) -> Event:
        row = await self._database.fetchval(
            _SQL["cancel"], event_id, version, reason, now_ms, request_id
        )
        return Event(**row)

    async def delete(
        self, event_id: EventId, version: int | None, *, now_ms: int, request_id: str
    ) -> Event:
        row = await self._database.fetchval(_SQL["delete"], event_id, version, now_ms, request_id)
        return Event(**row)

    async def settle_due(self, *, now_ms: int, limit: int) -> Settled:
        row = await self._database.fetchrow(_SQL["settle_due"], now_ms, limit)
        assert row is not None, "a function with OUT parameters returns one row"
        return Settled([EventId(each) for each in row["event_ids"]], row["next_at_ms"])

    async def reindex(self, limit: int) -> int:
        rows = await self._database.fetch(_SQL["other_edition"], rules.SEARCH_EDITION, limit)
        for row in rows:
            event = Event(**row[0])
            await self._database.execute(
                _SQL["reindex"], event.id, event.version, *_search_columns(event).values()
            )
        return len(rows)


async def apply_sales(
    connection: Connection,
    *,
    sold: Sequence[SeatsSold],
    generated: Sequence[SeatsGenerated],
    now_ms: int,
) -> list[EventId]:
    """Apply what reservations say, in the caller's transaction; returns events that look different now."""
    changed = await connection.fetchval(
        _SQL["apply_sales"],
        [asdict(each) for each in sold],
        [asdict(each) for each in generated],
        now_ms,
    )
    return [EventId(each) for each in changed]


def _row(event: NewEvent) -> dict[str, object]:
    return {**asdict(event), **_search_columns(event)}


def _search_columns(event: NewEvent) -> dict[str, str]:
    search = rules.search_text(event)
    return {
        "search": search,
        "search_key": rules.index_key(search),
        "search_venue": rules.fold(event.venue),
        "search_edition": rules.SEARCH_EDITION,
    }


def _patterns(words: Sequence[str]) -> list[str]:
    return [f"%{word.translate(_META)}%" for word in words]
