"""What seats, reservations and tickets are; times are epoch milliseconds, money whole won."""

from dataclasses import dataclass
from typing import Literal

from tiketi_core.kernel.ids import EventId, PaymentId, ReservationId, SeatId, TicketId, UserId

ReservationStatus = Literal["PENDING", "CONFIRMED", "CANCELLED", "EXPIRED"]
SeatStatus = Literal["available", "held", "sold"]
TicketStatus = Literal["VALID", "USED", "CANCELLED"]


@dataclass(frozen=True, slots=True)
class Section:
    """A block of equal rows at one price."""

    name: str
    rows: int
    seats_per_row: int
    price: int
    start_row: int = 1

    @property
    def seats_count(self) -> int:
        return self.rows * self.seats_per_row


@dataclass(frozen=True, slots=True)
class Layout:
    """A hall; its sections from the best to the farthest."""

    name: str
    title: str
    sections: tuple[Section, ...]

    @property
    def seats_count(self) -> int:
        return sum(section.seats_count for section in self.sections)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """What the event service says of an event, as far as selling its seats goes."""

    event_id: EventId
    on_sale_at_ms: int
    sale_ends_at_ms: int
    """The first moment at which nothing is sold any more."""
    starts_at_ms: int
    """When the event itself begins, and with it the end of giving back."""
    is_cancelled: bool
    seats_per_user_max: int


@dataclass(frozen=True, slots=True)
class Seat:
    """One seat, as it was when it was held."""

    seat_id: SeatId
    section: str
    row: int
    number: int
    price: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """Seats somebody holds, bought, gave back or let go."""

    id: ReservationId
    number: str
    event_id: EventId
    user_id: UserId
    status: ReservationStatus
    """As recorded; `rules.status_at` says what it is at a moment."""
    total_price: int
    seats: tuple[Seat, ...]
    expires_at_ms: int
    payment_id: PaymentId | None
    created_at_ms: int
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a user wants of an event: the seats `seat_ids`, or `count` of the best in `section`."""

    event_id: EventId
    user_id: UserId
    count: int
    seat_ids: tuple[SeatId, ...] | None = None
    """Ascending."""
    section: str | None = None


@dataclass(frozen=True, slots=True)
class RequestKey:
    """An Idempotency-Key and a digest of what was asked with it."""

    key: str
    request_hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A wish with everything decided that is not for the database to decide."""

    wish: Wish
    seats_per_user_max: int
    key: RequestKey | None
    request_id: str
    now_ms: int
    expires_at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """The right to one seat."""

    id: TicketId
    reservation_id: ReservationId
    event_id: EventId
    user_id: UserId
    seat: Seat
    status: TicketStatus
    code: str
    """Random; a QR code that does not know it is forged."""
    created_at_ms: int
    used_at_ms: int | None


@dataclass(frozen=True, slots=True)
class Block:
    """A section of an event with the ids of its seats: row r, seat k has first + r × per row + k."""

    name: str
    price: int
    rows: int
    seats_per_row: int
    start_row: int
    first_seat_id: SeatId


@dataclass(frozen=True, slots=True)
class SeatPlan:
    """All seats of an event at a moment."""

    version: int
    blocks: tuple[Block, ...]
    states: str
    """A letter per seat in the order of ids: a, h or s."""


@dataclass(frozen=True, slots=True)
class Generated:
    """What a generation changed; both are 0 when the seats were there already."""

    created_count: int
    removed_count: int
