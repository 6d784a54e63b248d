"""The reservation use cases over real engines, and the moves of a story told with them."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.engines import Database as TestDatabase
from tiketi_core.kernel.ids import EventId, MessageId, SeatId, UserId
from tiketi_core.kernel.message import Message
from tiketi_core.reservation.layouts import LAYOUTS
from tiketi_core.reservation.model import RequestKey, Reservation, Sale, Wish
from tiketi_core.reservation.use_cases import Policy, Reservations, Seating
from tiketi_platform.adapters.postgres.pool import Database
from tiketi_platform.adapters.postgres.reservation.holds import PostgresReservations
from tiketi_platform.adapters.postgres.reservation.seating import PostgresSeating
from tiketi_platform.adapters.redis.client import RedisClient
from tiketi_platform.adapters.redis.scripts import Scripts
from tiketi_platform.adapters.redis.seat_locks import RedisSeatLocks
from tiketi_platform.runtime.engines.valkey import ValkeyServer

NOW_MS = 1_800_000_000_000
HOLD_MS = 300_000
EVENT = EventId(7)


@dataclass
class Clock:
    at_ms: int = NOW_MS

    def now_ms(self) -> int:
        return self.at_ms

    def pass_ms(self, ms: int) -> None:
        self.at_ms += ms


@dataclass
class Catalogue:
    """Events on sale from now on for an hour, unless said otherwise."""

    events: dict[int, Sale | None] = field(default_factory=dict)

    async def find(self, event_id: EventId) -> Sale | None:
        return self.events.get(event_id, on_sale(event_id))


def on_sale(event_id: int, **changes: Any) -> Sale:
    given: dict[str, Any] = {
        "event_id": EventId(event_id),
        "on_sale_at_ms": NOW_MS,
        "sale_ends_at_ms": NOW_MS + 3_600_000,
        "starts_at_ms": NOW_MS + 7_200_000,
        "is_cancelled": False,
        "seats_per_user_max": 4,
    }
    return Sale(**{**given, **changes})


class NoLocks:
    """Everybody gets through to the database."""

    async def acquire(
        self,
        event_id: EventId,
        seat_ids: Sequence[SeatId],
        *,
        user_id: UserId,
        key: RequestKey | None = None,
    ) -> str:
        return ""

    async def release(self, event_id: EventId, seat_ids: Sequence[SeatId], *, owner: str) -> None:
        return


class BoxOffice:
    """Moves and observations; ids of the first event's seats count from 1 on."""

    def __init__(self, database: Database, scripts: Scripts) -> None:
        self.database = database
        self.clock = Clock()
        self.catalogue = Catalogue()
        self.books = PostgresReservations(database)
        self.reservations = self.office(RedisSeatLocks(scripts))
        self.unlocked = self.office(NoLocks())
        self.seating = Seating(PostgresSeating(database), sales=self.catalogue, clock=self.clock)

    def office(self, locks: RedisSeatLocks | NoLocks) -> Reservations:
        return Reservations(
            self.books,
            locks=locks,
            sales=self.catalogue,
            clock=self.clock,
            policy=Policy(hold_ttl_s=HOLD_MS // 1000),
        )

    async def open(self, layout: str = "small_theater", event_id: int = EVENT) -> int:
        """Put seats on sale; returns the first seat's id."""
        await self.seating.generate(EventId(event_id), layout)
        plan = await self.seating.plan(EventId(event_id))
        assert len(plan.states) == LAYOUTS[layout].seats_count
        return plan.blocks[0].first_seat_id

    async def hold(
        self, user: int, *seats: int, key: str | None = None, locks: bool = True
    ) -> Reservation:
        wish = Wish(
            event_id=EVENT,
            user_id=UserId(user),
            count=len(seats),
            seat_ids=tuple(SeatId(seat) for seat in seats),
        )
        office = self.reservations if locks else self.unlocked
        request_key = RequestKey(key, repr(seats).encode()) if key else None
        return await office.reserve(wish, key=request_key, request_id="r")

    async def best(
        self, user: int, count: int, *, section: str | None = None, event: int = EVENT
    ) -> Reservation:
        wish = Wish(event_id=EventId(event), user_id=UserId(user), count=count, section=section)
        return await self.reservations.reserve(wish, key=None, request_id="r")

    async def pay(self, held: Reservation, payment_id: int, *, price: int | None = None) -> Message:
        message = paid(held, payment_id, price=price)
        await self.reservations.apply_payments([message])
        return message

    async def cancel(self, held: Reservation, *, user: int | None = None) -> Reservation:
        owner = UserId(user) if user else held.user_id
        return await self.reservations.cancel(held.id, owner_id=owner, request_id="c")

    async def status(self, held: Reservation) -> str:
        found = await self.books.find(held.id)
        assert found is not None
        return found.status

    async def states(self, event_id: int = EVENT) -> str:
        return (await self.seating.plan(EventId(event_id))).states

    async def version(self, event_id: int = EVENT) -> int:
        return await self.seating.version(EventId(event_id))

    async def messages(self, *names: str) -> list[dict[str, Any]]:
        """Payloads published so far, with their names."""
        rows = await self.database.fetch("SELECT name, payload FROM outbox ORDER BY seq")
        return [
            {"name": row["name"], **row["payload"]}
            for row in rows
            if not names or row["name"] in names
        ]

    async def sound(self) -> None:
        """What must hold whatever has happened."""
        wrong = await self.database.fetch(
            """SELECT s.id FROM seats AS s LEFT JOIN reservations AS r ON r.id = s.reservation_id
            WHERE s.status <> CASE r.status WHEN 'PENDING' THEN 'held' WHEN 'CONFIRMED' THEN 'sold'
                    ELSE 'available' END
                OR r.id IS NOT NULL AND s.id <> ALL (r.seat_ids)
                OR s.held_until IS DISTINCT FROM
                    CASE WHEN r.status = 'PENDING' THEN r.expires_at END"""
        )
        assert wrong == []
        short = await self.database.fetch(
            """SELECT r.id FROM reservations AS r WHERE r.status IN ('PENDING', 'CONFIRMED')
            AND r.seats_count <> (SELECT count(*) FROM seats WHERE reservation_id = r.id)
            OR (r.status = 'CONFIRMED')::int * r.seats_count <> (
                SELECT count(*) FROM tickets
                WHERE reservation_id = r.id AND status <> 'CANCELLED')"""
        )
        assert short == []


def paid(
    held: Reservation, payment_id: int, *, price: int | None = None, user: int | None = None
) -> Message:
    """The message of a payment for a reservation."""
    return message(
        "payment.completed",
        payment_id=payment_id,
        reservation_id=held.id,
        event_id=held.event_id,
        user_id=held.user_id if user is None else user,
        total_price=held.total_price if price is None else price,
        point_used=0,
        card_amount=held.total_price,
    )


def refunded(held: Reservation, payment_id: int, amount: int) -> Message:
    """The message of money given back."""
    return message(
        "payment.refunded",
        refund_id=1,
        payment_id=payment_id,
        reservation_id=held.id,
        user_id=held.user_id,
        amount=amount,
        points=0,
        card=amount,
        reason="asked for",
    )


def message(name: str, **payload: object) -> Message:
    return Message(MessageId(str(uuid.uuid4())), name, payload, NOW_MS, "q")


@asynccontextmanager
async def opened(postgres: TestDatabase, valkey: ValkeyServer) -> AsyncIterator[BoxOffice]:
    database = await Database.connect(
        postgres.dsn("reservation"), "reservation", acquire_timeout_ms=20_000
    )
    redis = await RedisClient.connect(valkey.url)
    try:
        yield BoxOffice(database, Scripts(redis))
    finally:
        await redis.close()
        await database.close()
