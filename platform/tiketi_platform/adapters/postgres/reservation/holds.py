"""Reservations in PostgreSQL; what may happen to one is in sql/reservation/migrations."""

import asyncio
import random
import secrets
from collections.abc import Callable, Sequence
from typing import Final

from tiketi_core.kernel.errors import UnavailableError
from tiketi_core.kernel.ids import EventId, ReservationId, UserId
from tiketi_core.kernel.message import Message
from tiketi_core.reservation import errors
from tiketi_core.reservation.model import Hold, RequestKey, Reservation, ReservationStatus
from tiketi_platform.adapters.postgres import inbox
from tiketi_platform.adapters.postgres.pool import Connection, Database
from tiketi_platform.adapters.postgres.queries import Queries
from tiketi_platform.adapters.postgres.reservation.rows import reservation
from tiketi_platform.framework.moments import to_instant

_SQL: Final = Queries.load("reservation")

ATTEMPTS_MAX: Final = 12
"""Calls for the best seats while others have their hands on all that is left."""
SCATTER_AFTER: Final = 4
"""Attempts that insist on neighbours while there are any."""
BACKOFF_MS_MAX: Final = 40

NUMBER_LETTERS: Final = "CDFGHJKMNPQRTVWX34679"
"""No vowels, so no words; nothing that is heard or read as another."""
NUMBER_LENGTH: Final = 10
"""1.7e13 numbers: among a million reservations one draw in 10 million meets one that is taken."""


def random_number() -> str:
    """A reservation's number, as people say it: `C3FGH-JK4MN`."""
    # Drawn at once: a letter at a time asks the system for randomness ten times.
    left = secrets.randbelow(len(NUMBER_LETTERS) ** NUMBER_LENGTH)
    drawn = ""
    for _ in range(NUMBER_LENGTH):
        left, letter = divmod(left, len(NUMBER_LETTERS))
        drawn += NUMBER_LETTERS[letter]
    return f"{drawn[:5]}-{drawn[5:]}"


class PostgresReservations:
    """The `ReservationBooks` port."""

    def __init__(self, database: Database, *, number: Callable[[], str] = random_number) -> None:
        self._database = database.refusing(
            errors.IdempotencyKeyReusedError,
            errors.ReservationNotCancellableError,
            errors.ReservationNotFoundError,
            errors.SeatLimitReachedError,
            errors.SeatNotFoundError,
            errors.SeatTakenError,
            errors.SoldOutError,
        )
        self._number = number

    async def hold(self, hold: Hold) -> Reservation:
        for attempt in range(1, ATTEMPTS_MAX + 1):
            held = await self._try_hold(hold, scatter=attempt > SCATTER_AFTER)
            if held is not None:
                return held
            pause_ms = min(BACKOFF_MS_MAX, 2**attempt)
            await asyncio.sleep(pause_ms * random.uniform(0.5, 1) / 1000)  # noqa: S311 - only jitter
        raise UnavailableError("many are buying the last seats right now", retry_after_s=1)

    async def _try_hold(self, hold: Hold, *, scatter: bool) -> Reservation | None:
        wish, key = hold.wish, hold.key
        row = await self._database.fetchrow(
            _SQL["hold_seats"],
            wish.user_id,
            wish.event_id,
            wish.seat_ids,
            wish.count,
            wish.section,
            scatter,
            hold.seats_per_user_max,
            self._number(),
            key.key if key else None,
            key.request_hash if key else None,
            hold.request_id,
            to_instant(hold.now_ms),
            to_instant(hold.expires_at_ms),
        )
        assert row is not None, "a function in FROM gives one row"
        return None if row["id"] is None else reservation(row)

    async def cancel(
        self,
        reservation_id: ReservationId,
        *,
        owner_id: UserId | None,
        reason: str,
        request_id: str,
        now_ms: int,
    ) -> Reservation:
        row = await self._database.fetchrow(
            _SQL["cancel_reservation"],
            reservation_id,
            owner_id,
            reason,
            request_id,
            to_instant(now_ms),
        )
        assert row is not None, "a function in FROM gives one row"
        return reservation(row)

    async def find(self, reservation_id: ReservationId) -> Reservation | None:
        row = await self._database.fetchrow(_SQL["reservation"], reservation_id)
        return None if row is None else reservation(row)

    async def answered(self, user_id: UserId, key: RequestKey) -> Reservation | None:
        row = await self._database.fetchrow(_SQL["reservation_by_key"], user_id, key.key)
        if row is None:
            return None
        if row["request_hash"] != key.request_hash:
            raise errors.IdempotencyKeyReusedError
        return reservation(row)

    async def of_user(
        self,
        user_id: UserId,
        *,
        below_id: int,
        event_id: EventId | None,
        status: ReservationStatus | None,
        now_ms: int,
        limit: int,
    ) -> list[Reservation]:
        rows = await self._database.fetch(
            _SQL["reservations_of_user"],
            user_id,
            below_id,
            event_id,
            to_instant(now_ms),
            status,
            limit,
        )
        return [reservation(row) for row in rows]

    async def expire_due(self, *, now_ms: int, limit: int) -> int:
        count: int = await self._database.fetchval(_SQL["expire_due"], to_instant(now_ms), limit)
        return count

    async def apply_payments(self, messages: Sequence[Message], *, now_ms: int) -> None:
        await self._database.execute(
            _SQL["apply_payments"], _envelopes(messages), to_instant(now_ms)
        )

    async def apply_refunds(self, messages: Sequence[Message]) -> None:
        await self._database.execute(_SQL["apply_refunds"], _envelopes(messages))

    async def note_cancelled_events(self, messages: Sequence[Message], *, now_ms: int) -> None:
        async def note(connection: Connection, new: Sequence[Message]) -> None:
            rows = [
                (message.payload["event_id"], message.request_id, to_instant(now_ms))
                for message in new
            ]
            await connection.executemany(_SQL["note_cancelled_event"], rows)

        await inbox.applying_all(self._database, "reservation", note)(messages)

    async def sweep_cancelled_events(self, *, now_ms: int, sure_after_ms: int, limit: int) -> None:
        noted_before = to_instant(now_ms - sure_after_ms)
        for row in await self._database.fetch(_SQL["cancelled_events"], noted_before):
            above_id: int | None = 0
            while above_id is not None:
                above_id = await self._database.fetchval(
                    _SQL["sweep_event"], row["event_id"], above_id, to_instant(now_ms), limit
                )
            if row["is_last"]:
                await self._database.execute(_SQL["event_swept"], row["event_id"])


def _envelopes(messages: Sequence[Message]) -> list[dict[str, object]]:
    return [
        {"id": each.id, "request_id": each.request_id, "payload": each.payload} for each in messages
    ]
