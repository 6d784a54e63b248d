"""Reserving, cancelling, putting seats on sale and letting people in: whose rules apply, at what time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tiketi_core.kernel import bounds
from tiketi_core.kernel.clock import Clock
from tiketi_core.kernel.errors import DomainError, InvalidRequestError
from tiketi_core.kernel.ids import EventId, ReservationId, TicketId, UserId
from tiketi_core.kernel.message import Message
from tiketi_core.reservation import rules
from tiketi_core.reservation.errors import (
    EventNotFoundError,
    LayoutNotFoundError,
    ReservationNotFoundError,
    TicketNotFoundError,
)
from tiketi_core.reservation.layouts import LAYOUTS
from tiketi_core.reservation.model import (
    Generated,
    Hold,
    Layout,
    RequestKey,
    Reservation,
    ReservationStatus,
    SeatPlan,
    Ticket,
    Wish,
)
from tiketi_core.reservation.ports import (
    ReservationBooks,
    Sales,
    SeatingBooks,
    SeatLocks,
    TicketBooks,
    TicketSeal,
)

SWEEP_FOR_MS: Final = 15 * 60_000
"""Long after everybody who reserves knows that an event is cancelled."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What an operator may set."""

    hold_ttl_s: int = bounds.hold_ttl_s_default
    """How long a hold lasts without a payment."""
    expire_batch_max: int = 200

    def __post_init__(self) -> None:
        assert 0 < self.hold_ttl_s <= bounds.hold_ttl_s_max, "hold_ttl_s is out of bounds"


class Reservations:
    """Holds and what becomes of them."""

    def __init__(
        self,
        books: ReservationBooks,
        *,
        locks: SeatLocks,
        sales: Sales,
        clock: Clock,
        policy: Policy,
    ) -> None:
        self._books = books
        self._locks = locks
        self._sales = sales
        self._clock = clock
        self._policy = policy

    async def reserve(self, wish: Wish, *, key: RequestKey | None, request_id: str) -> Reservation:
        """Hold seats: all of them or none. The same key and request again gives the same reservation."""
        if wish.count > bounds.seats_per_reservation_max:
            raise InvalidRequestError(
                f"at most {bounds.seats_per_reservation_max} seats at once", field="seat_ids"
            )
        found = None
        try:
            found = await self._sales.find(wish.event_id)
            sale = rules.check_on_sale(found, now_ms=self._clock.now_ms())
        except DomainError:
            # What was reserved in the sale is answered again after it. Before it there is nothing to look
            # for, and a crowd that comes early costs the books nothing.
            if key is None or (found and self._clock.now_ms() < found.on_sale_at_ms):
                raise
            answer = await self.answered(wish.user_id, key)
            if answer is None:
                raise
            return answer
        owner = await self._lock(wish, key)
        try:
            return await self._hold(wish, rules.seats_per_user_max(sale), key, request_id)
        finally:
            if owner is not None and wish.seat_ids is not None:
                await self._locks.release(wish.event_id, wish.seat_ids, owner=owner)

    async def _lock(self, wish: Wish, key: RequestKey | None) -> str | None:
        """The owner of the locks in front of named seats; None where the platform chooses them."""
        if wish.seat_ids is None:
            return None
        return await self._locks.acquire(
            wish.event_id, wish.seat_ids, user_id=wish.user_id, key=key
        )

    async def answered(self, user_id: UserId, key: RequestKey) -> Reservation | None:
        """What a repeated request made the first time, or None; for callers whose session is over.

        Raises IdempotencyKeyReusedError.
        """
        return await self._books.answered(user_id, key)

    async def _hold(
        self, wish: Wish, limit: int, key: RequestKey | None, request_id: str
    ) -> Reservation:
        now_ms = self._clock.now_ms()
        return await self._books.hold(
            Hold(
                wish=wish,
                seats_per_user_max=limit,
                key=key,
                request_id=request_id,
                now_ms=now_ms,
                expires_at_ms=now_ms + self._policy.hold_ttl_s * 1000,
            )
        )

    async def cancel(
        self, reservation_id: ReservationId, *, owner_id: UserId | None, request_id: str
    ) -> Reservation:
        """Give the seats back, as the owner or, with `owner_id` None, as an administrator.

        An owner may no more give back what was paid once the event has begun (TooLateToCancelError); a
        hold may always be given up. UnavailableError when nobody can say when the event begins.
        """
        if owner_id is not None:
            found = await self.find(reservation_id, owner_id=owner_id)
            if found.status == "CONFIRMED":
                sale = await self._sales.find(found.event_id)
                rules.check_may_cancel(sale, now_ms=self._clock.now_ms())
        return await self._books.cancel(
            reservation_id,
            owner_id=owner_id,
            reason="by_admin" if owner_id is None else "by_user",
            request_id=request_id,
            now_ms=self._clock.now_ms(),
        )

    async def find(self, reservation_id: ReservationId, *, owner_id: UserId | None) -> Reservation:
        """A reservation of this owner, or anybody's with `owner_id` None."""
        found = await self._books.find(reservation_id)
        if found is None or owner_id not in {None, found.user_id}:
            raise ReservationNotFoundError
        return found

    async def of_user(
        self,
        user_id: UserId,
        *,
        below_id: int,
        event_id: EventId | None,
        status: ReservationStatus | None,
        limit: int,
    ) -> list[Reservation]:
        """A user's reservations, newest first; `status` is what one is at this moment."""
        return await self._books.of_user(
            user_id,
            below_id=below_id,
            event_id=event_id,
            status=status,
            now_ms=self._clock.now_ms(),
            limit=limit,
        )

    async def expire_due(self) -> int:
        """Expire every hold past its deadline, batch by batch; returns how many."""
        total_count = 0
        batch_max = self._policy.expire_batch_max
        while True:
            count = await self._books.expire_due(now_ms=self._clock.now_ms(), limit=batch_max)
            total_count += count
            if count < batch_max:
                return total_count

    async def apply_payments(self, messages: Sequence[Message]) -> None:
        """Confirm what was paid."""
        await self._books.apply_payments(messages, now_ms=self._clock.now_ms())

    async def apply_refunds(self, messages: Sequence[Message]) -> None:
        """Cancel what was given back whole."""
        await self._books.apply_refunds(messages)

    async def apply_cancelled_events(self, messages: Sequence[Message]) -> None:
        """Give back what is held or sold for events that will not take place; payments are refunded."""
        await self._books.note_cancelled_events(messages, now_ms=self._clock.now_ms())
        await self.sweep()

    async def sweep(self) -> None:
        """The same for what was held while the news was on its way."""
        await self._books.sweep_cancelled_events(
            now_ms=self._clock.now_ms(),
            sure_after_ms=SWEEP_FOR_MS,
            limit=self._policy.expire_batch_max,
        )


