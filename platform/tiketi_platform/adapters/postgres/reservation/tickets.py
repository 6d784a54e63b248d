"""Tickets in PostgreSQL."""

from typing import Final

from tiketi_core.kernel.ids import EventId, ReservationId, TicketId, UserId
from tiketi_core.reservation import errors
from tiketi_core.reservation.model import Ticket
from tiketi_platform.adapters.postgres.pool import Database
from tiketi_platform.adapters.postgres.queries import Queries
from tiketi_platform.adapters.postgres.reservation.rows import ticket
from tiketi_platform.framework.moments import to_instant

_SQL: Final = Queries.load("reservation")


class PostgresTickets:
    """The `TicketBooks` port."""

    def __init__(self, database: Database) -> None:
        self._database = database.refusing(
            errors.TicketInvalidError,
            errors.TicketNotFoundError,
            errors.TicketOfOtherEventError,
            errors.TicketUsedError,
        )

    async def find(self, ticket_id: TicketId) -> Ticket | None:
        row = await self._database.fetchrow(_SQL["ticket"], ticket_id)
        return None if row is None else ticket(row)

    async def of_user(
        self,
        user_id: UserId,
        *,
        below_id: int,
        event_id: EventId | None,
        reservation_id: ReservationId | None,
        limit: int,
    ) -> list[Ticket]:
        rows = await self._database.fetch(
            _SQL["tickets_of_user"], user_id, below_id, event_id, reservation_id, limit
        )
        return [ticket(row) for row in rows]

    async def use(
        self, ticket_id: TicketId, *, code: str, event_id: EventId, now_ms: int
    ) -> Ticket:
        row = await self._database.fetchrow(
            _SQL["use_ticket"], ticket_id, code, event_id, to_instant(now_ms)
        )
        assert row is not None, "a function in FROM gives one row"
        return ticket(row)
