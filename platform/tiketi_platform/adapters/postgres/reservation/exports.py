"""Seats and reservations of an event as rows for the audit; changes nothing."""

from typing import Any, Final

from tiketi_core.kernel.ids import EventId
from tiketi_platform.adapters.postgres.pool import Database
from tiketi_platform.adapters.postgres.queries import Queries

_SQL: Final = Queries.load("reservation")


class PostgresExports:
    """Rows by ascending id; columns have the names of the contract's structs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def seats(self, event_id: EventId, *, above_id: int, limit: int) -> list[dict[str, Any]]:
        """Rows (seat_id, status, reservation_id)."""
        rows = await self._database.fetch(_SQL["export_seats"], event_id, above_id, limit)
        return [dict(row) for row in rows]

    async def reservations(
        self, event_id: EventId, *, above_id: int, limit: int
    ) -> list[dict[str, Any]]:
        """Rows (reservation_id, number, user_id, status, …, seat_ids, ticket_count, payment_id)."""
        rows = await self._database.fetch(_SQL["export_reservations"], event_id, above_id, limit)
        return [{**row, "seat_ids": tuple(row["seat_ids"])} for row in rows]
