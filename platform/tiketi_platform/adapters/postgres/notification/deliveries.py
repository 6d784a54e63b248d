"""Deliveries in PostgreSQL: the notification slice's books. Decides nothing; the statements hold the rules."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final

from tiketi_core.kernel.errors import UnavailableError
from tiketi_core.kernel.ids import DeliveryId, UserId
from tiketi_core.notification.model import (
    Category,
    ChannelName,
    Delivery,
    Notice,
    Outcome,
    Wishes,
)
from tiketi_core.notification.rules import DAY_MS, LIMITS_MAX
from tiketi_platform.adapters.postgres.notification.preferences import DEVICES_MAX
from tiketi_platform.adapters.postgres.pool import Database, Record
from tiketi_platform.adapters.postgres.queries import Queries

LEASE_MS: Final = 60_000
"""How long a claimed delivery is left alone; renewed while it is worked on, so a crash costs a minute."""
RENEWALS: Final = 3
"""Times a lease is renewed within its own length: two may fail."""
SETTLE_AGAIN_S: Final = 0.5
"""Between two tries to write down what was sent."""

_SQL: Final = Queries.load("notification")
_log = logging.getLogger(__name__)


class PostgresDeliveries:
    """The `Deliveries` port, and what the routes read."""

    def __init__(
        self,
        database: Database,
        *,
        lease_ms: int = LEASE_MS,
        per_second: Mapping[ChannelName, float] | None = None,
    ) -> None:
        """`per_second`: what a channel's provider takes at most, over all replicas; unlimited where not said."""
        self._database = database
        self._lease_ms = lease_ms
        self._per_second = per_second or {}

    async def record(self, notices: Sequence[Notice], channels: Sequence[ChannelName]) -> int:
        """Keep those whose message is new; returns how many deliveries that made."""
        rows = [
            {
                "message_id": notice.message_id,
                "message_name": notice.message_name,
                "user_id": notice.user_id,
                "subject": notice.subject,
                "payload": notice.payload,
                "reference_id": notice.reference_id,
                "request_id": notice.request_id,
                "category": notice.category,
                "channels": notice.channels,
                "occurred_at_ms": notice.occurred_at_ms,
                "useful_ms": notice.useful_ms,
            }
            for notice in notices
        ]
        return int(await self._database.fetchval(_SQL["record"], rows, list(channels)))

    async def claim(self, channel: ChannelName, limit: int) -> list[Delivery]:
        """Lease deliveries of one channel that are due, as far as its provider's rate allows."""
        per_second = self._per_second.get(channel)
        if per_second is not None:
            limit = await self._database.fetchval(_SQL["take_budget"], channel, limit, per_second)
            if limit == 0:
                return []
        async with self._database.transaction() as connection:
            await connection.execute(_SQL["lock_claims"], channel)
            rows = await connection.fetch(
                _SQL["claim"],
                channel,
                limit,
                self._lease_ms,
                DAY_MS,
                max(LIMITS_MAX.values()),
                DEVICES_MAX,
            )
        return [_delivery(row) for row in rows]

    @asynccontextmanager
    async def kept(self, due: Sequence[Delivery]) -> AsyncIterator[None]:
        """Renew the leases of `due` until the block ends."""
        renewing = asyncio.create_task(self._renew(due))
        try:
            yield
        finally:
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)

    async def _renew(self, due: Sequence[Delivery]) -> None:
        ids, attempts = [each.id for each in due], [each.attempt_count for each in due]
        while True:
            await asyncio.sleep(self._lease_ms / 1000 / RENEWALS)
            try:
                await self._database.execute(_SQL["keep"], ids, attempts, self._lease_ms)
            except UnavailableError as error:
                _log.warning("leases were not renewed, the next try may be: %s", error.detail)

    async def settle(self, outcomes: Sequence[Outcome]) -> None:
        """Write down how tries went; of those settled or claimed again since, nothing changes."""
        rows = [
            {
                "delivery_id": each.delivery_id,
                "attempt_count": each.attempt_count,
                "recipient": each.recipient,
                "subject": each.subject,
                "error": each.error,
                "retry_after_ms": each.retry_after_ms,
                "is_counted": each.is_counted,
                "is_unwanted": each.is_unwanted,
            }
            for each in outcomes
        ]
        loop = asyncio.get_running_loop()
        deadline_s = loop.time() + self._lease_ms / 1000
        while True:
            try:
                await self._database.execute(_SQL["settle"], rows)
            except UnavailableError as error:
                # What was handed over and is not written down would be handed over again.
                if loop.time() > deadline_s:
                    raise
                _log.warning("what was sent is not written down yet: %s", error.detail)
                await asyncio.sleep(SETTLE_AGAIN_S)
            else:
                return

    async def send_by_hand(
        self,
        message_id: str,
        user_id: UserId,
        *,
        subject: str,
        body: str,
        request_id: str,
        channel: ChannelName = "email",
        category: Category = "transactional",
    ) -> Record:
        """The delivery of this message id, made now or earlier; compare it with what was asked."""
        row = await self._database.fetchrow(
            _SQL["send_by_hand"],
            message_id,
            user_id,
            subject,
            {"title": subject, "body": body},
            request_id,
            channel,
            category,
        )
        assert row is not None, "the function returns what it found or made"
        return row

    async def page(
        self, *, below_id: int, user_id: UserId | None, status: str | None, limit: int
    ) -> list[Record]:
        """Deliveries, newest first."""
        return await self._database.fetch(_SQL["list"], below_id, user_id, status, limit)

    async def export(self, *, above_id: int, limit: int) -> list[Record]:
        """All deliveries by id."""
        return await self._database.fetch(_SQL["export"], above_id, limit)

    async def failed(self, *, below_id: int, limit: int) -> list[Record]:
        """Deliveries that were given up, newest first."""
        return await self._database.fetch(_SQL["failed"], below_id, limit)

    async def replay(self, ids: Sequence[int] | None) -> int:
        """Let deliveries that were given up be tried anew: these, or all; returns how many."""
        return int(
            await self._database.fetchval(_SQL["replay"], None if ids is None else list(ids))
        )


def _delivery(row: Record) -> Delivery:
    notice = Notice(
        row["message_id"],
        row["message_name"],
        UserId(row["user_id"]),
        row["subject"],
        row["payload"],
        row["reference_id"],
        row["request_id"],
        category=row["category"],
        channels=(row["channel"],),
    )
    wishes = Wishes(
        row["language"], row["agrees"], row["recent_count"], tuple(row["devices"] or ())
    )
    return Delivery(
        DeliveryId(row["id"]),
        notice,
        row["attempt_count"],
        row["channel"],
        wishes,
        row["is_stale"],
    )
