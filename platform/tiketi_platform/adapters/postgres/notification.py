"""Deliveries in PostgreSQL: the notification slice's books. Decides nothing; the statements hold the rules."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

from tiketi_core.kernel.ids import DeliveryId, UserId
from tiketi_core.notification.model import Delivery, Notice, Outcome
from tiketi_platform.adapters.postgres.pool import Database, Record
from tiketi_platform.adapters.postgres.queries import Queries

LEASE_MS: Final = 60_000
"""How long a claimed delivery is left alone; longer than any try, so that a crash costs a minute, not a double."""

_SQL: Final = Queries.load("notification")


class PostgresDeliveries:
    """The `Deliveries` port, and what the routes read."""

    def __init__(self, database: Database, *, lease_ms: int = LEASE_MS) -> None:
        self._database = database
        self._lease_ms = lease_ms

    async def record(self, notices: Sequence[Notice]) -> int:
        """Keep those whose message is new; returns how many were."""
        return int(
            await self._database.fetchval(_SQL["record"], [asdict(notice) for notice in notices])
        )

    async def claim(self, limit: int) -> list[Delivery]:
        """Lease deliveries that are due."""
        rows = await self._database.fetch(_SQL["claim"], limit, self._lease_ms)
        return [_delivery(row) for row in rows]

    async def settle(self, outcomes: Sequence[Outcome]) -> None:
        """Write down how tries went; of those settled already nothing changes."""
        await self._database.execute(_SQL["settle"], [asdict(outcome) for outcome in outcomes])

    async def send_by_hand(
        self, message_id: str, user_id: UserId, *, subject: str, body: str, request_id: str
    ) -> Record:
        """The delivery of this message id, made now or earlier; compare it with what was asked."""
        row = await self._database.fetchrow(
            _SQL["send_by_hand"], message_id, user_id, subject, {"body": body}, request_id
        )
        row = row or await self._database.fetchrow(_SQL["by_message"], message_id)
        assert row is not None, "deliveries are never deleted"
        return row

    async def page(
        self, *, below_id: int, user_id: UserId | None, status: str | None, limit: int
    ) -> list[Record]:
        """Deliveries, newest first."""
        return await self._database.fetch(_SQL["list"], below_id, user_id, status, limit)

    async def export(self, *, above_id: int, limit: int) -> list[Record]:
        """All deliveries by id."""
        return await self._database.fetch(_SQL["export"], above_id, limit)


def _delivery(row: Record) -> Delivery:
    notice = Notice(
        row["message_id"],
        row["message_name"],
        UserId(row["user_id"]),
        row["subject"],
        row["payload"],
        row["reference_id"],
        row["request_id"],
    )
    return Delivery(DeliveryId(row["id"]), notice, row["attempt_count"])
