"""The reservation service's operations: seats, holds with a deadline, and the tickets they become."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from tiketi_sdk.contract.fields import (
    Cursor,
    ExportLimit,
    Id,
    Instant,
    Limit,
    Name,
    OpaqueToken,
    Page,
)
from tiketi_sdk.contract.forms import shaped
from tiketi_sdk.contract.operation import Nothing, Operation, Request, Wire

ReservationStatus = Literal["PENDING", "CONFIRMED", "CANCELLED", "EXPIRED"]
SeatState = Literal["available", "held", "sold"]
TicketStatus = Literal["VALID", "USED", "CANCELLED"]


class Section(Wire):
    """A block of equal rows: `rows` × `seats_per_row` seats at one price."""

    name: str
    rows: int
    seats_per_row: int
    price: int
    start_row: int = 1
    """The number of its first row."""


class Layout(Wire):
    """A hall."""

    name: str
    title: str
    seats_count: int
    sections: tuple[Section, ...]


class Layouts(Wire):
    """The halls there are."""

    items: tuple[Layout, ...]


class GenerateSeatsRequest(Request):
    """Put the seats of a layout on sale for an event."""

    event_id: Id
    layout: Annotated[
        str, shaped(r"^[a-z0-9_]{1,50}$", "should be the name of a layout, as small_theater")
    ]


class GeneratedSeats(Wire):
    """The seats an event has now; `created_count` is 0 when they were there already."""

    event_id: int
    layout: str
    seats_count: int
    created_count: int
    removed_count: int


class SeatsRequest(Request):
    """Whose seats."""

    event_id: Id


class SeatRow(Wire):
    """One row: seat k of it (from 0) has id `first_seat_id + k` and number `k + 1`."""

    row: int
    first_seat_id: int
    states: str
    """A letter per seat: `a`vailable, `h`eld, `s`old."""


class SeatSection(Wire):
    """One section of a seat map."""

    name: str
    price: int
    rows: tuple[SeatRow, ...]


class SeatMap(Wire):
    """All seats of an event and how they stand."""

    event_id: int
    version: int
    """Grows with every change; the ETag of the answer is made of it."""
    available_count: int
    held_count: int
    sold_count: int
    sections: tuple[SeatSection, ...]


class Seat(Wire):
    """One seat of a reservation or ticket."""

    seat_id: int
    section: str
    row: int
    number: int
    price: int


class BestAvailable(Request):
    """Let the platform choose: adjacent seats in one row where it can."""

    count: Annotated[int, Field(ge=1, le=8)]
    section: Name | None = None


class ReserveRequest(Request):
    """Hold seats: either `seat_ids` or `best_available`."""

    event_id: Id
    seat_ids: Annotated[tuple[Id, ...], Field(min_length=1, max_length=8)] | None = None
    best_available: BestAvailable | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.seat_ids is None) == (self.best_available is None):
            msg = "give either seat_ids or best_available"
            raise ValueError(msg)
        if self.seat_ids is not None and len(set(self.seat_ids)) != len(self.seat_ids):
            msg = "seat_ids names a seat twice"
            raise ValueError(msg)
        return self


class Reservation(Wire):
    """Seats held for you until `expires_at`, or yours once confirmed."""

    id: int
    number: str
    """What people say on the phone: random, unique, no vowels and no look-alikes."""
    event_id: int
    user_id: int
    status: ReservationStatus
    """A PENDING reservation whose deadline has passed answers EXPIRED from that second on."""
    total_price: int
    seats: tuple[Seat, ...]
    expires_at: Instant
    payment_id: int | None = None
    created_at: Instant
    version: int


class ListReservationsRequest(Request):
    """Your reservations, newest first."""

    event_id: Id | None = None
    status: ReservationStatus | None = None
    cursor: Cursor | None = None
    limit: Limit = 20


class ReservationRequest(Request):
    """Which reservation."""

    reservation_id: Id


class Ticket(Wire):
    """The right to one seat."""

    id: int
    reservation_id: int
    event_id: int
    seat: Seat
    status: TicketStatus
    qr: str
    """What the QR code says: signed by the platform, shown at the door."""
    qr_svg: str | None = None
    """The QR code itself, on the answer for a single ticket."""
    used_at: Instant | None = None


class ListTicketsRequest(Request):
    """Your tickets, newest first."""

    event_id: Id | None = None
    reservation_id: Id | None = None
    cursor: Cursor | None = None
    limit: Limit = 20


class TicketRequest(Request):
    """Which ticket."""

    ticket_id: Id


class CheckInRequest(Request):
    """What the scanner read, and at the door of which event."""

    event_id: Id
    """A ticket for another one is refused, and stays good for its own."""
    qr: OpaqueToken


class AuditRequest(Request):
    """Rows of one event, from where on."""

    event_id: Id
    cursor: Cursor | None = None
    limit: ExportLimit = 5_000


class AuditedSeat(Wire):
    """A seat as it stands in the database."""

    seat_id: int
    status: SeatState
    reservation_id: int | None


class AuditedReservation(Wire):
    """A reservation as it stands in the database."""

    reservation_id: int
    number: str
    user_id: int
    status: ReservationStatus
    total_price: int
    seat_ids: tuple[int, ...]
    ticket_count: int
    """VALID or USED tickets."""
    used_ticket_count: int = 0
    """Tickets on which somebody came in: such a reservation stays, even if its money goes back."""
    payment_id: int | None
    expires_at: Instant


LAYOUTS = Operation(
    name="seats.layouts", method="GET", path="/api/seats/layouts", request=Nothing, response=Layouts,
    access="public", summary="The halls there are.",
)  # fmt: skip
GENERATE = Operation(
    name="seats.generate", method="POST", path="/api/seats/generate", request=GenerateSeatsRequest,
    response=GeneratedSeats, access="admin", status=201,
    errors=("event_not_found", "layout_not_found", "seats_in_use"),
    same_twice=True, summary="Put the seats of a layout on sale; doing it again changes nothing.",
)  # fmt: skip
SEAT_MAP = Operation(
    name="seats.map", method="GET", path="/api/seats", request=SeatsRequest, response=SeatMap,
    access="public", errors=("event_not_found",), summary="All seats of an event and how they stand.",
)  # fmt: skip
RESERVE = Operation(
    name="reservations.create", method="POST", path="/api/reservations", request=ReserveRequest,
    response=Reservation, status=201, entry=True, idempotency="optional",
    errors=("event_not_found", "not_on_sale", "seat_not_found", "seat_taken", "sold_out", "seat_limit_reached"),
    summary="Hold seats: all of them or none.",
)  # fmt: skip
LIST = Operation(
    name="reservations.list", method="GET", path="/api/reservations", request=ListReservationsRequest,
    response=Page[Reservation], summary="Your reservations, newest first.",
)  # fmt: skip
GET = Operation(
    name="reservations.get", method="GET", path="/api/reservations/{reservation_id}", request=ReservationRequest,
    response=Reservation, errors=("reservation_not_found",), summary="One reservation.",
)  # fmt: skip
CANCEL = Operation(
    name="reservations.cancel", method="POST", path="/api/reservations/{reservation_id}/cancel",
    request=ReservationRequest, response=Reservation,
    errors=("reservation_not_found", "reservation_not_cancellable", "too_late_to_cancel"), same_twice=True,
    summary="Give the seats back; a paid reservation is refunded. After the event has begun: administrators only.",
)  # fmt: skip
TICKETS = Operation(
    name="tickets.list", method="GET", path="/api/tickets", request=ListTicketsRequest, response=Page[Ticket],
    summary="Your tickets, newest first.",
)  # fmt: skip
TICKET = Operation(
    name="tickets.get", method="GET", path="/api/tickets/{ticket_id}", request=TicketRequest, response=Ticket,
    errors=("ticket_not_found",), summary="One ticket with its QR code.",
)  # fmt: skip
CHECK_IN = Operation(
    name="tickets.check_in", method="POST", path="/api/tickets/check-in", request=CheckInRequest, response=Ticket,
    access="admin", errors=("ticket_invalid", "ticket_used", "ticket_not_found", "ticket_of_other_event"),
    summary="Let somebody in to an event, once.",
)  # fmt: skip
AUDIT_SEATS = Operation(
    name="audit.seats", method="GET", path="/api/audit/seats", request=AuditRequest, response=Page[AuditedSeat],
    access="admin", summary="Every seat of an event, for the audit.",
)  # fmt: skip
AUDIT_RESERVATIONS = Operation(
    name="audit.reservations", method="GET", path="/api/audit/reservations", request=AuditRequest,
    response=Page[AuditedReservation], access="admin", summary="Every reservation of an event, for the audit.",
)  # fmt: skip
