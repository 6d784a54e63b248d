"""What reservations need from the outside: books that keep them, locks in front, and the event catalogue."""

from collections.abc import Sequence
from typing import Protocol

from tiketi_core.kernel.ids import EventId, ReservationId, SeatId, TicketId, UserId
from tiketi_core.kernel.message import Message
from tiketi_core.reservation.model import (
    Generated,
    Hold,
    Layout,
    RequestKey,
    Reservation,
    ReservationStatus,
    Sale,
    SeatPlan,
    Ticket,
)


class Sales(Protocol):
    """The event service, as far as selling goes."""

    async def find(self, event_id: EventId) -> Sale | None:
        """The event, or None where there is none; UnavailableError when nobody can say."""
        ...


class SeatLocks(Protocol):
    """Locks in front of the books: they turn away early, and what they let through the books judge."""

    async def acquire(
        self,
        event_id: EventId,
        seat_ids: Sequence[SeatId],
        *,
        user_id: UserId,
        key: RequestKey | None = None,
    ) -> str:
        """Lock all of the seats or none; returns the owner token. Raises SeatTakenError with `seat_ids`.

        A request whose key was let through before is let through again without the locks of others: the
        books may have an answer for it.
        """
        ...

    async def release(self, event_id: EventId, seat_ids: Sequence[SeatId], *, owner: str) -> None:
        """Release those of the locks that are still this owner's; never fails."""
        ...


class ReservationBooks(Protocol):
    """Keeps seats and reservations; each change is one transaction that holds or does not."""

    async def hold(self, hold: Hold) -> Reservation:
        """Hold seats: all of them or none. The same key and request again gives the same reservation.

        Raises SeatNotFoundError, SeatTakenError (`seat_ids`), SoldOutError, SeatLimitReachedError,
        IdempotencyKeyReusedError.
        """
        ...

    async def cancel(
        self,
        reservation_id: ReservationId,
        *,
        owner_id: UserId | None,
        reason: str,
        request_id: str,
        now_ms: int,
    ) -> Reservation:
        """Give the seats back; `owner_id` None is an administrator. A cancelled one stays cancelled.

        Raises ReservationNotFoundError, ReservationNotCancellableError.
        """
        ...

    async def find(self, reservation_id: ReservationId) -> Reservation | None: ...

    async def answered(self, user_id: UserId, key: RequestKey) -> Reservation | None:
        """What this request already made, as it is now; None when it made nothing.

        Raises IdempotencyKeyReusedError when the key was used for another request.
        """
        ...

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
        """A user's reservations, newest first; `status` is judged at `now_ms`."""
        ...

    async def expire_due(self, *, now_ms: int, limit: int) -> int:
        """Expire holds past their deadline; returns how many."""
        ...

    async def apply_payments(self, messages: Sequence[Message], *, now_ms: int) -> None:
        """Confirm or refuse what `payment.completed` messages say, each once."""
        ...

    async def apply_refunds(self, messages: Sequence[Message]) -> None:
        """Cancel what `payment.refunded` messages gave back whole, each once."""
        ...

    async def note_cancelled_events(self, messages: Sequence[Message], *, now_ms: int) -> None:
        """Note the events of `event.cancelled` and `event.deleted` messages, each once, for the sweep."""
        ...

    async def sweep_cancelled_events(self, *, now_ms: int, sure_after_ms: int, limit: int) -> None:
        """Cancel what is living of cancelled events, `limit` reservations at a time.

        Events noted `sure_after_ms` ago or before are swept for the last time.
        """
        ...


class SeatingBooks(Protocol):
    """Keeps the seats of events."""

    async def generate(self, event_id: EventId, layout: Layout, *, now_ms: int) -> Generated:
        """Give an event its seats; SeatsInUseError when another hall's are held or sold."""
        ...

    async def version(self, event_id: EventId, *, now_ms: int) -> int | None:
        """The version of the map at a moment; None for an event without seats."""
        ...

    async def plan(self, event_id: EventId, *, now_ms: int) -> SeatPlan | None: ...


class TicketBooks(Protocol):
    """Keeps tickets."""

    async def find(self, ticket_id: TicketId) -> Ticket | None: ...

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
        ...

    async def use(
        self, ticket_id: TicketId, *, code: str, event_id: EventId, now_ms: int
    ) -> Ticket:
        """Use a ticket of this event once.

        Raises TicketNotFoundError, TicketInvalidError, TicketOfOtherEventError, TicketUsedError.
        """
        ...


class TicketSeal(Protocol):
    """Signs what a QR code says, and knows its own signature."""

    def seal(self, ticket: Ticket) -> str: ...

    def open(self, qr: str) -> tuple[TicketId, str]:
        """The ticket's id and code; TicketInvalidError for anything this platform did not sign."""
        ...