class Seating:
    """The seats of events."""

    def __init__(self, books: SeatingBooks, *, sales: Sales, clock: Clock) -> None:
        self._books = books
        self._sales = sales
        self._clock = clock

    async def generate(self, event_id: EventId, layout_name: str) -> tuple[Layout, Generated]:
        """Put the seats of a layout on sale; doing it again changes nothing."""
        layout = LAYOUTS.get(layout_name)
        if layout is None:
            raise LayoutNotFoundError
        assert layout.seats_count <= bounds.seats_per_event_max, "a hall of ours is too large"
        if await self._sales.find(event_id) is None:
            raise EventNotFoundError
        return layout, await self._books.generate(event_id, layout, now_ms=self._clock.now_ms())

    async def version(self, event_id: EventId) -> int:
        """The version of an event's map; EventNotFoundError where it has no seats."""
        version = await self._books.version(event_id, now_ms=self._clock.now_ms())
        if version is None:
            raise EventNotFoundError
        return version

    async def plan(self, event_id: EventId) -> SeatPlan:
        """An event's map; EventNotFoundError where it has no seats."""
        plan = await self._books.plan(event_id, now_ms=self._clock.now_ms())
        if plan is None:
            raise EventNotFoundError
        return plan


class Tickets:
    """The rights to seats."""

    def __init__(self, books: TicketBooks, *, seal: TicketSeal, clock: Clock) -> None:
        self._books = books
        self._seal = seal
        self._clock = clock

    async def find(self, ticket_id: TicketId, *, owner_id: UserId | None) -> Ticket:
        """A ticket of this owner, or anybody's with `owner_id` None."""
        found = await self._books.find(ticket_id)
        if found is None or owner_id not in {None, found.user_id}:
            raise TicketNotFoundError
        return found

    async def of_user(
        self,
        user_id: UserId,
        *,
        below_id: int,
        event_id: EventId | None,
        reservation_id: ReservationId | None,
        limit: int,
    ) -> list[Ticket]:
        """A user's tickets, newest first."""
        return await self._books.of_user(
            user_id,
            below_id=below_id,
            event_id=event_id,
            reservation_id=reservation_id,
            limit=limit,
        )

    async def check_in(self, qr: str, *, event_id: EventId) -> Ticket:
        """Let somebody in to this event, once."""
        ticket_id, code = self._seal.open(qr)
        return await self._books.use(
            ticket_id, code=code, event_id=event_id, now_ms=self._clock.now_ms()
        )
