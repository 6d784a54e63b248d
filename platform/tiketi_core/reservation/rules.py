"""What holds of seats and reservations, pure; property tests drive `Hall` beside PostgreSQL."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tiketi_core.kernel import bounds
from tiketi_core.reservation.errors import (
    EventNotFoundError,
    NotOnSaleError,
    ReservationNotCancellableError,
    ReservationNotFoundError,
    SeatLimitReachedError,
    SeatTakenError,
    TooLateToCancelError,
)
from tiketi_core.reservation.model import Reservation, ReservationStatus, Sale, SeatStatus


def check_on_sale(sale: Sale | None, *, now_ms: int) -> Sale:
    """The event, if its seats are sold at this moment."""
    if sale is None:
        raise EventNotFoundError
    if sale.is_cancelled or not sale.on_sale_at_ms <= now_ms < sale.sale_ends_at_ms:
        raise NotOnSaleError
    return sale


def check_may_cancel(sale: Sale | None, *, now_ms: int) -> None:
    """Whether the owner of a paid reservation may give it back now.

    Not once the event has begun, whether or not a ticket was used: by then nobody buys the seat. What is
    cancelled or gone never begins.
    """
    if sale is not None and not sale.is_cancelled and now_ms >= sale.starts_at_ms:
        raise TooLateToCancelError


def status_at(reservation: Reservation, *, now_ms: int) -> ReservationStatus:
    """What a reservation is at a moment: a hold ends at its deadline, whoever has noticed."""
    if reservation.status == "PENDING" and reservation.expires_at_ms <= now_ms:
        return "EXPIRED"
    return reservation.status


def seats_per_user_max(sale: Sale) -> int:
    """Seats of the event one person may have."""
    return min(sale.seats_per_user_max, bounds.seats_per_user_max)


@dataclass(slots=True)
class Booking:
    """A reservation of the reference model."""

    user_id: int
    seats: tuple[int, ...]
    expires_at_ms: int
    status: ReservationStatus = "PENDING"
    payment_id: int | None = None
    is_used: bool = False


@dataclass(slots=True)
class Hall:
    """The reference: the seats of one event, as they must behave; it keeps no history of messages.

    A method either does its whole change and says which messages it causes as (name, booking or
    payment), or raises and changes nothing.
    """

    seats_per_user_max: int
    owners: dict[int, int | None]
    """Each seat and the number of the booking that has it."""
    bookings: dict[int, Booking] = field(default_factory=dict)
    applied: set[str] = field(default_factory=set)
    """Messages that had their effect."""
    refunded: dict[int, int] = field(default_factory=dict)
    """What came back of each payment."""
    price: int = 1

    def state_of(self, seat: int, *, now_ms: int) -> SeatStatus:
        """How a seat stands at a moment, as the map shows it."""
        owner = self.owners[seat]
        if owner is None or self._is_lapsed(owner, now_ms):
            return "available"
        return "sold" if self.bookings[owner].status == "CONFIRMED" else "held"

    def hold(
        self, number: int, user_id: int, seats: Sequence[int], *, now_ms: int, expires_at_ms: int
    ) -> list[tuple[str, int]]:
        """Hold these seats as booking `number`; takes over what has lapsed."""
        living = sum(
            len(booking.seats)
            for key, booking in self.bookings.items()
            if booking.user_id == user_id
            and booking.status in {"PENDING", "CONFIRMED"}
            and not self._is_lapsed(key, now_ms)
        )
        if living + len(seats) > self.seats_per_user_max:
            raise SeatLimitReachedError
        if any(self.state_of(seat, now_ms=now_ms) != "available" for seat in seats):
            raise SeatTakenError
        over = {
            key
            for key, booking in self.bookings.items()
            if self._is_lapsed(key, now_ms)
            and (booking.user_id == user_id or set(booking.seats) & set(seats))
        }
        events = [self._expire(key) for key in sorted(over)]
        self.bookings[number] = Booking(user_id, tuple(sorted(seats)), expires_at_ms)
        for seat in seats:
            self.owners[seat] = number
        return [*events, ("reservation.created", number)]

    def clean(self, *, now_ms: int) -> list[tuple[str, int]]:
        """Expire every hold whose deadline has passed."""
        return [self._expire(key) for key in self.bookings if self._is_lapsed(key, now_ms)]

    def cancel(self, number: int, user_id: int | None, *, now_ms: int) -> list[tuple[str, int]]:
        """Give a booking back; once more changes nothing."""
        booking = self.bookings.get(number)
        if booking is None or user_id not in {None, booking.user_id}:
            raise ReservationNotFoundError
        if booking.status == "CANCELLED":
            return []
        if booking.status == "EXPIRED" or self._is_lapsed(number, now_ms) or booking.is_used:
            raise ReservationNotCancellableError
        return [self._cancel(number)]

    def pay(
        self, message_id: str, number: int, payment_id: int, *, total_price: int
    ) -> list[tuple[str, int]]:
        """A payment arrives: confirm the booking, late or not, or refuse the payment."""
        if message_id in self.applied:
            return []
        self.applied.add(message_id)
        booking = self.bookings[number]
        if booking.payment_id == payment_id:
            return []
        price = self.price * len(booking.seats)
        if booking.status != "PENDING" or total_price != price:
            return [("reservation.refused", payment_id)]
        if self.refunded.get(payment_id, 0) >= price:
            return []
        booking.status = "CONFIRMED"
        booking.payment_id = payment_id
        return [("reservation.confirmed", number)]

    def refund(
        self, message_id: str, number: int, payment_id: int, *, amount: int
    ) -> list[tuple[str, int]]:
        """Money went back: a booking that lost all of it is cancelled, unless somebody came in on it."""
        if message_id in self.applied:
            return []
        self.applied.add(message_id)
        self.refunded[payment_id] = self.refunded.get(payment_id, 0) + amount
        booking = self.bookings[number]
        is_whole = self.refunded[payment_id] >= self.price * len(booking.seats)
        if (
            booking.status != "CONFIRMED"
            or booking.payment_id != payment_id
            or booking.is_used
            or not is_whole
        ):
            return []
        return [self._cancel(number)]

    def _is_lapsed(self, number: int, now_ms: int) -> bool:
        booking = self.bookings[number]
        return booking.status == "PENDING" and booking.expires_at_ms <= now_ms

    def _expire(self, number: int) -> tuple[str, int]:
        self._give_back(number, "EXPIRED")
        return ("reservation.expired", number)

    def _cancel(self, number: int) -> tuple[str, int]:
        self._give_back(number, "CANCELLED")
        return ("reservation.cancelled", number)

    def _give_back(self, number: int, status: ReservationStatus) -> None:
        booking = self.bookings[number]
        booking.status = status
        for seat in booking.seats:
            self.owners[seat] = None
