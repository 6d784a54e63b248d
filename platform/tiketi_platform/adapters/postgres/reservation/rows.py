"""Rows of the reservation tables as the core's model; judges nothing."""

from tiketi_core.reservation.model import Reservation, Seat, Ticket
from tiketi_platform.adapters.postgres.pool import Record
from tiketi_platform.framework.moments import to_ms


def reservation(row: Record) -> Reservation:
    """A row of `reservations`."""
    return Reservation(
        id=row["id"],
        number=row["number"],
        event_id=row["event_id"],
        user_id=row["user_id"],
        status=row["status"],
        total_price=row["total_price"],
        seats=tuple(Seat(**seat) for seat in row["seats"]),
        expires_at_ms=to_ms(row["expires_at"]),
        payment_id=row["payment_id"],
        created_at_ms=to_ms(row["created_at"]),
        version=row["version"],
    )


def ticket(row: Record) -> Ticket:
    """A row of `tickets`."""
    used_at = row["used_at"]
    return Ticket(
        id=row["id"],
        reservation_id=row["reservation_id"],
        event_id=row["event_id"],
        user_id=row["user_id"],
        seat=Seat(**row["seat"]),
        status=row["status"],
        code=str(row["code"]),
        created_at_ms=to_ms(row["created_at"]),
        used_at_ms=None if used_at is None else to_ms(used_at),
    )
