"""The seats of events in PostgreSQL: made in one statement, read as a letter per seat."""

from typing import Final

from tiketi_core.kernel.ids import EventId
from tiketi_core.reservation import errors
from tiketi_core.reservation.model import Block, Generated, Layout, SeatPlan
from tiketi_platform.adapters.postgres.pool import Database
from tiketi_platform.adapters.postgres.queries import Queries
from tiketi_platform.framework.moments import to_instant

_SQL: Final = Queries.load("reservation")


class PostgresSeating:
    """The `SeatingBooks` port."""

    def __init__(self, database: Database) -> None:
        self._database = database.refusing(errors.SeatsInUseError)

    async def generate(self, event_id: EventId, layout: Layout, *, now_ms: int) -> Generated:
        sections = [
            {
                "name": section.name,
                "rows": section.rows,
                "seats_per_row": section.seats_per_row,
                "price": section.price,
                "start_row": section.start_row,
            }
            for section in layout.sections
        ]
        row = await self._database.fetchrow(
            _SQL["generate_seats"], event_id, layout.name, sections, to_instant(now_ms)
        )
        assert row is not None, "a function in FROM gives one row"
        if row["created_count"]:
            # Buyers come at once, and would be planned for an empty table until autovacuum has looked.
            await self._database.execute(_SQL["analyze_seats"])
        return Generated(row["created_count"], row["removed_count"])

    async def version(self, event_id: EventId, *, now_ms: int) -> int | None:
        version: int | None = await self._database.fetchval(
            _SQL["map_version"], event_id, to_instant(now_ms)
        )
        return version

    async def plan(self, event_id: EventId, *, now_ms: int) -> SeatPlan | None:
        row = await self._database.fetchrow(_SQL["seat_map"], event_id, to_instant(now_ms))
        if row is None:
            return None
        return SeatPlan(
            row["version"], tuple(Block(*block) for block in row["sections"]), row["states"]
        )
